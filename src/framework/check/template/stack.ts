import type { Problem } from '../../base/errors.js';
import { didYouMean } from '../../base/show.js';
import { partitionOf } from '../../local/asl/values/arn.js';
import type { Json } from '../../local/asl/values/json.js';
import type { Position } from '../source/json-text.js';
import type { Deployment } from './deployment.js';
import { callOf } from './functions.js';
import { arnOf, attributeOf, namePropertiesOf, refOf, type ResourceHome } from './physical-names.js';
import type { Template } from './template-files.js';
import { scalarOf, type TemplateNode, templateProblem } from './template-node.js';

/** The values of a stack that its template doesn't contain. */
export interface StackValues extends Pick<ResourceHome, 'region' | 'account'> {
  readonly stackName: string;
  /** Values of parameters, of pseudo-parameters such as `AWS::Region`, and of exports of other stacks. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The stack around a nested one, and the resource in it that the nested one is. */
  readonly parent?: { readonly stack: Stack; readonly node: TemplateNode };
}

/** The resolved value, or undefined for `AWS::NoValue`. */
export type Resolved = Json | undefined;

/** The most characters of the name of a machine or an activity. */
const LONGEST_NAME = 80;

/** The text that stands for a value that can't be resolved. It was reported. */
const UNKNOWN = 'unresolved';

/** A template with the values of its stack. It resolves the functions of CloudFormation. */
export class Stack {
  readonly home: ResourceHome;
  /** The logical ids of resources that have the same one in another stack. */
  readonly #qualified = new Set<string>();
  readonly #conditions = new Map<string, boolean>();
  /** The names that are being resolved. A name that needs itself can't be resolved. */
  readonly #open = new Set<string>();
  /** The nested stacks of this one, by their logical ids; undefined for one whose template can't be read. */
  readonly nested = new Map<string, Stack | undefined>();

  constructor(
    readonly template: Template,
    private readonly values: StackValues,
    readonly deployment: Deployment,
  ) {
    const region = values.parameters.get('AWS::Region') ?? values.region;
    const account = values.parameters.get('AWS::AccountId') ?? values.account;
    const partition = values.parameters.get('AWS::Partition') ?? partitionOf(region);
    this.home = { region, account, partition };
  }

  /** Returns the entries of a section of the template; none if the template doesn't have the section. */
  section(
    name: 'Parameters' | 'Mappings' | 'Conditions' | 'Resources' | 'Outputs',
  ): ReadonlyMap<string, TemplateNode> {
    return this.template.root.at(name)?.entries ?? new Map();
  }

  /** Returns the value of a node, with its functions resolved. Reports each one that can't be. */
  resolve(node: TemplateNode): Resolved {
    return node.json((call, at) => callOf(this, call, at));
  }

  /** Returns the value as text. A number or a boolean is written as in the template. */
  text(node: TemplateNode): string {
    if (node.text !== undefined) return node.text;
    const value = this.resolve(node);
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    return this.unresolved(
      node,
      `a text is expected, not ${JSON.stringify(value ?? null).slice(0, 60)}`,
      'write a text',
    );
  }

  /** Returns the value as text without reporting anything; undefined if it can't be resolved. */
  attempt(node: TemplateNode | undefined): string | undefined {
    return node && this.deployment.attempt(() => this.text(node));
  }

  /** Reports a resource that is left out. */
  warn(at: Position, what: string, fix: string, code: Problem['code'] = 'TEMPLATE_INVALID'): void {
    this.deployment.warnings.push({ ...templateProblem(this.template.file, at, what, fix), code });
  }

  /** Reports a value that can't be resolved. @returns the text that stands for it */
  unresolved(at: Position, what: string, fix: string): string {
    const { deployment, template } = this;
    deployment.report(templateProblem(template.file, at, what, fix), deployment.unresolved);
    return UNKNOWN;
  }

  /** Returns the value of `Ref`: of a pseudo-parameter, a parameter, or a resource. */
  ref(name: string, at: Position): Resolved {
    if (name === 'AWS::NoValue') return undefined;
    const pseudo = this.#pseudo(name);
    if (pseudo !== undefined) return pseudo;
    const parameter = this.section('Parameters').get(name);
    if (parameter) return this.#parameter(name, parameter, at);
    const resource = this.#resource(name);
    if (!resource) return this.#unknownName(name, at);
    return this.#once(`Ref ${name}`, at, () => this.#refOf(resource.id, resource.node, resource.rest));
  }

