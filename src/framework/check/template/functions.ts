import type { Position } from '../source/json-text.js';
import type { Resolved, Resolver } from './resolver.js';
import { type Call, entriesOf, NOTHING, plainJson, type TemplateNode, textIn } from './template-node.js';

/** Returns the value of a function of CloudFormation. `at` is the position of the call. */
type Run = (
  resolver: Resolver,
  items: readonly TemplateNode[],
  at: Position,
  argument: TemplateNode,
) => Resolved;

const getAtt: Run = (resolver, items, at) => {
  const texts = items.map((each) => resolver.text(each));
  const [first = '', ...rest] = texts.length === 1 ? (texts[0] ?? '').split('.') : texts;
  return resolver.attribute(first, rest.join('.'), at);
};

const sub: Run = (resolver, [text = NOTHING, variables]) => {
  const named = entriesOf(variables);
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

const join: Run = (resolver, [separator = NOTHING, list = NOTHING], at) => {
  const texts = [resolver.resolve(list)].flat().map((each) => textOf(resolver, each, at));
  return texts.join(resolver.text(separator));
};

const select: Run = (resolver, [index = NOTHING, list = NOTHING], at) => {
  const values = resolver.resolve(list);
  const picked = Array.isArray(values) ? values[Number(resolver.text(index))] : undefined;
  const fix = 'correct the index, which begins with 0';
  return picked ?? resolver.unresolved(at, 'the list has no such item', fix);
};

const findInMap: Run = (resolver, [map = NOTHING, top = NOTHING, second = NOTHING, options], at) => {
  const keys = [resolver.text(map), resolver.text(top), resolver.text(second)] as const;
  const standard = entriesOf(options).get('DefaultValue');
  return (
    resolver.mapped(...keys) ??
    (standard
      ? resolver.resolve(standard)
      : resolver.unresolved(at, `the Mappings have no entry ${keys.join(' / ')}`, 'add the entry'))
  );
};

const importValue: Run = (resolver, [argument = NOTHING], at) => {
  const name = resolver.text(argument);
  const fix = `give the value that another stack exports: --parameter '${name}=VALUE'`;
  return resolver.exported(name) ?? resolver.unresolved(at, `no stack here exports '${name}'`, fix);
};

/** CloudFormation compares a number or a boolean as text. */
function comparable(resolver: Resolver, node: TemplateNode): string {
  const value = resolver.resolve(node);
  return JSON.stringify(typeof value === 'number' || typeof value === 'boolean' ? String(value) : value);
}

/**
 * The functions by their long names, with the fewest arguments that they take. Those that need AWS (`Fn::Cidr`,
 * `Fn::Transform`) are not among them.
 */
const FUNCTIONS: ReadonlyMap<string, readonly [least: number, run: Run]> = new Map<string, [number, Run]>([
  ['Ref', [1, (resolver, [name], at) => resolver.ref(textIn(name) ?? '', at)]],
  ['Condition', [1, (resolver, [name = NOTHING], at) => resolver.condition(resolver.text(name), at)]],
  ['Fn::GetAtt', [1, getAtt]],
  ['Fn::Sub', [1, sub]],
  ['Fn::Join', [2, join]],
  [
    'Fn::Split',
    [2, (resolver, [by = NOTHING, text = NOTHING]) => resolver.text(text).split(resolver.text(by))],
  ],
  ['Fn::Select', [2, select]],
  [
    'Fn::If',
    [
      3,
      (resolver, [name = NOTHING, then = NOTHING, otherwise = NOTHING], at) =>
        resolver.resolve(resolver.condition(resolver.text(name), at) ? then : otherwise),
    ],
  ],
  ['Fn::FindInMap', [3, findInMap]],
  ['Fn::ImportValue', [1, importValue]],
  [
    'Fn::Equals',
    [2, (resolver, [a = NOTHING, b = NOTHING]) => comparable(resolver, a) === comparable(resolver, b)],
  ],
  ['Fn::Not', [1, (resolver, items) => !items.every((each) => resolver.isTrue(each))]],
  ['Fn::And', [1, (resolver, items) => items.every((each) => resolver.isTrue(each))]],
  ['Fn::Or', [1, (resolver, items) => items.some((each) => resolver.isTrue(each))]],
  ['Fn::Base64', [1, (resolver, [text = NOTHING]) => Buffer.from(resolver.text(text)).toString('base64')]],
  ['Fn::GetAZs', [0, ({ home }) => ['a', 'b', 'c'].map((zone) => `${home.region}${zone}`)]],
  ['Fn::Length', [0, (_, items) => items.length]],
  [
    'Fn::ToJsonString',
    [0, (resolver, _, __, argument) => JSON.stringify(resolver.resolve(argument) ?? plainJson(argument))],
  ],
]);

/** Returns the value of a call of a function. Reports a function that isn't known here, and missing arguments. */
export function callOf(resolver: Resolver, call: Call): Resolved {
  const { name, argument } = call;
  const [least, run] = FUNCTIONS.get(name) ?? [];
  if (least === undefined || !run) {
    const fix = 'write the value itself, or a Parameter with a Default in its place';
    return resolver.unresolved(call, `${name} can't be resolved without AWS`, fix);
  }
  const items = argument.kind === 'list' ? argument.items : [argument];
  if (items.length >= least) return run(resolver, items, call, argument);
  const what = `a list of ${least} or more is expected here, not of ${items.length}`;
  resolver.unresolved(argument, what, 'write all of it');
  return undefined;
}
