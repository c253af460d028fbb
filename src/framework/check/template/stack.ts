import type { Problem } from '../../base/errors.js';
import { didYouMean, shownPath } from '../../base/show.js';
import { partitionOf } from '../../asl/values/arn.js';
import type { Json } from '../../asl/values/json.js';
import type { Position } from '../source/json-text.js';
import { arnOf, attributeOf, namePropertiesOf, refOf, type ResourceHome } from './physical-names.js';
import { nullAt, placeOf, type TemplateNode, Unresolved } from './template-node.js';

/** The values of a stack that its template doesn't contain. */
export interface StackValues extends Pick<ResourceHome, 'region' | 'account'> {
  readonly stackName: string;
  /** Values of parameters, of pseudo-parameters such as `AWS::Region`, and of exports of other stacks. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The stack around a nested one, and the resource in it that the nested one is. */
  readonly parent?: { readonly stack: Stack; readonly node: TemplateNode };
}

/** The stacks that are read together with one. It asks them for what its template doesn't say. */
interface OtherStacks {
  /** Problems that concern only a resource that is left out. */
  readonly warnings: Problem[];
  /** Returns the value of an export; undefined if there is none. */
  exported(name: string, reader: Stack): string | undefined;
  /** Returns a value that another stack shares by this name; undefined if none does. */
  shared(kind: 'export' | 'stored', name: string, reader: Stack): string | undefined;
}

/** Returns the value of a call of a function of CloudFormation. @throws Unresolved */
type CallOf = (stack: Stack, name: string, argument: TemplateNode, at: TemplateNode) => Resolved;

type Section = 'Parameters' | 'Mappings' | 'Conditions' | 'Resources' | 'Outputs';

/** The resolved value, or undefined for `AWS::NoValue`. */
export type Resolved = Json | undefined;

/** The most characters of the name of a machine or an activity. */
const LONGEST_NAME = 80;

/** A template with the values of its stack. It resolves the functions of CloudFormation. */
export class Stack {
  readonly home: ResourceHome;
  /** The logical ids of resources that have the same one in another stack. */
  readonly #qualified = new Set<string>();
  /** The names that are being resolved. A name that needs itself can't be resolved. */
  readonly #open = new Set<string>();
  /** The nested stacks of this one, by their logical ids; undefined for one whose template can't be read. */
  readonly nested = new Map<string, Stack | undefined>();

  constructor(
    /** The path of the template. */
    readonly path: string,
    readonly root: TemplateNode,
    readonly values: StackValues,
    readonly others: OtherStacks,
    private readonly callOf: CallOf,
  ) {
    const region = values.parameters.get('AWS::Region') ?? values.region;
    const account = values.parameters.get('AWS::AccountId') ?? values.account;
    const partition = values.parameters.get('AWS::Partition') ?? partitionOf(region);
    this.home = { region, account, partition };
  }

  /** The template's name in messages. */
  get file(): string {
    return shownPath(this.path);
  }

  /** Returns the entries of a section of the template; none if the template doesn't have the section. */
  section(name: Section): ReadonlyMap<string, TemplateNode> {
    return this.root.at(name)?.entries ?? new Map();
  }

  /** Returns the value of a node, with its functions resolved. @throws Unresolved with each one that can't be */
  resolve(node: TemplateNode): Resolved {
    return node.json((...call) => this.callOf(this, ...call));
  }

  /** Returns the value as text. A number or a boolean is written as in the template. */
  text(node: TemplateNode): string {
    return node.text ?? this.textOf(this.resolve(node), node);
  }

  /** Returns a resolved value as text. @throws Unresolved if it is a list, an object or nothing */
  textOf(value: Resolved, at: TemplateNode): string {
    if (typeof value !== 'object' && value !== undefined) return String(value);
    const what = `a text is expected, not ${JSON.stringify(value ?? null).slice(0, 60)}`;
    return this.fail(at, what, 'write a text');
  }

  /** Returns the value as text; undefined if it can't be resolved. */
  attempt(node: TemplateNode | undefined): string | undefined {
    try {
      return node && this.text(node);
    } catch (error) {
      if (error instanceof Unresolved) return undefined;
      throw error;
    }
  }