  /** Returns the value of an attribute of a resource. */
  attribute(name: string, attribute: string, at: Position): string {
    const resource = this.#resource(name);
    if (!resource) return this.#unknownName(name, at);
    const { id, node, rest } = resource;
    const nested = this.nested.get(id);
    if (nested && attribute.startsWith('Outputs.')) return this.#outputOf(nested, id, attribute.slice(8), at);
    const type = rest.endsWith('Role') ? 'AWS::IAM::Role' : node.type;
    return this.#once(`GetAtt ${name}`, at, () =>
      attributeOf(type, `${this.nameOf(id, node)}${rest}`, attribute, this.home),
    );
  }

  #outputOf(nested: Stack, id: string, name: string, at: Position): string {
    const value = nested.output(name);
    if (value !== undefined) return value;
    const names = [...nested.section('Outputs').keys()];
    return this.unresolved(at, `the nested stack ${id} has no output '${name}'`, didYouMean(name, names));
  }

  /** Returns the value of an output of this stack; undefined if it has none of this name. */
  output(name: string): string | undefined {
    const value = this.section('Outputs').get(name)?.at('Value');
    return value && this.#once(`Output ${name}`, value, () => this.text(value));
  }

  /** True for a nested stack that the stack around it leaves out. */
  get isLeftOut(): boolean {
    const { parent } = this.values;
    return parent !== undefined && (parent.stack.isLeftOut || !parent.stack.isWanted(parent.node));
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

  /** Returns the value of an entry in the mappings; undefined if there is none. */
  mapped(map: string, top: string, second: string): Json | undefined {
    return this.section('Mappings').get(map)?.at(top, second)?.plain;
  }

  /** Returns the value of an export: the one that was given, or that of another stack; undefined if there is none. */
  exported(name: string): string | undefined {
    this.deployment.used.add(name);
    return this.values.parameters.get(name) ?? this.deployment.shared('export', name, this);
  }

  /** Returns the value of a condition by its name. */
  condition(name: string, at: Position): boolean {
    const known = this.#conditions.get(name);
    if (known !== undefined) return known;
    const node = this.section('Conditions').get(name);
    if (!node) {
      const names = [...this.section('Conditions').keys()];
      this.unresolved(at, `there is no condition '${name}'`, didYouMean(name, names));
      return false;
    }
    const value = this.#once(`Condition ${name}`, at, () => String(this.isTrue(node))) === 'true';
    this.#conditions.set(name, value);
    return value;
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

  #fromParent(parameter: string): string | undefined {
    const { parent } = this.values;
    return parent?.stack.attempt(parent.node.property('Parameters')?.at(parameter));
  }

  #parameter(name: string, parameter: TemplateNode, at: Position): Resolved {
    const type = parameter.at('Type')?.text ?? 'String';
    const standard = parameter.at('Default');
    const isStored = type.startsWith('AWS::SSM::Parameter::Value');
    const given = this.#fromParent(name) ?? this.values.parameters.get(name);
    const value =
      given ?? (isStored ? this.deployment.shared('stored', standard?.text ?? '', this) : undefined);
    const text = value ?? (standard?.content.scalar && !isStored ? standard.content.scalar.text : undefined);
    if (text === undefined) {
      const why = isStored ? 'has its value in Parameter Store' : 'has no Default';
      return this.unresolved(
        at,
        `the parameter '${name}' ${why}`,
        `give its value: --parameter ${name}=VALUE`,
      );
    }
    return /List/.test(type) ? text.split(',').map((item) => item.trim()) : text;
  }

  /**
   * Finds a resource. SAM makes some itself, and names them after the resource that they belong to, such as
   * `OrderMachineRole`; `rest` is then the part of the name after that resource's.
   */
  #resource(name: string): { id: string; node: TemplateNode; rest: string } | undefined {
    const resources = this.section('Resources');
    const own = resources.get(name);
    if (own) return { id: name, node: own, rest: '' };
    const makers = [...resources].filter(
      ([id, node]) => name.startsWith(id) && node.type.startsWith('AWS::Serverless::'),
    );
    const [longest] = makers.toSorted(([a], [b]) => b.length - a.length);
    if (longest) return { id: longest[0], node: longest[1], rest: name.slice(longest[0].length) };
    return name.startsWith('Serverless')
      ? { id: name, node: scalarOf({ line: 1, column: 1 }, null), rest: '' }
      : undefined;
  }

  #refOf(id: string, node: TemplateNode, rest: string): string {
    const type = node.type;
    const name = this.nameOf(id, node);
    if (/^\.?Version/.test(rest)) return `${arnOf(type, name, this.home)}:1`;
    if (/^\.?Alias/.test(rest)) {
      const alias = this.attempt(node.property('AutoPublishAlias'));
      return `${arnOf(type, name, this.home)}:${alias ?? (rest.replace(/^\.?Alias/, '') || 'live')}`;
    }
    if (rest !== '') return `${name}${rest}`;
    return this.#qualifiedArn(type, node) ?? refOf(type, name, this.home);
  }

  /** Returns the ARN of a version or an alias, which `Ref` returns for it; undefined for any other type. */
  #qualifiedArn(type: string, node: TemplateNode): string | undefined {
    const [, service, kind] = /^AWS::(Lambda::|StepFunctions::StateMachine)(Version|Alias)$/.exec(type) ?? [];
    if (service === undefined) return undefined;
    const named = node.property(service === 'Lambda::' ? 'FunctionName' : 'StateMachineArn');
    const qualifier = kind === 'Version' ? '1' : (this.attempt(node.property('Name')) ?? 'live');
    const of =
      (named && this.attempt(named)) ?? this.attempt(firstRoute(node))?.replace(/:\d+$/, '') ?? UNKNOWN;
    const whole = of.startsWith('arn:') ? of : arnOf('AWS::Lambda::Function', of, this.home);
    return `${whole}:${qualifier}`;
  }

  #unknownName(name: string, at: Position): string {
    const names = [...this.section('Parameters').keys(), ...this.section('Resources').keys()];
    return this.unresolved(at, `no parameter or resource has the name '${name}'`, didYouMean(name, names));
  }

  /** Runs `make`, unless it is running already: then the value needs itself. */
  #once(name: string, at: Position, make: () => string): string {
    if (this.#open.has(name)) return this.unresolved(at, `${name} needs itself`, 'take one of the two out');
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
