import { type Module, parseSync, transformSync } from '@swc/core';
import { createHash } from 'node:crypto';
import { mulberry32 } from '../support/random.js';

export type Kind = 'condition' | 'statement' | 'constant';
const KINDS: readonly Kind[] = ['condition', 'statement', 'constant'];

/** A change of a source file: `before`, which is whole lines of it, becomes `after`. */
export interface Mutation {
  readonly id: string;
  readonly share: string;
  readonly file: string;
  readonly line: number;
  readonly kind: Kind;
  readonly before: string;
  readonly after: string;
  /** How often `before` stands in the file ahead of the place. */
  readonly occurrence: number;
}

/** What may change: the bytes from `start` to `end`, of which `change` makes others. */
interface Place {
  readonly kind: Kind;
  readonly start: number;
  readonly end: number;
  readonly change: (text: string) => string;
}

interface Node {
  readonly type: string;
  readonly span: { readonly start: number; readonly end: number };
  readonly [field: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Partial<Node>).type === 'string';

const SYNTAX = { syntax: 'typescript', decorators: true, target: 'es2022' } as const;
/** Stands before a source, so that the first byte of its tree is known: the tree begins at the first token. */
const PREFIX = '0;';
/** Statements that may be dropped: without a declaration, all others of their file still compile. */
const DROPPED = new Set([
  'ExpressionStatement',
  'ReturnStatement',
  'ThrowStatement',
  'BreakStatement',
  'ContinueStatement',
]);
const TESTED = new Set([
  'IfStatement',
  'ConditionalExpression',
  'WhileStatement',
  'DoWhileStatement',
  'ForStatement',
]);
/** Fields whose texts and numbers decide nothing: names, types, messages. */
const SKIPPED = new Set([
  'key',
  'typeAnnotation',
  'typeParameters',
  'typeArguments',
  'typeParams',
  'returnType',
  'decorators',
]);
const LOG = /(^|\.|#)(log\w*|debug|info|warn|error|trace)$/;

const calleeOf = (node: Node, text: (node: Node) => string): string =>
  isNode(node['callee']) ? text(node['callee']) : '';

/** Returns all places of a source where a mutation may be, in their order. */
function placesOf(source: string): Place[] {
  const module: Module = parseSync(`${PREFIX}${source}`, SYNTAX);
  const bytes = Buffer.from(source);
  const base = module.span.start + PREFIX.length;
  const text = ({ span }: Node): string => bytes.subarray(span.start - base, span.end - base).toString();
  const places: Place[] = [];
  const add = (kind: Kind, { span }: Node, change: Place['change']): void => {
    places.push({ kind, start: span.start - base, end: span.end - base, change });
  };
  const isMessage = (node: Node): boolean =>
    (node.type === 'NewExpression' && /(Error|Mistake|Problem)$/.test(calleeOf(node, text))) ||
    (node.type === 'CallExpression' && LOG.test(calleeOf(node, text)));
  const visit = (node: Node, compared: boolean): void => {
    if (/^(Ts(?!As|NonNull|Satisfies|Const|ParameterProperty)|Import|ExportNamed|ExportAll)/.test(node.type))
      return;
    if (isMessage(node)) return;
    if (node.type === 'NumericLiteral') add('constant', node, (before) => `(2 * ${before} + 1)`);
    if (node.type === 'BooleanLiteral') add('constant', node, (before) => String(before === 'false'));
    if (node.type === 'StringLiteral' && compared)
      add('constant', node, (before) => `${before.slice(0, -1)}~${before.at(-1)}`);
    if (TESTED.has(node.type) && isNode(node['test']))
      add('condition', node['test'], (before) => `!(${before})`);
    if (DROPPED.has(node.type) && !isDull(node, isMessage)) add('statement', node, () => ';');
    const compares =
      node.type === 'SwitchCase' ||
      (node.type === 'BinaryExpression' && /^[!=]==?$/.test(String(node['operator'])));
    for (const [field, value] of Object.entries(node)) {
      if (SKIPPED.has(field)) continue;
      for (const child of [value].flat()) {
        // An argument or an element of an array lies in an object without a type.
        const inner = isNode(child)
          ? child
          : (child as { expression?: unknown } | undefined | null)?.expression;
        if (isNode(inner)) visit(inner, compares && field !== 'consequent');
      }
    }
  };
  for (const item of module.body.slice(1)) visit(item as unknown as Node, false);
  return places.filter(({ start }) => start >= 0);
}

/** Returns whether a statement only logs, or is a directive or the call of a superclass's constructor. */
function isDull(statement: Node, isMessage: (node: Node) => boolean): boolean {
  let inner = statement['expression'];
  while (isNode(inner) && /^(Await|Unary|OptionalChaining|Paren)/.test(inner.type)) {
    inner = inner['argument'] ?? inner['base'] ?? inner['expression'];
  }
  if (!isNode(inner)) return false;
  const { type } = inner;
  return (
    type === 'StringLiteral' ||
    isMessage(inner) ||
    (isNode(inner['callee']) && inner['callee'].type === 'Super')
  );
}

function compiled(source: string): string | undefined {
  try {
    return transformSync(source, { jsc: { parser: SYNTAX, target: 'es2022' } }).code;
  } catch {
    return undefined;
  }
}

/** Returns the mutation at a place, or undefined if it compiles to nothing else, or to nothing. */
function mutationAt(
  share: string,
  file: string,
  source: string,
  { kind, start, end, change }: Place,
): Mutation | undefined {
  const bytes = Buffer.from(source);
  const from = bytes.lastIndexOf('\n', start - 1) + 1;
  const to = bytes.indexOf('\n', end);
  const at = (a: number, b: number): string => bytes.subarray(a, b).toString();
  const before = at(from, to);
  const after = `${at(from, start)}${change(at(start, end))}${at(end, to)}`;
  const mutated = compiled(`${at(0, from)}${after}${at(to, bytes.length)}`);
  if (mutated === undefined || mutated === compiled(source)) return undefined;
  const ahead = at(0, from);
  const id = createHash('sha256')
    .update([file, kind, before, after, ahead.split(before).length].join('\n'))
    .digest('hex');
  return {
    id: id.slice(0, 8),
    share,
    file,
    line: ahead.split('\n').length,
    kind,
    before,
    after,
    occurrence: ahead.split(before).length - 1,
  };
}

/**
 * Draws `count` mutations of a share's files, a third of each kind, as the seed decides.
 * @param sources the text of each file
 */
export function draw(
  share: string,
  sources: ReadonlyMap<string, string>,
  count: number,
  seed: number,
): Mutation[] {
  const random = mulberry32(seed);
  const places = [...sources]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([file, source]) => placesOf(source).map((place) => ({ file, source, place })));
  const drawn = new Map<string, Mutation>();
  for (let tries = 0; drawn.size < count && tries < 100 * count; tries++) {
    const kind = KINDS[drawn.size % KINDS.length];
    const ofKind = places.filter(({ place }) => place.kind === kind);
    const one = ofKind[Math.floor(random() * ofKind.length)];
    const mutation = one && mutationAt(share, one.file, one.source, one.place);
    if (mutation) drawn.set(mutation.id, mutation);
  }
  return [...drawn.values()];
}

/** Returns `source` with the mutation, or undefined if its lines are no longer there. */
export function mutate(source: string, { before, after, occurrence }: Mutation): string | undefined {
  const parts = source.split(before);
  if (parts.length < 2) return undefined;
  const index = Math.min(occurrence, parts.length - 2);
  return parts.slice(0, index + 1).join(before) + after + parts.slice(index + 1).join(before);
}
