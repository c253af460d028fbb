import type { Document, LineCounter, Node } from 'yaml';
import { type Json, setOwn } from '../../asl/values/json.js';
import { type Problem, StartError } from '../../base/errors.js';
import type { Position, JsonStep } from '../source/json-text.js';

/** A value of JSON that contains no other. */
type Scalar = string | number | boolean | null;

type Entries = ReadonlyMap<string, TemplateNode>;

interface Content {
  /** A scalar, with the text that is written for it. */
  readonly scalar?: { readonly value: Scalar; readonly text: string; readonly isBlock: boolean };
  readonly list?: readonly TemplateNode[];
  readonly map?: Entries;
}

const NO_ENTRIES: Entries = new Map();

/** A value in a template, with its position: a scalar, a list or a map. A call of a function is a map with one key. */
export class TemplateNode implements Position {
  readonly line: number;
  readonly column: number;

  /** @param keyAt the position of the key of which this is the value */
  constructor(
    { line, column }: Position,
    readonly content: Content,
    readonly keyAt?: Position,
  ) {
    [this.line, this.column] = [line, column];
  }

  /** The entries of a map; none if the value isn't a map. */
  get entries(): Entries {
    return this.content.map ?? NO_ENTRIES;
  }

  /**
   * The name and the argument of the function that is called here, in its long form (`{"Fn::Sub": …}`) or in its short one
   * (`!Sub …`); undefined if the value is no call.
   */
  get call(): readonly [name: string, argument: TemplateNode] | undefined {
    const [only, ...others] = this.entries;
    return only && others.length === 0 && /^(Ref$|Fn::)/.test(only[0]) ? only : undefined;
  }

  /** Returns the value at some keys of maps; undefined if there is none. */
  at(...keys: readonly string[]): TemplateNode | undefined {
    return keys.reduce<TemplateNode | undefined>((node, key) => node?.entries.get(key), this);
  }

  /** The text of a value that is text, or that is written as one; undefined for anything else. */
  get text(): string | undefined {
    const { scalar } = this.content;
    return scalar && scalar.value !== null ? scalar.text : undefined;
  }

  /** The type of a resource, such as `AWS::Lambda::Function`; an empty text if it has none. */
  get type(): string {
    return this.at('Type')?.text ?? '';
  }

  /** Returns a property of a resource; undefined if it isn't set. */
  property(key: string): TemplateNode | undefined {
    return this.at('Properties', key);
  }

  /**
   * Returns the position of the value at some keys and indexes. If the value doesn't exist, returns the position of the
   * nearest value around it.
   */
  positionOf(steps: readonly JsonStep[]): Position {
    let [found, at]: [TemplateNode, Position] = [this, this];
    for (const step of steps) {
      const child = found.content.list ? found.content.list[Number(step)] : found.at(String(step));
      if (!child) break;
      at = child.keyAt ?? child;
      found = child;
    }
    return { line: at.line, column: at.column };
  }

  /**
   * Returns the value as JSON.
   * @param run returns the value of a function; undefined to leave it out. @default its long form stays
   * @throws Unresolved with all that `run` throws
   */
  json(run?: (name: string, argument: TemplateNode, at: TemplateNode) => Json | undefined): Json | undefined {
    const { scalar, list } = this.content;
    if (scalar) return scalar.value;
    if (list) return all(list, (item) => item.json(run)).filter((each) => each !== undefined);
    const call = run && this.call;
    if (call) return run(...call, this);
    const made: { [key: string]: Json } = {};
    all(this.entries, ([key, node]) => {
      const value = node.json(run);
      if (value !== undefined) setOwn(made, key, value);
    });
    return made;
  }
}

/** Thrown for a value that can't be resolved. What needs it is left out. */
export class Unresolved extends StartError {}