  /** Reports a resource that is left out. */
  warn(at: Position, what: string, fix: string, code: Problem['code'] = 'TEMPLATE_INVALID'): void {
    this.others.warnings.push({ code, where: placeOf(this.file, at), what, fix });
  }

  /** @throws Unresolved for a value that can't be resolved */
  fail(at: Position, what: string, fix: string): never {
    throw new Unresolved([{ code: 'TEMPLATE_INVALID', where: placeOf(this.file, at), what, fix }]);
  }

  /** Returns the value of `Ref`: of a pseudo-parameter, a parameter, or a resource. */
  ref(name: string, at: Position): Resolved {
    if (name === 'AWS::NoValue') return undefined;
    const pseudo = this.#pseudo(name);
    if (pseudo !== undefined) return pseudo;
    const parameter = this.section('Parameters').get(name);
    if (parameter) return this.#parameter(name, parameter, at);
    const { id, node, rest } = this.#resource(name, at);
    return this.#once(`Ref ${name}`, at, () => this.#refOf(id, node, rest));
  }

  /** Returns the value of an attribute of a resource. */
  attribute(name: string, attribute: string, at: Position): string {
    const { id, node, rest } = this.#resource(name, at);
    const nested = this.nested.get(id);
    if (nested && attribute.startsWith('Outputs.')) return this.#outputOf(nested, id, attribute.slice(8), at);
    const type = rest.endsWith('Role') ? 'AWS::IAM::Role' : node.type;
    return this.#once(`GetAtt ${name}`, at, () =>
      attributeOf(type, `${this.nameOf(id, node)}${rest}`, attribute, this.home),
    );
  }

  #outputOf(nested: Stack, id: string, name: string, at: Position): string {
    const outputs = nested.section('Outputs');
    const output = outputs.get(name);
    if (output) return nested.valueOf(name, output);
    const what = `the nested stack ${id} has no output '${name}'`;
    return this.fail(at, what, didYouMean(name, [...outputs.keys()]));
  }

  /** Returns the value of an output of this stack, or of a resource that has one. */
  valueOf(id: string, owner: TemplateNode): string {
    const value = owner.at('Value') ?? owner.property('Value') ?? owner;
    return this.#once(`the value of ${id}`, value, () => this.text(value));
  }

  /** False for a nested stack that the stack around it leaves out. */
  get isKept(): boolean {
    const { parent } = this.values;
    return parent === undefined || (parent.stack.isKept && parent.stack.isWanted(parent.node));
  }

  /** Returns true for a resource or an output whose condition, if it has one, is true. */
  isWanted(node: TemplateNode): boolean {
    const condition = node.at('Condition')?.text;
    return condition === undefined || this.condition(condition, node);
  }

  /**
   * Returns the name that a resource gets: the name in its properties, or its logical id. If a resource of another stack
   * would get the same one, the name of the stack comes first, as in the names that CloudFormation makes.
   */
  nameOf(id: string, resource: TemplateNode): string {
    for (const key of namePropertiesOf(resource.type)) {
      const name = this.attempt(resource.property(key));
      if (name !== undefined) return name;
    }
    return this.#qualified.has(id) ? `${this.values.stackName}-${id}`.slice(0, LONGEST_NAME) : id;
  }

  /** Makes the name of the stack a part of a resource's name, unless its properties name it. */
  qualify(id: string): void {
    this.#qualified.add(id);
  }

  /** Returns the value of a condition by its name. */
  condition(name: string, at: Position): boolean {
    const conditions = this.section('Conditions');
    const node = conditions.get(name);
    if (node) return this.#once(`Condition ${name}`, at, () => this.isTrue(node));
    return this.fail(at, `there is no condition '${name}'`, didYouMean(name, [...conditions.keys()]));
  }

  /** Returns the value of a condition's expression. */
  isTrue(node: TemplateNode): boolean {
    const named = node.entries.size === 1 ? node.at('Condition')?.text : undefined;
    if (named !== undefined) return this.condition(named, node);
    const value = this.resolve(node);
    return value === true || value === 'true';
  }

  #pseudo(name: string): string | undefined {
    const { region, account, partition } = this.home;
    const suffix = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
    const known: Readonly<Record<string, string>> = {
      'AWS::Region': region,
      'AWS::AccountId': account,
      'AWS::Partition': partition,
      'AWS::URLSuffix': suffix,
      'AWS::StackName': this.values.stackName,
      'AWS::StackId': `arn:${partition}:cloudformation:${region}:${account}:stack/${this.values.stackName}/local`,
    };
    return Object.hasOwn(known, name) ? (this.values.parameters.get(name) ?? known[name]) : undefined;
  }

  #parameter(name: string, parameter: TemplateNode, at: Position): Resolved {
    const { parent, parameters } = this.values;
    const type = parameter.at('Type')?.text ?? 'String';
    const standard = parameter.at('Default')?.text;
    const isStored = type.startsWith('AWS::SSM::Parameter::Value');
    const text =
      parent?.stack.attempt(parent.node.property('Parameters')?.at(name)) ??
      parameters.get(name) ??
      (isStored ? this.others.shared('stored', standard ?? '', this) : standard);
    if (text !== undefined) return /List/.test(type) ? text.split(',').map((item) => item.trim()) : text;
    const why = isStored ? 'has its value in Parameter Store' : 'has no Default';
    return this.fail(at, `the parameter '${name}' ${why}`, `give its value: --parameter ${name}=VALUE`);
  }

  /**
   * Finds a resource. SAM makes some itself, and names them after the resource that they belong to, such as
   * `OrderMachineRole`; `rest` is then the part of the name after that resource's.
   */
  #resource(name: string, at: Position): { id: string; node: TemplateNode; rest: string } {
    const resources = this.section('Resources');
    const own = resources.get(name);
    if (own) return { id: name, node: own, rest: '' };
    const makers = [...resources].filter(
      ([id, node]) => name.startsWith(id) && node.type.startsWith('AWS::Serverless::'),
    );
    const [longest] = makers.toSorted(([a], [b]) => b.length - a.length);
    if (longest) return { id: longest[0], node: longest[1], rest: name.slice(longest[0].length) };
    if (name.startsWith('Serverless')) return { id: name, node: nullAt({ line: 1, column: 1 }), rest: '' };
    const names = [...this.section('Parameters').keys(), ...resources.keys()];
    return this.fail(at, `no parameter or resource has the name '${name}'`, didYouMean(name, names));
  }

  #refOf(id: string, node: TemplateNode, rest: string): string {
    const { type } = node;
    const name = this.nameOf(id, node);
    const [, kind, suffix] = /^\.?(Version|Alias)(.*)$/.exec(rest) ?? [];
    const alias = this.attempt(node.property('AutoPublishAlias')) ?? (suffix || 'live');
    if (kind !== undefined) return `${arnOf(type, name, this.home)}:${kind === 'Version' ? '1' : alias}`;
    if (rest !== '') return `${name}${rest}`;
    return this.#qualifiedArn(type, node) ?? refOf(type, name, this.home);
  }

  /** Returns the ARN of a version or an alias, which `Ref` returns for it; undefined for any other type. */
  #qualifiedArn(type: string, node: TemplateNode): string | undefined {
    const [, kind] = /^AWS::(?:Lambda::|StepFunctions::StateMachine)(Version|Alias)$/.exec(type) ?? [];
    if (kind === undefined) return undefined;
    const named = node.property('FunctionName') ?? node.property('StateMachineArn') ?? firstRoute(node);
    const of = this.attempt(named)?.replace(/:\d+$/, '') ?? 'unknown';
    const arn = of.startsWith('arn:') ? of : arnOf('AWS::Lambda::Function', of, this.home);
    return `${arn}:${kind === 'Version' ? '1' : (this.attempt(node.property('Name')) ?? 'live')}`;
  }

  /** Runs `make`, unless it is running already: then the value needs itself. */
  #once<T>(name: string, at: Position, make: () => T): T {
    if (this.#open.has(name)) this.fail(at, `${name} needs itself`, 'take one of the two out');
    this.#open.add(name);
    try {
      return make();
    } finally {
      this.#open.delete(name);
    }
  }
}

/** Returns the ARN of the version in the first route of an alias; undefined if the alias has no routes. */
export function firstRoute(alias: TemplateNode): TemplateNode | undefined {
  const routes = alias.property('RoutingConfiguration');
  const [first] = routes?.content.list ?? [];
  const preference = alias.property('DeploymentPreference');
  return first?.at('StateMachineVersionArn') ?? preference?.at('StateMachineVersionArn');
}
