import jsonata from 'jsonata';
import { isPlainObject } from '../../base/plain-object.js';
import { contextOf, type DeadPath, type Environment, follow, Missing } from './environment.js';
import { BOOLEAN, isFields, literal, merge, NUMBER, type Shape, TEXT, UNKNOWN } from './shape.js';

/** A node of a parsed expression, as the JSONata library makes it. */
interface Node {
  readonly type: string;
  readonly value?: unknown;
  readonly steps?: readonly Node[];
  readonly expressions?: readonly Node[];
  readonly procedure?: Node;
  /** The pairs of an object. */
  readonly lhs?: readonly (readonly [Node, Node])[];
  readonly then?: Node;
  readonly else?: Node;
}

const of = (shape: Shape, names: string): [string, Shape][] => names.split(' ').map((name) => [name, shape]);

/** The types of the results of JSONata's functions, where all of a function's results have one type. */
const FUNCTIONS: ReadonlyMap<string, Shape> = new Map([
  ...of(
    TEXT,
    'string substring substringBefore substringAfter lowercase uppercase trim pad join replace now',
  ),
  ...of(TEXT, 'fromMillis formatNumber formatBase formatInteger base64encode base64decode type uuid hash'),
  ...of(TEXT, 'encodeUrl encodeUrlComponent decodeUrl decodeUrlComponent'),
  ...of(NUMBER, 'number length sum max min average count power sqrt abs floor ceil round random millis'),
  ...of(NUMBER, 'toMillis parseInteger'),
  ...of(BOOLEAN, 'boolean not exists contains'),
]);

const OPERATORS: ReadonlyMap<unknown, Shape> = new Map([
  ...of(TEXT, '&'),
  ...of(NUMBER, '+ - * / %'),
  ...of(BOOLEAN, '= != < <= > >= and or in'),
]);

/**
 * Returns what is known of the value that a JSONata template makes. Expressions that are nothing but a path, and lead to
 * nothing, are added to `dead`.
 */
export function expressionsShape(
  template: unknown,
  environment: Environment,
  dead: DeadPath[],
  steps: DeadPath['steps'],
): Shape {
  if (Array.isArray(template))
    return template.map((each, index) => expressionsShape(each, environment, dead, [...steps, index]));
  if (isPlainObject(template))
    return Object.fromEntries(
      Object.entries(template).map(([key, value]): [string, Shape] => [
        key,
        expressionsShape(value, environment, dead, [...steps, key]),
      ]),
    );
  const [, text] = typeof template === 'string' ? (/^\{%(.*)%\}$/s.exec(template) ?? []) : [];
  if (text === undefined) return literal(template);
  const found = shapeOf(parsed(text), environment);
  if (!(found instanceof Missing)) return found;
  dead.push({ steps, path: text.trim(), name: found.missing, within: found.within });
  return UNKNOWN;
}

function parsed(text: string): Node | undefined {
  try {
    return jsonata(text).ast() as unknown as Node;
  } catch {
    return undefined;
  }
}

function shapeOf(node: Node | undefined, environment: Environment): Shape | Missing {
  switch (node?.type) {
    case 'string':
    case 'number':
    case 'value':
      return node.value as Shape;
    case 'variable':
    case 'path':
      return pathShape(node, environment);
    case 'binary':
      return OPERATORS.get(node.value) ?? UNKNOWN;
    case 'function':
      return FUNCTIONS.get(String(node.procedure?.value)) ?? UNKNOWN;
    case 'unary':
      return constructed(node, environment);
    case 'block':
      return node.expressions?.length === 1 ? shapeOf(node.expressions[0], environment) : UNKNOWN;
    case 'condition':
      return chosen(node, environment);
    default:
      return UNKNOWN;
  }
}

function chosen(node: Node, environment: Environment): Shape {
  const [first, second] = [known(node.then, environment), known(node.else, environment)];
  return node.else === undefined ? UNKNOWN : merge(first, second);
}

/** Like `shapeOf`, but a path inside a larger expression may lead to nothing without a failure. */
function known(node: Node | undefined, environment: Environment): Shape {
  const shape = shapeOf(node, environment);
  return shape instanceof Missing ? UNKNOWN : shape;
}

function constructed(node: Node, environment: Environment): Shape {
  if (node.value === '-') return NUMBER;
  if (node.value !== '{') return UNKNOWN;
  const pairs = node.lhs ?? [];
  if (!pairs.every(([key]) => key.type === 'string')) return UNKNOWN;
  return Object.fromEntries(pairs.map(([key, value]) => [String(key.value), known(value, environment)]));
}

/** Returns what is known of the value of a path of plain names that begins with a variable. */
function pathShape(node: Node, environment: Environment): Shape | Missing {
  const [first, ...rest] = node.type === 'path' ? (node.steps ?? []) : [node];
  if (first?.type !== 'variable' || hasMore(first)) return UNKNOWN;
  const root = variable(String(first.value), environment);
  if (root === undefined) return UNKNOWN;
  const names = rest.map((step) => (step.type === 'name' && !hasMore(step) ? String(step.value) : undefined));
  return names.includes(undefined) ? UNKNOWN : throughObjects(root, names as string[]);
}

/** Follows names as long as they are those of objects. JSONata maps a name over the elements of an array. */
function throughObjects(root: Shape, [name, ...rest]: readonly string[]): Shape | Missing {
  if (name === undefined) return root;
  if (!isFields(root)) return UNKNOWN;
  const found = follow(root, [name]);
  return found instanceof Missing ? found : throughObjects(found, rest);
}

/** Returns true if a step of a path has a predicate, an index, a sort or a group. */
const hasMore = (step: object): boolean =>
  ['predicate', 'stages', 'group', 'index', 'focus', 'keepArray'].some((key) => key in step);

function variable(name: string, environment: Environment): Shape | undefined {
  if (name !== 'states') return environment.variables[name];
  const { input, result, errorOutput } = environment;
  return {
    input,
    context: contextOf(environment),
    ...(result !== undefined && { result }),
    ...(errorOutput !== undefined && { errorOutput }),
  };
}
