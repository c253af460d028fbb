import type { Resolved, Stack } from './stack.js';
import { all, type TemplateNode } from './template-node.js';

/** The arguments of a call. Each is resolved when it is read, since `Fn::If` resolves only one of two. */
class Arguments {
  readonly items: readonly TemplateNode[];

  constructor(
    readonly stack: Stack,
    readonly argument: TemplateNode,
    readonly at: TemplateNode,
  ) {
    this.items = argument.content.list ?? [argument];
  }

  /** Returns an argument. @throws Unresolved if it is missing */
  node(index: number): TemplateNode {
    const what = `a list of ${index + 1} or more is expected here, not of ${this.items.length}`;
    return this.items[index] ?? this.stack.fail(this.argument, what, 'write all of it');
  }

  value(index: number): Resolved {
    return this.stack.resolve(this.node(index));
  }

  text(index: number): string {
    return this.stack.text(this.node(index));
  }
}

/** Returns the value of a function of CloudFormation. */
type Run = (args: Arguments) => Resolved;

const getAtt: Run = ({ stack, items, at }) => {
  const [first = '', ...rest] = items.flatMap((each) => stack.text(each).split('.'));
  return stack.attribute(first, rest.join('.'), at);
};

const sub: Run = (args) => {
  const { stack } = args;
  const text = args.node(0);
  const valueOf = (name: string): string => {
    const own = args.items[1]?.at(name);
    if (own) return stack.text(own);
    const [id = '', ...attribute] = name.split('.');
    const isNameOfSam = attribute.length === 1 && ['Version', 'Alias'].includes(attribute[0] ?? '');
    if (attribute.length > 0 && !isNameOfSam) return stack.attribute(id, attribute.join('.'), text);
    return stack.textOf(stack.ref(name, text), text);
  };
  const parts = stack.text(text).split(/(\$\{[^}]*\})/);
  return all(parts, (part) => {
    const [, literal, name = ''] = /^\$\{(!?)\s*(.*?)\s*\}$/s.exec(part) ?? [];
    if (literal === undefined) return part;
    return literal === '!' ? `\${${name}}` : valueOf(name);
  }).join('');
};

const join: Run = (args) => {
  const values = [args.value(1)].flat();
  return values.map((each) => args.stack.textOf(each, args.at)).join(args.text(0));
};

const select: Run = (args) => {
  const values = args.value(1);
  const picked = Array.isArray(values) ? values[Number(args.text(0))] : undefined;
  const fix = 'correct the index, which begins with 0';
  return picked ?? args.stack.fail(args.at, 'the list has no such item', fix);
};

const findInMap: Run = (args) => {
  const { stack, at } = args;
  const [map, ...keys] = [args.text(0), args.text(1), args.text(2)];
  const found =
    stack
      .section('Mappings')
      .get(map ?? '')
      ?.at(...keys) ?? args.items[3]?.at('DefaultValue');
  if (found) return stack.resolve(found);
  return stack.fail(at, `the Mappings have no entry ${[map, ...keys].join(' / ')}`, 'add the entry');
};

const importValue: Run = (args) => {
  const { stack, at } = args;
  const name = args.text(0);
  const fix = `give the value that another stack exports: --parameter '${name}=VALUE'`;
  return stack.others.exported(name, stack) ?? stack.fail(at, `no stack here exports '${name}'`, fix);
};

/** CloudFormation compares a number or a boolean as text. */
const comparable = (value: Resolved): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value);

/** The functions that need no AWS, by their long names. Those that do (`Fn::Cidr`, `Fn::Transform`) are not among them. */
const FUNCTIONS: Readonly<Record<string, Run>> = {
  Ref: (args) => args.stack.ref(args.node(0).text ?? '', args.at),
  'Fn::GetAtt': getAtt,
  'Fn::Sub': sub,
  'Fn::Join': join,
  'Fn::Split': (args) => args.text(1).split(args.text(0)),
  'Fn::Select': select,
  'Fn::If': (args) => args.value(args.stack.condition(args.text(0), args.at) ? 1 : 2),
  'Fn::FindInMap': findInMap,
  'Fn::ImportValue': importValue,
  'Fn::Equals': (args) => comparable(args.value(0)) === comparable(args.value(1)),
  'Fn::Not': (args) => !args.stack.isTrue(args.node(0)),
  'Fn::And': ({ stack, items }) => items.every((each) => stack.isTrue(each)),
  'Fn::Or': ({ stack, items }) => items.some((each) => stack.isTrue(each)),
  'Fn::Base64': (args) => Buffer.from(args.text(0)).toString('base64'),
  'Fn::GetAZs': ({ stack }) => ['a', 'b', 'c'].map((zone) => `${stack.home.region}${zone}`),
  'Fn::Length': ({ items }) => items.length,
  'Fn::ToJsonString': ({ stack, argument }) => JSON.stringify(stack.resolve(argument) ?? null),
};

/** Returns the value of a call of a function. @throws Unresolved for a function that isn't known here */
export function callOf(stack: Stack, name: string, argument: TemplateNode, at: TemplateNode): Resolved {
  const run = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (run) return run(new Arguments(stack, argument, at));
  const fix = 'write the value itself, or a Parameter with a Default in its place';
  return stack.fail(at, `${name} can't be resolved without AWS`, fix);
}
