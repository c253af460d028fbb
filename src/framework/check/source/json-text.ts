import { type Node, parse, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';

/** A position in a text. Lines and columns are counted from 1, as in editors. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The first mistake that keeps a text from being JSON, and its position. */
export interface BrokenJson extends Position {
  readonly what: string;
  readonly fix: string;
}

const BYTE_ORDER_MARK = '\uFEFF';

/** A step from a JSON value to a part of it: an object's key, or a list's index. */
export type JsonStep = string | number;

/** Returns the position of the value at some keys and indexes. */
export type PositionOf = (steps: readonly JsonStep[]) => Position;

/** A JSON text with the positions of its values. */
export class JsonText {
  readonly #root: Node | undefined;

  /** @param elsewhere the positions of the values in another text, from which this one was made. @default this text */
  constructor(
    readonly text: string,
    private readonly elsewhere?: PositionOf,
  ) {
    this.#root = parseTree(text);
  }

  /** The first mistake in the text; undefined if the text is JSON. */
  get broken(): BrokenJson | undefined {
    const errors: ParseError[] = [];
    parse(this.text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
    const [first] = errors;
    return (
      first && { ...(this.elsewhere?.([]) ?? this.#positionAt(first.offset)), ...explain(first, this.text) }
    );
  }

  /** The keys that occur more than once in the same object. JSON parsers use the last value of such a key. */
  get twice(): readonly { readonly steps: readonly JsonStep[]; readonly at: Position }[] {
    const found: { steps: JsonStep[]; at: Position }[] = [];
    const look = (node: Node | undefined, steps: readonly JsonStep[]): void => {
      const seen = new Set<string>();
      for (const [index, child] of (node?.children ?? []).entries()) {
        const [keyNode, value] = child.type === 'property' ? (child.children ?? []) : [];
        const step: JsonStep = keyNode ? String(keyNode.value) : index;
        if (keyNode && seen.has(String(step)))
          found.push({
            steps: [...steps, step],
            at: this.elsewhere?.(steps) ?? this.#positionAt(child.offset),
          });
        seen.add(String(step));
        look(keyNode ? value : child, [...steps, step]);
      }
    };
    look(this.#root, []);
    return found;
  }

  /**
   * Splits a path as Step Functions writes it, `/States/X/Choices[0]/Next`, into keys and indexes. The result ends
   * before the first part of the path that the text doesn't have.
   */
  stepsTo(path: string): JsonStep[] {
    const steps: JsonStep[] = [];
    let node = this.#root;
    for (let rest = path; node && rest !== '' && rest !== '/';) {
      const next = nextStep(node, rest);
      if (!next) break;
      steps.push(next.step);
      ({ node, rest } = next);
    }
    return steps;
  }

  /**
   * Returns the position of a value's key. If the value doesn't exist, returns the position of the nearest value around
   * it.
   */
  positionOf(steps: readonly JsonStep[]): Position {
    if (this.elsewhere) return this.elsewhere(steps);
    let node = this.#root;
    let offset = node?.offset ?? 0;
    for (const step of steps) {
      const child = node && childAt(node, step);
      if (!child) break;
      offset = child.offset;
      node = child.type === 'property' ? child.children?.[1] : child;
    }
    return this.#positionAt(offset);
  }

  #positionAt(offset: number): Position {
    const before = this.text.slice(0, offset);
    const start = before.lastIndexOf('\n') + 1;
    return { line: before.split('\n').length, column: offset - start + 1 };
  }
}

/** Returns the name of the innermost state in which a value is; undefined if it is outside of all states. */
export function stateAt(steps: readonly JsonStep[]): string | undefined {
  const at = steps.findLastIndex((step, i) => step === 'States' && typeof steps[i + 1] === 'string');
  return at < 0 ? undefined : String(steps[at + 1]);
}

function childAt(node: Node, step: JsonStep): Node | undefined {
  if (typeof step === 'number') return node.type === 'array' ? node.children?.[step] : undefined;
  // If the object has the key several times, JSON takes the last one.
  return node.children?.findLast((child) => child.type === 'property' && child.children?.[0]?.value === step);
}

/**
 * Returns the first key or index of a path. A key may itself contain slashes and brackets, so several of the object's
 * keys can match; the longest is used.
 */
function nextStep(
  node: Node,
  path: string,
): { step: JsonStep; node: Node | undefined; rest: string } | undefined {
  const [bracket, index] = /^\[(\d+)\]/.exec(path) ?? [];
  if (bracket !== undefined && node.type === 'array') {
    const step = Number(index);
    const child = node.children?.[step];
    return child && { step, node: child, rest: path.slice(bracket.length) };
  }
  const fitting = (node.children ?? [])
    .filter((child) => child.type === 'property')
    .map((child) => ({ key: String(child.children?.[0]?.value), child }))
    .filter(({ key }) => path.startsWith(`/${key}`) && /^(?:$|[/[])/.test(path.slice(key.length + 1)))
    .toSorted((a, b) => b.key.length - a.key.length);
  const [best] = fitting;
  return best && { step: best.key, node: best.child.children?.[1], rest: path.slice(best.key.length + 1) };
}

/** A mistake in a JSON text, without its position. */
type Mistake = Omit<BrokenJson, keyof Position>;

function explain(error: ParseError, text: string): Mistake {
  const code = printParseErrorCode(error.error);
  const found = foundAt(error, text);
  const explained = commonSlip(error, text, found) ?? EXPLANATIONS[code]?.(found);
  return explained ?? { what: `a value is expected, not ${found}`, fix: 'write the value' };
}

const foundAt = ({ offset, length }: ParseError, text: string): string =>
  offset >= text.length
    ? 'the end of the file'
    : `'${text.slice(offset, offset + Math.max(1, Math.min(length, LONGEST_QUOTE)))}'`;

const LONGEST_QUOTE = 30;

/**
 * Returns the explanation of a common mistake for which the parser's error code is misleading; undefined for other
 * mistakes.
 */
function commonSlip({ offset }: ParseError, text: string, found: string): Mistake | undefined {
  if (text.charAt(offset) === BYTE_ORDER_MARK)
    return {
      what: 'an invisible byte order mark (BOM) stands here, and JSON has none',
      fix: 'save the file as UTF-8 without a BOM',
    };
  const afterComma = /,\s*$/.test(text.slice(0, offset)) && /^[}\]]/.test(text.slice(offset));
  if (afterComma) return { what: `a comma stands before ${found}`, fix: 'remove the comma' };
  if (text.charAt(offset) === "'")
    return { what: 'a text stands in single quotes', fix: 'write double quotes' };
  return undefined;
}

/** Functions that explain a mistake, by the parser's error code. */
const EXPLANATIONS: Readonly<Record<string, (found: string) => Mistake>> = {
  CommaExpected: (found) => ({ what: `a comma is missing before ${found}`, fix: 'write the comma' }),
  ColonExpected: (found) => ({ what: `a colon is missing before ${found}`, fix: 'write the colon' }),
  InvalidCommentToken: () => ({
    what: 'JSON has no comments',
    fix: 'write it as "Comment": "…" in the state',
  }),
  CloseBraceExpected: (found) => ({ what: `a } is missing before ${found}`, fix: 'write the }' }),
  CloseBracketExpected: (found) => ({ what: `a ] is missing before ${found}`, fix: 'write the ]' }),
  UnexpectedEndOfString: () => ({
    what: 'a text does not end on its line',
    fix: 'write the closing quote; a line break in a text is \\n',
  }),
  PropertyNameExpected: (found) => ({
    what: `a key in double quotes is expected, not ${found}`,
    fix: 'write "key": value',
  }),
  EndOfFileExpected: (found) => ({
    what: `the JSON has ended before ${found}`,
    fix: 'take out what follows it',
  }),
  InvalidSymbol: (found) => ({
    what: `${found} is no JSON value`,
    fix: `write ${found.replaceAll("'", '"')} where it is a text or a key`,
  }),
};
