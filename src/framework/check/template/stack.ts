import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Problem } from '../../base/errors.js';
import { shownPath } from '../../base/show.js';
import type { Position } from '../source/json-text.js';
import type { MachineSource } from '../source/machine-source.js';
import { arnOf } from './physical-names.js';
import { firstRoute, Resolver, type StackValues } from './resolver.js';
import { readStackDefinition } from './stack-definition.js';
import { propertyOf, readTemplate, type Template, templateProblem, typeOf } from './template.js';
import { entriesOf, entryOf, type TemplateNode, textIn } from './template-node.js';

/** The state machines and activities of a template. */
export interface Stack {
  readonly machines: readonly StackMachine[];
  /** The ARNs of the activities. */
  readonly activities: readonly string[];
  /** The paths of the template and of the definitions that it names. */
  readonly files: readonly string[];
  readonly problems: readonly Problem[];
  /** The problems that concern only a resource that is left out. */
  readonly warnings: readonly Problem[];
  /** The names of values that were given as parameters and used. */
  readonly used: ReadonlySet<string>;
}

/** A state machine of a template. */
export interface StackMachine extends MachineSource {
  /** The logical id in the template. */
  readonly id: string;
  readonly arn: string;
  readonly path: string;
}

const MACHINES: ReadonlySet<string> = new Set([
  'AWS::StepFunctions::StateMachine',
  'AWS::Serverless::StateMachine',
]);
const NOTHING = { machines: [], activities: [], problems: [], warnings: [], used: new Set<string>() };

/** Reads a template and the files that it names. Mistakes are in the stack's list of problems; none is thrown. */
export async function readStack(path: string, values: StackValues): Promise<Stack> {
  const file = shownPath(path);
  const text = await readFile(path, 'utf8').catch((error: Error) => error);
  if (typeof text !== 'string') return { ...NOTHING, files: [path], problems: [unreadable(file, text)] };
  const template = await readTemplate(path, file, text);
  if ('code' in template) return { ...NOTHING, files: [path], problems: [template] };
  return new StackReader(template, values).read();
}

const unreadable = (file: string, { message }: Error): Problem => ({
  code: 'TEMPLATE_INVALID',
  where: file,
  what: `the template can't be read: ${message}`,
  fix: 'correct the path of --template',
});

class StackReader {
  readonly #problems: Problem[] = [];
  readonly #warnings: Problem[] = [];
  readonly #resolver: Resolver;
  readonly #template: Template;

  constructor(
    template: Template,
    private readonly values: StackValues,
  ) {
    this.#template = template;
    this.#resolver = new Resolver(template, values, (...problem) => this.#report(template.file, ...problem));
  }

  async read(): Promise<Stack> {
    const resources = [...this.#template.resources].filter(([id, node]) => this.#isWanted(id, node));
    const machines: StackMachine[] = [];
    const activities: string[] = [];
    const nested: Stack[] = [];
    for (const [id, node] of resources) {
      const type = typeOf(node);
      const path = nestedPath(node);
      if (MACHINES.has(type)) machines.push(...(await this.#machine(id, node, resources)));
      else if (type === 'AWS::StepFunctions::Activity') activities.push(this.#arn(id, node));
      else if (path !== undefined) nested.push(await this.#nested(id, node, path));
    }
    return this.#whole({ machines, activities }, nested);
  }

  #whole({ machines, activities }: Pick<Stack, 'machines' | 'activities'>, nested: readonly Stack[]): Stack {
    const { path, parameters } = this.#template;
    const own = { machines, activities, problems: this.#problems, warnings: this.#warnings };
    const all = [own, ...nested];
    return {
      machines: all.flatMap((each) => each.machines),
      activities: all.flatMap((each) => each.activities),
      files: [path, ...machines.map((each) => each.path), ...nested.flatMap(({ files }) => files)],
      problems: all.flatMap((each) => each.problems),
      warnings: all.flatMap((each) => each.warnings),
      used: new Set([
        ...parameters.keys(),
        ...this.#resolver.used,
        ...nested.flatMap(({ used }) => [...used]),
      ]),
    };
  }

  #report(file: string, at: Position, what: string, fix: string): void {
    const made = templateProblem(file, at, what, fix);
    if (!this.#problems.some(({ where, what: known }) => where === made.where && known === what))
      this.#problems.push(made);
  }

  /** Returns true for a resource whose condition, if it has one, is true. */
  #isWanted(id: string, node: TemplateNode): boolean {
    if (id.startsWith('Fn::')) {
      const { file } = this.#template;
      const what = `${id} is left out: it makes resources at AWS alone`;
      this.#warnings.push(templateProblem(file, node, what, 'write the machines out to run them here'));
      return false;
    }
    const condition = textIn(entryOf(node, 'Condition'));
    return condition === undefined || this.#resolver.condition(condition, node);
  }

  async #machine(id: string, node: TemplateNode, resources: Resources): Promise<StackMachine[]> {
    const type = propertyOf(node, 'Type');
    const { file, path } = this.#template;
    if (type && this.#resolver.text(type) === 'EXPRESS') {
      const problem = templateProblem(
        file,
        type,
        `the machine ${id} is EXPRESS and is left out`,
        EXPRESS_FIX,
      );
      this.#warnings.push({ ...problem, code: 'MACHINE_UNSUPPORTED' });
      return [];
    }
    const before = this.#problems.length;
    const [arn, name] = [this.#arn(id, node), this.#resolver.nameOf(id, node)];
    const definition = await readStackDefinition(node, this.#resolver, (...problem) =>
      this.#report(...problem),
    );
    // A machine with a value that can't be resolved would have further mistakes, as consequences.
    if (!definition || this.#problems.length > before) return [];
    const seed = this.#seed(arn, node, resources);
    return [{ id, arn, name, path, unset: [], seed, ...definition }];
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

  /** Reads a stack inside this one. */
  async #nested(id: string, node: TemplateNode, path: string): Promise<Stack> {
    const given = [...entriesOf(propertyOf(node, 'Parameters'))].flatMap(([name, value]) => {
      const text = this.#resolver.attempt(value);
      return text === undefined ? [] : [[name, text] as const];
    });
    const parameters = { ...this.values.parameters, ...Object.fromEntries(given) };
    const stackName = `${this.values.stackName}-${id}`;
    return readStack(resolve(dirname(this.#template.path), path), { ...this.values, stackName, parameters });
  }
}

type Resources = readonly (readonly [id: string, node: TemplateNode])[];

const EXPRESS_FIX =
  'give it `Type: STANDARD`, or leave it out here: the local service runs machines of type STANDARD';

/** Returns the path of the template of a nested stack, relative to the template that names it; undefined for others. */
function nestedPath(node: TemplateNode): string | undefined {
  const type = typeOf(node);
  if (type !== 'AWS::CloudFormation::Stack' && type !== 'AWS::Serverless::Application') return undefined;
  const asset = textIn(entryOf(entryOf(node, 'Metadata'), 'aws:asset:path'));
  const written = textIn(propertyOf(node, 'TemplateURL') ?? propertyOf(node, 'Location'));
  const path = asset ?? written;
  return path === undefined || /^https?:|^s3:/.test(path) ? undefined : path;
}
