import { readFile } from 'node:fs/promises';
import type { Problem } from '../../base/errors.js';
import { shownPath } from '../../base/show.js';
import type { MachineSource } from '../source/machine-source.js';
import { isNestedStack, nestedTemplate } from './nested-template.js';
import { arnOf } from './physical-names.js';
import { firstRoute, Resolver, type StackValues } from './resolver.js';
import { readStackDefinition } from './stack-definition.js';
import type { StackWorld } from './stack-world.js';
import { propertyOf, readTemplate, type Template, templateProblem, typeOf } from './template.js';
import { entriesOf, type TemplateNode } from './template-node.js';

/** The state machines and activities of a template. */
export interface Stack {
  readonly machines: readonly StackMachine[];
  /** The ARNs of the activities. */
  readonly activities: readonly string[];
  /** The paths of the template and of its nested stacks. */
  readonly files: readonly string[];
  /** The names of values that were given as parameters and used. */
  readonly used: ReadonlySet<string>;
}

/** A template that was read, as were those of its nested stacks. Its functions are not resolved yet. */
export interface OpenStack {
  /** The resolvers of the stack, which comes first, and of its nested stacks. */
  readonly resolvers: readonly Resolver[];
  /** Reads the machines and activities, and the files that the template names. */
  read(): Promise<Stack>;
}

/** A state machine of a template. */
export interface StackMachine extends MachineSource {
  /** The logical id in the template. */
  readonly id: string;
  readonly arn: string;
  readonly path: string;
}

export const MACHINES: ReadonlySet<string> = new Set([
  'AWS::StepFunctions::StateMachine',
  'AWS::Serverless::StateMachine',
]);
const NOTHING = { machines: [], activities: [], used: new Set<string>() };

/**
 * Opens a template and those of its nested stacks. Mistakes are reported to the world; none is thrown.
 * @param around the paths of the templates around this one
 */
export async function openStack(
  path: string,
  values: StackValues,
  world: StackWorld,
  around: readonly string[] = [],
): Promise<OpenStack> {
  const file = shownPath(path);
  const text = around.includes(path)
    ? new Error('it stands inside itself')
    : await readFile(path, 'utf8').catch((error: Error) => error);
  if (typeof text !== 'string') return brokenStack(path, unreadable(file, text), world);
  const template = await readTemplate(path, file, text);
  if ('code' in template) return brokenStack(path, template, world);
  const reader = new StackReader(template, values, world);
  await reader.open([...around, path]);
  return reader;
}

const brokenStack = (path: string, problem: Problem, world: StackWorld): OpenStack => ({
  resolvers: [],
  read: async () => {
    world.report(problem);
    return { ...NOTHING, files: [path] };
  },
});

const unreadable = (file: string, { message }: Error): Problem => ({
  code: 'TEMPLATE_INVALID',
  where: file,
  what: `the template can't be read: ${message}`,
  fix: 'correct the path of the template',
});

class StackReader implements OpenStack {
  readonly #resolver: Resolver;
  /** The nested stacks by their logical ids. */
  readonly #nested = new Map<string, OpenStack>();

  constructor(
    private readonly template: Template,
    private readonly values: StackValues,
    private readonly world: StackWorld,
  ) {
    this.#resolver = new Resolver(template, values, world);
  }

