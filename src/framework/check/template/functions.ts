import type { Resolved, Stack } from './stack.js';
import { type Call, scalarOf, type TemplateNode } from './template-node.js';

/** The arguments of a call. Each is resolved when it is read, since `Fn::If` resolves only one of two. */
class Arguments {
  readonly items: readonly TemplateNode[];

  constructor(
    readonly stack: Stack,
    readonly call: Call,
    readonly at: TemplateNode,
  ) {
    this.items = call.argument.content.list ?? [call.argument];
  }

  /** Returns an argument. Reports one that is missing. */
  node(index: number): TemplateNode {
    const what = `a list of ${index + 1} or more is expected here, not of ${this.items.length}`;
    return (
      this.items[index] ??
      scalarOf(this.at, this.stack.unresolved(this.call.argument, what, 'write all of it'))
    );
  }

  value(index: number): Resolved {
    return this.stack.resolve(this.node(index));
  }

  text(index: number): string {
    return this.stack.text(this.node(index));
  }

  /** CloudFormation compares a number or a boolean as text. */
  comparable(index: number): string {
    const value = this.value(index);
    return JSON.stringify(typeof value === 'number' || typeof value === 'boolean' ? String(value) : value);
  }
}

/** Returns the value of a function of CloudFormation. */
type Run = (args: Arguments) => Resolved;

const getAtt: Run = ({ stack, items, at }) => {
  const texts = items.map((each) => stack.text(each));
  const [first = '', ...rest] = texts.length === 1 ? (texts[0] ?? '').split('.') : texts;
  return stack.attribute(first, rest.join('.'), at);
};

const sub: Run = (args) => {
  const { stack } = args;
  const text = args.node(0);
  const named = args.items[1];
  const valueOf = (name: string): string => {
    const own = named?.at(name);
    if (own) return stack.text(own);
    const [id = '', ...attribute] = name.split('.');
    const isNameOfSam = attribute.length === 1 && ['Version', 'Alias'].includes(attribute[0] ?? '');
    if (attribute.length > 0 && !isNameOfSam) return stack.attribute(id, attribute.join('.'), text);
    return textOf(stack, stack.ref(name, text), text);
  };
  return stack
    .text(text)
    .replaceAll(/\$\{(!?)\s*([^}]*?)\s*\}/g, (_, literal: string, name: string) =>
      literal === '!' ? `\${${name}}` : valueOf(name),
    );
};

function textOf(stack: Stack, value: Resolved, at: TemplateNode): string {
  if (Array.isArray(value)) return value.map((each) => textOf(stack, each, at)).join(',');
  if (typeof value === 'object' || value === undefined)
    return stack.unresolved(at, 'a text is expected here', 'write a text');
  return String(value);
}

const select: Run = (args) => {
  const values = args.value(1);
  const picked = Array.isArray(values) ? values[Number(args.text(0))] : undefined;
  const fix = 'correct the index, which begins with 0';
  return picked ?? args.stack.unresolved(args.at, 'the list has no such item', fix);
};

const findInMap: Run = (args) => {
  const { stack, at } = args;
  const keys = [args.text(0), args.text(1), args.text(2)] as const;
  const standard = args.items[3]?.at('DefaultValue');
  const found = stack.mapped(...keys) ?? (standard && stack.resolve(standard));
  return found ?? stack.unresolved(at, `the Mappings have no entry ${keys.join(' / ')}`, 'add the entry');
};

const importValue: Run = (args) => {
  const name = args.text(0);
  const fix = `give the value that another stack exports: --parameter '${name}=VALUE'`;
  return args.stack.exported(name) ?? args.stack.unresolved(args.at, `no stack here exports '${name}'`, fix);
};

/** The functions that need no AWS, by their long names. Those that do (`Fn::Cidr`, `Fn::Transform`) are not among them. */
const FUNCTIONS: Readonly<Record<string, Run>> = {
  Ref: (args) => args.stack.ref(args.node(0).text ?? '', args.at),
  Condition: (args) => args.stack.condition(args.text(0), args.at),
  'Fn::GetAtt': getAtt,
  'Fn::Sub': sub,
  'Fn::Join': (args) =>
    [args.value(1)]
      .flat()
      .map((each) => textOf(args.stack, each, args.at))
      .join(args.text(0)),
  'Fn::Split': (args) => args.text(1).split(args.text(0)),
  'Fn::Select': select,
  'Fn::If': (args) => args.value(args.stack.condition(args.text(0), args.at) ? 1 : 2),
  'Fn::FindInMap': findInMap,
  'Fn::ImportValue': importValue,
  'Fn::Equals': (args) => args.comparable(0) === args.comparable(1),
  'Fn::Not': (args) => {
    const condition = args.node(0);
    return args.items.length > 0 && !args.stack.isTrue(condition);
  },
  'Fn::And': (args) => args.node(0) !== undefined && args.items.every((each) => args.stack.isTrue(each)),
  'Fn::Or': (args) => args.node(0) !== undefined && args.items.some((each) => args.stack.isTrue(each)),
  'Fn::Base64': (args) => Buffer.from(args.text(0)).toString('base64'),
  'Fn::GetAZs': ({ stack }) => ['a', 'b', 'c'].map((zone) => `${stack.home.region}${zone}`),
  'Fn::Length': ({ items }) => items.length,
  'Fn::ToJsonString': ({ stack, call: { argument } }) =>
    JSON.stringify(stack.resolve(argument) ?? argument.plain),
};

/** Returns the value of a call of a function. Reports a function that isn't known here. */
export function callOf(stack: Stack, call: Call, at: TemplateNode): Resolved {
  const run = Object.hasOwn(FUNCTIONS, call.name) ? FUNCTIONS[call.name] : undefined;
  if (run) return run(new Arguments(stack, call, at));
  const fix = 'write the value itself, or a Parameter with a Default in its place';
  return stack.unresolved(at, `${call.name} can't be resolved without AWS`, fix);
}
