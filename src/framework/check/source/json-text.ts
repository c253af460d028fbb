import { type Node, parse, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';

/** A place in a text, both counted from 1, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What keeps a text from being JSON, at the first place where it is none. */
export interface BrokenJson extends Position {
  readonly what: string;
  readonly fix: string;
}

const BYTE_ORDER_MARK = '\uFEFF';

/** A step into JSON: a key, or an index. */
export type Step = string | number;

/** A JSON text whose values can be found again in it. */
export class JsonText {
  readonly text: string;
  readonly #root: Node | undefined;

  constructor(text: string) {
    this.text = text;
    this.#root = parseTree(text);
  }

  /** Why it is no JSON; undefined where it is. */
  get broken(): BrokenJson | undefined {
    const errors: ParseError[] = [];
    parse(this.text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
    const [first] = errors;
    return first && { ...this.#positionAt(first.offset), ...explain(first, this.text) };
  }

  /** Keys that stand twice in one object: of those, only the last one counts. */
  get twice(): readonly { readonly steps: readonly Step[]; readonly at: Position }[] {
    const found: { steps: Step[]; at: Position }[] = [];
    const look = (node: Node | undefined, steps: readonly Step[]): void => {
      const seen = new Set<string>();
      for (const [index, child] of (node?.children ?? []).entries()) {
        const [keyNode, value] = child.type === 'property' ? (child.children ?? []) : [];
        const step: Step = keyNode ? String(keyNode.value) : index;
        if (keyNode && seen.has(String(step)))
          found.push({ steps: [...steps, step], at: this.#positionAt(child.offset) });
        seen.add(String(step));
        look(keyNode ? value : child, [...steps, step]);
      }
    };
    look(this.#root, []);
    return found;
  }

  /** The steps of a place that is written as the service writes it, `/States/X/Choices[0]/Next`, as far as they exist. */
  stepsTo(path: string): Step[] {
    const steps: Step[] = [];
    let node = this.#root;
    for (let rest = path; node && rest !== '' && rest !== '/';) {
      const next = nextStep(node, rest);
      if (!next) break;
      steps.push(next.step);
      ({ node, rest } = next);
    }
    return steps;
  }

  /** Where a value stands, at its key; the nearest around it where it is not there. */
  positionOf(steps: readonly Step[]): Position {
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

/** The state that a place lies in, the innermost; undefined outside of all. */
export function stateAt(steps: readonly Step[]): string | undefined {
  const at = steps.findLastIndex((step, i) => step === 'States' && typeof steps[i + 1] === 'string');
  return at < 0 ? undefined : String(steps[at + 1]);
}

function childAt(node: Node, step: Step): Node | undefined {
  if (typeof step === 'number') return node.type === 'array' ? node.children?.[step] : undefined;
  // Of two, the last counts.
  return node.children?.findLast((child) => child.type === 'property' && child.children?.[0]?.value === step);
}

/** Names may hold slashes and brackets, so that the longest key that fits is meant. */
function nextStep(
  node: Node,
  path: string,
): { step: Step; node: Node | undefined; rest: string } | undefined {
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

function explain({ error, offset, length }: ParseError, text: string): { what: string; fix: string } {
  const found =
    offset >= text.length
      ? 'the end of the file'
      : `'${text.slice(offset, offset + Math.max(1, Math.min(length, 30)))}'`;
  if (text.charAt(offset) === BYTE_ORDER_MARK)
    return {
      what: 'an invisible byte order mark (BOM) stands here, and JSON has none',
      fix: 'save the file as UTF-8 without a BOM',
    };
  const afterComma = /,\s*$/.test(text.slice(0, offset)) && /^[}\]]/.test(text.slice(offset));
  if (afterComma) return { what: `a comma stands before ${found}`, fix: 'remove the comma' };
  if (text.charAt(offset) === "'")
    return { what: 'a text stands in single quotes', fix: 'write double quotes' };
  const code = printParseErrorCode(error);
  switch (code) {
    case 'CommaExpected':
      return { what: `a comma is missing before ${found}`, fix: 'write the comma' };
    case 'ColonExpected':
      return { what: `a colon is missing before ${found}`, fix: 'write the colon' };
    case 'InvalidCommentToken':
      return { what: 'JSON has no comments', fix: 'write it as "Comment": "…" in the state' };
    case 'CloseBraceExpected':
      return { what: `a } is missing before ${found}`, fix: 'write the }' };
    case 'CloseBracketExpected':
      return { what: `a ] is missing before ${found}`, fix: 'write the ]' };
    case 'UnexpectedEndOfString':
      return {
        what: 'a text does not end on its line',
        fix: 'write the closing quote; a line break in a text is \\n',
      };
    case 'PropertyNameExpected':
      return { what: `a key in double quotes is expected, not ${found}`, fix: 'write "key": value' };
    case 'EndOfFileExpected':
      return { what: `the JSON has ended before ${found}`, fix: 'take out what follows it' };
    default: {
      const unquoted = code === 'InvalidSymbol';
      const what = unquoted ? `${found} is no JSON value` : `a value is expected, not ${found}`;
      return {
        what,
        fix: unquoted ? `write ${found.replaceAll("'", '"')} where it is a text or a key` : 'write the value',
      };
    }
  }
}