  get resolvers(): readonly Resolver[] {
    return [this.#resolver, ...[...this.#nested.values()].flatMap(({ resolvers }) => resolvers)];
  }

  /** Opens the templates of the nested stacks that are on this machine. */
  async open(around: readonly string[]): Promise<void> {
    for (const [id, node] of this.template.resources) {
      const path = isNestedStack(node) ? await nestedTemplate(node, this.#resolver) : undefined;
      if (path === undefined) continue;
      const stack = await openStack(path, this.#valuesOf(id, node), this.world, around);
      this.#nested.set(id, stack);
      const [resolver] = stack.resolvers;
      if (resolver) this.#resolver.nested.set(id, resolver);
    }
  }

  #valuesOf(id: string, node: TemplateNode): StackValues {
    const given = entriesOf(propertyOf(node, 'Parameters'));
    return {
      ...this.values,
      stackName: `${this.values.stackName}-${id}`,
      fromParent: (name) => this.#resolver.attempt(given.get(name)),
    };
  }

  async read(): Promise<Stack> {
    const resources = [...this.template.resources].filter(([id, node]) => this.#isWanted(id, node));
    const machines: StackMachine[] = [];
    const activities: string[] = [];
    const nested: Stack[] = [];
    for (const [id, node] of resources) {
      const type = typeOf(node);
      if (MACHINES.has(type)) machines.push(...(await this.#machine(id, node, resources)));
      else if (type === 'AWS::StepFunctions::Activity') activities.push(...this.#activity(id, node));
      else if (isNestedStack(node)) nested.push(...(await this.#readNested(id, node)));
    }
    return this.#whole({ machines, activities }, nested);
  }

  async #readNested(id: string, node: TemplateNode): Promise<Stack[]> {
    const stack = this.#nested.get(id);
    if (stack) return [await stack.read()];
    const what = `the nested stack ${id} is left out: its template isn't on this machine`;
    const fix = 'name a local file: TemplateURL: nested.yaml; or run it by itself: --template nested.yaml';
    this.world.warnings.push(templateProblem(this.template.file, node, what, fix));
    return [];
  }

  #whole({ machines, activities }: Pick<Stack, 'machines' | 'activities'>, nested: readonly Stack[]): Stack {
    const { path, parameters } = this.template;
    const all = [{ machines, activities }, ...nested];
    return {
      machines: all.flatMap((each) => each.machines),
      activities: all.flatMap((each) => each.activities),
      files: [path, ...nested.flatMap(({ files }) => files)],
      used: new Set([
        ...parameters.keys(),
        ...this.#resolver.used,
        ...nested.flatMap(({ used }) => [...used]),
      ]),
    };
  }

  /** Returns true for a resource whose condition, if it has one, is true. */
  #isWanted(id: string, node: TemplateNode): boolean {
    if (id.startsWith('Fn::')) {
      const { file } = this.template;
      const what = `${id} is left out: it makes resources at AWS alone`;
      this.world.warnings.push(templateProblem(file, node, what, 'write the machines out to run them here'));
      return false;
    }
    return this.#resolver.isWanted(node);
  }

  async #machine(id: string, node: TemplateNode, resources: Resources): Promise<StackMachine[]> {
    const type = propertyOf(node, 'StateMachineType') ?? propertyOf(node, 'Type');
    const { file, path } = this.template;
    if (type && this.#resolver.text(type) === 'EXPRESS') {
      const problem = templateProblem(
        file,
        type,
        `the machine ${id} is EXPRESS and is left out`,
        EXPRESS_FIX,
      );
      this.world.warnings.push({ ...problem, code: 'MACHINE_UNSUPPORTED' });
      return [];
    }
    const before = this.world.reports;
    const [arn, name] = [this.#arn(id, node), this.#resolver.nameOf(id, node)];
    const definition = await readStackDefinition(node, this.#resolver, (...problem) =>
      this.world.report(templateProblem(...problem)),
    );
    // A machine with a value that can't be resolved would have further mistakes, as consequences.
    if (!definition || this.world.reports > before) {
      this.world.leftOut.push({ id, name });
      return [];
    }
    const seed = this.#seed(arn, node, resources);
    return [{ id, arn, name, path, unset: [], seed, ...definition }];
  }

  /** Returns the ARN of an activity, unless its name can't be resolved. */
  #activity(id: string, node: TemplateNode): string[] {
    const before = this.world.reports;
    const arn = this.#arn(id, node);
    return this.world.reports > before ? [] : [arn];
  }

  /** Returns the ARN of a machine or an activity. Reports a name that can't be resolved. */
  #arn(id: string, node: TemplateNode): string {
    for (const key of ['StateMachineName', 'Name']) {
      const name = propertyOf(node, key);
      if (name) this.#resolver.text(name);
    }
    return arnOf(typeOf(node), this.#resolver.nameOf(id, node), this.#resolver.home);
  }

  #seed(arn: string, node: TemplateNode, resources: Resources): NonNullable<MachineSource['seed']> {
    const roleArn = this.#resolver.attempt(propertyOf(node, 'RoleArn') ?? propertyOf(node, 'Role'));
    const aliases = [...this.#aliasesOf(arn, node, resources)];
    const version = resources.find(
      ([, each]) =>
        typeOf(each) === 'AWS::StepFunctions::StateMachineVersion' &&
        this.#resolver.attempt(propertyOf(each, 'StateMachineArn')) === arn,
    );
    const description = this.#resolver.attempt(propertyOf(version?.[1], 'Description'));
    return {
      ...this.#resolver.home,
      ...(roleArn?.startsWith('arn:') && { roleArn }),
      ...((version || aliases.length > 0) && { version: { description, aliases } }),
    };
  }

  *#aliasesOf(arn: string, node: TemplateNode, resources: Resources): Generator<string> {
    const published = this.#resolver.attempt(propertyOf(node, 'AutoPublishAlias'));
    if (published !== undefined) yield published;
    for (const [id, each] of resources) {
      if (typeOf(each) !== 'AWS::StepFunctions::StateMachineAlias') continue;
      const version = this.#resolver.attempt(firstRoute(each));
      if (version?.replace(/:\d+$/, '') === arn) yield this.#resolver.attempt(propertyOf(each, 'Name')) ?? id;
    }
  }
}

type Resources = readonly (readonly [id: string, node: TemplateNode])[];

const EXPRESS_FIX =
  'give it `Type: STANDARD`, or leave it out here: the local service runs machines of type STANDARD';