/** Returns what `read` returns for each item. @throws Unresolved with the problems of all items */
export function all<Item, Result>(items: Iterable<Item>, read: (item: Item) => Result): Result[] {
  const results: Result[] = [];
  const problems: Problem[] = [];
  for (const item of items) {
    try {
      results.push(read(item));
    } catch (error) {
      if (!(error instanceof Unresolved)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new Unresolved(problems);
  return results;
}

/** Returns the place of a value in messages. */
export const placeOf = (file: string, { line, column }: Position): string => `${file}:${line}:${column}`;

/** Returns an error about a template. @param where a file, or a place in one */
export const invalid = (where: string, what: string, fix: string): StartError =>
  new StartError([{ code: 'TEMPLATE_INVALID', where, what, fix }]);

/** The functions of CloudFormation that a short tag names without `Fn::` before it. */
const WITHOUT_PREFIX: ReadonlySet<string> = new Set(['Ref', 'Condition']);
/** Tags of YAML that CloudFormation doesn't know. A date such as `2012-10-17` stays a text. */
const NOT_IN_TEMPLATES = /timestamp|binary|omap|pairs|set$/;
const MERGE = '<<';

/**
 * Reads a template in YAML or JSON. YAML 1.1 is read as SAM reads it, with the short tags of CloudFormation.
 * @param file the file's name in messages
 * @throws StartError
 */
export async function parseTemplate(text: string, file: string): Promise<TemplateNode> {
  const yaml = await import('yaml');
  const strict = new Converter(yaml, text, file);
  const lenient = strict.isBroken ? new Converter(yaml, indentBrackets(text), file) : strict;
  return (lenient.isBroken ? strict : lenient).convert();
}

/**
 * Indents the lines inside brackets and braces. SAM's parser doesn't look at their indentation, and so reads templates
 * that YAML forbids.
 */
function indentBrackets(text: string): string {
  let depth = 0;
  const lines = text.split('\n').map((line) => {
    const indented = depth > 0 ? `${' '.repeat(DEEPER)}${line}` : line;
    const code = line.replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'|(?:^|\s)#.*$/g, '');
    depth = Math.max(0, depth + (code.match(/[[{]/g)?.length ?? 0) - (code.match(/[\]}]/g)?.length ?? 0));
    return indented;
  });
  return lines.join('\n');
}

/** The number of spaces by which lines inside brackets are indented further. */
const DEEPER = 100;

/** Makes the nodes of a template from those of the YAML parser. */
class Converter {
  readonly #lines: LineCounter;
  readonly #document: Document.Parsed;
  /** The anchors that are being converted. An alias inside its own anchor would never end. */
  readonly #open = new Set<Node>();

  constructor(
    private readonly yaml: typeof import('yaml'),
    text: string,
    private readonly file: string,
  ) {
    this.#lines = new yaml.LineCounter();
    this.#document = yaml.parseDocument(text, {
      lineCounter: this.#lines,
      schema: 'yaml-1.1',
      merge: true,
      // As for SAM, the last of several equal keys counts.
      uniqueKeys: false,
      customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !NOT_IN_TEMPLATES.test(tag.tag)),
    });
  }

  get isBroken(): boolean {
    return this.#document.errors.length > 0;
  }

  /** @throws StartError with the first mistake */
  convert(): TemplateNode {
    const [error] = this.#document.errors;
    const what = error?.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '');
    if (error) this.#fail(what ?? error.message, this.#positionAt(error.pos[0]));
    return this.#node(this.#document.contents, { line: 1, column: 1 });
  }

  #fail(what: string, at: Position): never {
    throw invalid(placeOf(this.file, at), what, 'correct the YAML or JSON there');
  }

  #positionAt(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }

  #node(node: unknown, around: Position): TemplateNode {
    if (!this.yaml.isNode(node)) return nullAt(around);
    const at = node.range ? this.#positionAt(node.range[0]) : around;
    if (this.yaml.isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target && this.#open.has(target))
        this.#fail(`the alias *${node.source} stands inside what it repeats`, at);
      return this.#node(target, at);
    }
    this.#open.add(node);
    const plain = new TemplateNode(at, this.#content(node, at));
    this.#open.delete(node);
    const [, short] = /^!([A-Z].*)/.exec(node.tag ?? '') ?? [];
    if (short === undefined) return plain;
    const name = WITHOUT_PREFIX.has(short) ? short : `Fn::${short}`;
    return new TemplateNode(at, { map: new Map([[name, plain]]) });
  }

  #content(node: Node, at: Position): Content {
    if (this.yaml.isScalar(node)) {
      const value = jsonOf(node.value);
      const text = typeof value === 'string' ? value : (node.source ?? String(value));
      return { scalar: { value, text, isBlock: node.type === 'BLOCK_LITERAL' } };
    }
    if (this.yaml.isSeq(node)) return { list: node.items.map((item) => this.#node(item, at)) };
    const map = new Map<string, TemplateNode>();
    for (const { key, value } of this.yaml.isMap(node) ? node.items : []) {
      const made = this.#node(value, at);
      const name = this.#textOf(key);
      const start = this.yaml.isNode(key) ? key.range?.[0] : undefined;
      const keyAt = start === undefined ? undefined : this.#positionAt(start);
      if (name !== MERGE) map.set(name, new TemplateNode(made, made.content, keyAt));
      else for (const [other, merged] of mergedEntries(made)) if (!map.has(other)) map.set(other, merged);
    }
    return { map };
  }

  #textOf(key: unknown): string {
    if (!this.yaml.isScalar(key)) return String(key);
    return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
  }
}

const mergedEntries = ({ entries, content: { list = [] } }: TemplateNode): Iterable<[string, TemplateNode]> =>
  list.length > 0 ? list.flatMap((item) => [...mergedEntries(item)]) : entries;

/** Returns a node for a value that isn't written in the template. */
export const nullAt = (at: Position): TemplateNode =>
  new TemplateNode(at, { scalar: { value: null, text: '', isBlock: false } });

const jsonOf = (value: unknown): Scalar =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
