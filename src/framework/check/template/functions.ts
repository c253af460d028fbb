import type { Position } from '../source/json-text.js';
import type { Resolved, Resolver } from './resolver.js';
import { plainJson, type TemplateNode, textIn } from './template-node.js';

/** Returns the value of a function of CloudFormation. `at` is the position of the call. */
type Run = (resolver: Resolver, argument: TemplateNode, at: Position) => Resolved;

const itemsOf = (node: TemplateNode): readonly TemplateNode[] => (node.kind === 'list' ? node.items : [node]);

/** Returns the items of an argument; reports it if there are fewer than `least`. */
function argumentsOf(
  resolver: Resolver,
  node: TemplateNode,
  least: number,
): readonly TemplateNode[] | undefined {
  const items = itemsOf(node);
  if (items.length >= least) return items;
  resolver.unresolved(
    node,
    `a list of ${least} or more is expected here, not of ${items.length}`,
    'write all of it',
  );
  return undefined;
}

const getAtt: Run = (resolver, argument, at) => {
  const items = itemsOf(argument);
  const [first, ...rest] =
    items.length === 1 ? resolver.text(argument).split('.') : items.map((each) => resolver.text(each));
  return resolver.attribute(first ?? '', rest.join('.'), at);
};

const sub: Run = (resolver, argument) => {
  const [text, variables] = itemsOf(argument);
  if (!text) return '';
  const named = variables?.kind === 'map' ? variables.entries : new Map<string, TemplateNode>();
  const valueOf = (name: string): string => {
    const own = named.get(name);
    if (own) return resolver.text(own);
    const [id = '', ...attribute] = name.split('.');
    const isNameOfSam = attribute.length === 1 && ['Version', 'Alias'].includes(attribute[0] ?? '');
    if (attribute.length > 0 && !isNameOfSam) return resolver.attribute(id, attribute.join('.'), text);
    return textOf(resolver, resolver.ref(name, text), text);
  };
  return resolver
    .text(text)
    .replaceAll(/\$\{(!?)\s*([^}]*?)\s*\}/g, (_, literal: string, name: string) =>
      literal === '!' ? `\${${name}}` : valueOf(name),
    );
};

function textOf(resolver: Resolver, value: Resolved, at: Position): string {
  if (Array.isArray(value)) return value.map((each) => textOf(resolver, each, at)).join(',');
  if (typeof value === 'object' || value === undefined)
    return resolver.unresolved(at, 'a text is expected here', 'write a text');
  return String(value);
}

const join: Run = (resolver, argument, at) => {
  const [separator, list] = argumentsOf(resolver, argument, 2) ?? [];
  if (!separator || !list) return '';
  const values = resolver.resolve(list);
  const texts = Array.isArray(values) ? values : [values];
  return texts.map((each) => textOf(resolver, each, at)).join(resolver.text(separator));
};

const split: Run = (resolver, argument) => {
  const [separator, text] = argumentsOf(resolver, argument, 2) ?? [];
  return separator && text ? resolver.text(text).split(resolver.text(separator)) : [];
};

const select: Run = (resolver, argument, at) => {
  const [index, list] = argumentsOf(resolver, argument, 2) ?? [];
  const values = list && resolver.resolve(list);
  const picked = index && Array.isArray(values) ? values[Number(resolver.text(index))] : undefined;
  return (
    picked ?? resolver.unresolved(at, 'the list has no such item', 'correct the index, which begins with 0')
  );
};

const ifThenElse: Run = (resolver, argument, at) => {
  const [condition, then, otherwise] = argumentsOf(resolver, argument, 3) ?? [];
  if (!condition || !then || !otherwise) return undefined;
  return resolver.resolve(resolver.condition(resolver.text(condition), at) ? then : otherwise);
};

const findInMap: Run = (resolver, argument, at) => {
  const [map, top, second, options] = argumentsOf(resolver, argument, 3) ?? [];
  if (!map || !top || !second) return undefined;
  const keys = [resolver.text(map), resolver.text(top), resolver.text(second)] as const;
  const found = resolver.mapped(...keys);
  if (found !== undefined) return found;
  const standard = options?.kind === 'map' ? options.entries.get('DefaultValue') : undefined;
  if (standard) return resolver.resolve(standard);
  return resolver.unresolved(at, `the Mappings have no entry ${keys.join(' / ')}`, 'add the entry');
};

const importValue: Run = (resolver, argument, at) => {
  const name = resolver.text(argument);
  const fix = `give the value that another stack exports: --parameter '${name}=VALUE'`;
  return resolver.exported(name) ?? resolver.unresolved(at, `no stack here exports '${name}'`, fix);
};

const condition: Run = (resolver, argument, at) => resolver.condition(resolver.text(argument), at);

const equals: Run = (resolver, argument) => {
  const [a, b] = argumentsOf(resolver, argument, 2) ?? [];
  return a && b
    ? JSON.stringify(comparable(resolver.resolve(a))) === JSON.stringify(comparable(resolver.resolve(b)))
    : false;
};

/** CloudFormation compares a number or a boolean as text. */
const comparable = (value: Resolved): unknown =>
  typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;

/** The functions by their long names. Those that need AWS (`Fn::Cidr`, `Fn::Transform`) are not among them. */
export const FUNCTIONS: ReadonlyMap<string, Run> = new Map<string, Run>([
  ['Ref', (resolver, argument, at) => resolver.ref(textIn(argument) ?? '', at)],
  ['Condition', condition],
  ['Fn::GetAtt', getAtt],
  ['Fn::Sub', sub],
  ['Fn::Join', join],
  ['Fn::Split', split],
  ['Fn::Select', select],
  ['Fn::If', ifThenElse],
  ['Fn::FindInMap', findInMap],
  ['Fn::ImportValue', importValue],
  ['Fn::Equals', equals],
  ['Fn::Not', (resolver, argument) => !itemsOf(argument).every((each) => resolver.isTrue(each))],
  ['Fn::And', (resolver, argument) => itemsOf(argument).every((each) => resolver.isTrue(each))],
  ['Fn::Or', (resolver, argument) => itemsOf(argument).some((each) => resolver.isTrue(each))],
  ['Fn::Base64', (resolver, argument) => Buffer.from(resolver.text(argument)).toString('base64')],
  ['Fn::GetAZs', ({ home }) => ['a', 'b', 'c'].map((zone) => `${home.region}${zone}`)],
  ['Fn::Length', (_, argument) => itemsOf(argument).length],
  [
    'Fn::ToJsonString',
    (resolver, argument) => JSON.stringify(resolver.resolve(argument) ?? plainJson(argument)),
  ],
]);
