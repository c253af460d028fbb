import type { Alias, Document, LineCounter, Node, Pair } from 'yaml';
import { type Json, setOwn } from '../../local/asl/values/json.js';
import { type Problem, StartError } from '../../base/errors.js';
import type { Position, Step } from '../source/json-text.js';

/** A value of JSON that contains no other. */
type Scalar = string | number | boolean | null;

/** A function of CloudFormation, in its long form (`{"Fn::Sub": …}`) or in its short one (`!Sub …`). */
export interface Call {
  readonly name: string;
  readonly argument: TemplateNode;
}

/** A scalar, with the text that is written for it. */
interface Written {
  readonly value: Scalar;
  readonly text: string;
  readonly isBlock: boolean;
}

interface Content {
  readonly scalar?: Written;
  readonly list?: readonly TemplateNode[];
  readonly map?: ReadonlyMap<string, TemplateNode>;
  readonly call?: Call;
}

const NO_ENTRIES: ReadonlyMap<string, TemplateNode> = new Map();

/** A value in a template, with its position. It is one of a scalar, a list, a map and a call of a function. */
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
  get entries(): ReadonlyMap<string, TemplateNode> {
    return this.content.map ?? NO_ENTRIES;
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
  positionOf(steps: readonly Step[]): Position {
    let [found, at]: [TemplateNode, Position] = [this, this];
    for (const step of steps) {
      const child = found.content.list ? found.content.list[Number(step)] : found.at(String(step));
      if (!child) break;
      at = child.keyAt ?? child;
      found = child;
    }
    return { line: at.line, column: at.column };
  }

  /** Returns the value as JSON. @param run returns the value of a function; undefined to leave it out */
  json(run: (call: Call, at: TemplateNode) => Json | undefined): Json | undefined {
    const { scalar, list, call } = this.content;
    if (scalar) return scalar.value;
    if (call) return run(call, this);
    if (list) return list.flatMap((item) => listOf(item.json(run)));
    const made: { [key: string]: Json } = {};
    for (const [key, value] of this.entries)
      for (const each of listOf(value.json(run))) setOwn(made, key, each);
    return made;
  }

  /** The value as JSON, with its functions in their long form. */
  get plain(): Json {
    return this.json(({ name, argument }) => ({ [name]: argument.plain })) ?? null;
  }
}

const listOf = (value: Json | undefined): Json[] => (value === undefined ? [] : [value]);

/** Returns the node of a value that is not written in the template. */
export const scalarOf = (at: Position, value: Scalar): TemplateNode =>
  new TemplateNode(at, { scalar: { value, text: String(value), isBlock: false } });

/** Returns a problem at a position in a template. */
export const templateProblem = (file: string, at: Position, what: string, fix: string): Problem => ({
  code: 'TEMPLATE_INVALID',
  where: `${file}:${at.line}:${at.column}`,
  what,
  fix,
});

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
  const fail = (what: string, at: Position): never => {
    throw new StartError([templateProblem(file, at, what, 'correct the YAML or JSON there')]);
  };
  const lines = new yaml.LineCounter();
  const document = parse(yaml, text, lines);
  const [error] = document.errors;
  if (!error) return new Converter(yaml, document, lines, fail).convert();
  const lenient = new yaml.LineCounter();
  const again = parse(yaml, indentBrackets(text), lenient);
  return again.errors.length === 0
    ? new Converter(yaml, again, lenient, fail).convert()
    : fail(firstLine(error.message), positionAt(lines, error.pos[0]));
}

type Yaml = typeof import('yaml');

const parse = (yaml: Yaml, text: string, lineCounter: LineCounter): Document.Parsed =>
  yaml.parseDocument(text, {
    lineCounter,
    schema: 'yaml-1.1',
    merge: true,
    // As for SAM, the last of several equal keys counts.
    uniqueKeys: false,
    customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !NOT_IN_TEMPLATES.test(tag.tag)),
  });

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

const firstLine = (message: string): string =>
  (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:?$/, '');

function positionAt(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** Makes the nodes of a template from those of the YAML parser. */
class Converter {
  /** The anchors that are being converted. An alias inside its own anchor would never end. */
  readonly #open = new Set<Node>();

  constructor(
    private readonly yaml: Yaml,
    private readonly document: Document.Parsed,
    private readonly lines: LineCounter,
    private readonly fail: (what: string, at: Position) => never,
  ) {}

  convert(): TemplateNode {
    return this.#node(this.document.contents, { line: 1, column: 1 });
  }

  #node(node: unknown, around: Position): TemplateNode {
    if (!this.yaml.isNode(node)) return scalarOf(around, null);
    const at = node.range ? positionAt(this.lines, node.range[0]) : around;
    if (this.yaml.isAlias(node)) return this.#alias(node, at);
    const plain = this.#plain(node, at);
    const { tag } = node;
    if (tag === undefined || !/^![A-Z]/.test(tag)) return plain;
    const short = tag.slice(1);
    return new TemplateNode(at, {
      call: { name: WITHOUT_PREFIX.has(short) ? short : `Fn::${short}`, argument: plain },
    });
  }

  #alias(alias: Alias, at: Position): TemplateNode {
    const target = alias.resolve(this.document);
    if (!target) return scalarOf(at, null);
    if (this.#open.has(target)) this.fail(`the alias *${alias.source} stands inside what it repeats`, at);
    return this.#node(target, at);
  }

  #plain(node: Node, at: Position): TemplateNode {
    if (this.yaml.isScalar(node)) {
      const value = jsonOf(node.value);
      const isBlock = node.type === 'BLOCK_LITERAL';
      const text = typeof value === 'string' ? value : (node.source ?? String(value));
      return new TemplateNode(at, { scalar: { value, text, isBlock } });
    }
    this.#open.add(node);
    const converted = this.yaml.isSeq(node)
      ? new TemplateNode(at, { list: node.items.map((item) => this.#node(item, at)) })
      : this.#map(node, at);
    this.#open.delete(node);
    return converted;
  }

  #map(node: Node, at: Position): TemplateNode {
    const entries = new Map<string, TemplateNode>();
    for (const pair of this.yaml.isMap(node) ? node.items : []) {
      const value = this.#node(pair.value, at);
      const start = this.yaml.isNode(pair.key) ? pair.key.range?.[0] : undefined;
      const key = this.#key(pair);
      if (key !== MERGE)
        entries.set(
          key,
          start === undefined ? value : new TemplateNode(value, value.content, positionAt(this.lines, start)),
        );
      else
        for (const [name, merged] of mergedEntries(value)) if (!entries.has(name)) entries.set(name, merged);
    }
    const [only, ...others] = entries;
    if (only && others.length === 0 && isFunction(only[0]))
      return new TemplateNode(at, { call: { name: only[0], argument: only[1] } });
    return new TemplateNode(at, { map: entries });
  }

  #key({ key }: Pair): string {
    if (!this.yaml.isScalar(key)) return String(key);
    return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
  }
}

const isFunction = (key: string): boolean => key === 'Ref' || key.startsWith('Fn::');

const mergedEntries = ({ content: { map, list = [] } }: TemplateNode): Iterable<[string, TemplateNode]> =>
  map ?? list.flatMap((item) => [...mergedEntries(item)]);

const jsonOf = (value: unknown): Scalar =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
