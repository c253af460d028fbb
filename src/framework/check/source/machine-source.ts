import { readFile } from 'node:fs/promises';
import { statesIn } from '../../asl/definition/state-graph.js';
import { kindOf } from '../../asl/kinds.js';
import type { SeedMachine } from '../../asl/machine.js';
import { isObject, type JsonObject } from '../../asl/values/json.js';
import { JsonText, type PositionOf, type JsonStep } from './json-text.js';
import { problemsIn } from '../../asl/machine.js';

/** The text of a state machine, from a file or from Step Functions. */
export interface MachineSource {
  /** The machine's name. */
  readonly name: string;
  /** The name of this text in messages: the file's path, or the ARN of a deployed machine. */
  readonly file: string;
  /** The text in the file or in Step Functions. Variables in it are still written as `${NAME}`. */
  readonly text: string;
  /** The text in which every `${NAME}` is replaced by the variable's value. */
  readonly definition: string;
  /** The names of variables in the text that are unset or empty in the environment. */
  readonly unset: readonly string[];
  /** True if a Task may have any resource, because a substitution stands for it. @default false */
  readonly unknownResources?: boolean;
  /** Returns the position of a value in the file. Set if the text isn't the file's own, as for a template in YAML. */
  readonly positionOf?: PositionOf;
  /** The facts in a template of SAM or CloudFormation about the machine, besides its definition. */
  readonly seed?: Omit<SeedMachine, 'name' | 'definition'>;
}

/**
 * Makes a source from a text, and replaces its variables by their values in the environment.
 * @param file the name of the text in messages
 */
export const machineSource = (
  name: string,
  file: string,
  text: string,
  env: NodeJS.ProcessEnv,
): MachineSource => {
  const { text: definition, unset } = fillVariables(text, env);
  return { name, file, text, definition, unset };
};

/**
 * Replaces every `${NAME}` in the JSON text of a state machine by the variable's value. The value is escaped for the
 * JSON string that contains it.
 * @returns `unset`: the names of variables that are unset or empty, which stay in the text as they are
 */
function fillVariables(text: string, env: NodeJS.ProcessEnv): { text: string; unset: string[] } {
  const unset = new Set<string>();
  const filled = text.replaceAll(/\$\{([A-Za-z_]\w*)\}/g, (whole, name: string) => {
    const value = env[name];
    if (value) return JSON.stringify(value).slice(1, -1);
    unset.add(name);
    return whole;
  });
  return { text: filled, unset: [...unset] };
}

/** Reads the source of a state machine from a file. @param shown the file's name in messages. */
export async function readMachineSource(
  name: string,
  file: string,
  shown: string,
  env: NodeJS.ProcessEnv,
): Promise<MachineSource> {
  return machineSource(name, shown, await readFile(file, 'utf8'), env);
}

/**
 * Returns the text in which the positions of mistakes are looked up. It is the text in the file, unless that is JSON
 * only after its variables were replaced.
 */
export function locatable({ text, definition, positionOf }: MachineSource): JsonText {
  const own = new JsonText(text, positionOf);
  return own.broken ? new JsonText(definition, positionOf) : own;
}

/** A part of a definition that is only known when it is deployed, such as `${ChargeArn}` or `${AWS::Region}`. */
const SUBSTITUTION = /\$\{[A-Za-z][\w:.]*\}/g;
const hasSubstitution = (text: string): boolean => text.search(SUBSTITUTION) >= 0;

/** The place that a substituted region or account gets, where no handler's activity shows it. */
const REGION = 'us-east-1';
const ACCOUNT = '123456789012';
/** The most times that fields with a substitution are removed, since removing one can show a mistake in another. */
const ROUNDS = 3;

/**
 * Returns a machine that has substitutions of SAM or CloudFormation (`${Name}`, `${AWS::Region}`) as it may look once
 * it is deployed. A resource becomes the one activity that fits it, or a Lambda function if any could. A field that may
 * be right only after its substitution is left out. A machine without substitutions is returned unchanged.
 * @param activityArns the activities of the handlers, with `*` for a region or account that isn't known
 */
export function withoutSubstitutions(machine: MachineSource, activityArns: readonly string[]): MachineSource {
  if (!hasSubstitution(machine.definition)) return machine;
  const value = parse(machine.definition);
  // A substitution that isn't in a string can stand for anything.
  if (value === undefined) return { ...machine, definition: EMPTY, unknownResources: true };
  let unknownResources = false;
  replaceResources(value, (resource) => {
    const arn = activityFor(resource, activityArns);
    unknownResources ||= arn === undefined;
    return arn ?? `arn:aws:lambda:${REGION}:${ACCOUNT}:function:substituted`;
  });
  for (let round = 0; round < ROUNDS && removeUnsure(value); round++);
  return { ...machine, definition: JSON.stringify(value), unset: [], unknownResources };
}

const EMPTY = JSON.stringify({ StartAt: 'Substituted', States: { Substituted: { Type: 'Succeed' } } });

function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function replaceResources(machine: JsonObject, replace: (resource: string) => string): void {
  for (const { source } of statesIn(machine)) {
    const { Type, Resource } = source;
    if (kindOf(Type)?.calls && typeof Resource === 'string' && hasSubstitution(Resource))
      source['Resource'] = replace(Resource);
  }
}

/** Returns the activity that a resource names; undefined if its name isn't known, or it is no activity. */
function activityFor(resource: string, activityArns: readonly string[]): string | undefined {
  const name = /:activity:(.*)$/.exec(resource)?.[1];
  if (name === undefined || hasSubstitution(name)) {
    const service = /:states:::(\S+)$/.exec(resource)?.[1];
    return service === undefined || hasSubstitution(service) ? undefined : `arn:aws:states:::${service}`;
  }
  const known = activityArns.find((arn) => arn.endsWith(`:activity:${name}`)) ?? activityArns[0] ?? '';
  const [, , , region = '*', account = '*'] = known.split(':');
  const [, partition = 'aws', , ownRegion = '', ownAccount = ''] = withoutColons(resource).split(':');
  const or = (own: string, other: string, last: string): string =>
    hasSubstitution(own) ? (other === '*' ? last : other) : own;
  return `arn:${or(partition, 'aws', 'aws')}:states:${or(ownRegion, region, REGION)}:${or(ownAccount, account, ACCOUNT)}:activity:${name}`;
}

/** Returns an ARN whose substitutions contain no colons, so that it can be split. */
const withoutColons = (arn: string): string =>
  arn.replaceAll(SUBSTITUTION, (each) => each.replaceAll(':', '.'));

/** Removes what Step Functions wouldn't accept before its substitution. Returns true if there was anything. */
function removeUnsure(definition: object): boolean {
  const text = JSON.stringify(definition);
  const json = new JsonText(text);
  const unsure = problemsIn(text).map(({ path }) => json.stepsTo(path));
  return unsure.filter((steps) => remove(definition, steps)).length > 0;
}

function remove(definition: object, steps: readonly JsonStep[]): boolean {
  const holder = steps.slice(0, -1).reduce<unknown>(partOf, definition);
  const last = steps.at(-1);
  if (last === undefined || typeof holder !== 'object' || holder === null) return false;
  const value = partOf(holder, last);
  if (typeof value !== 'string') return replacePaths(value);
  if (!hasSubstitution(value)) return false;
  const standIn = STAND_INS.get(last);
  return standIn === undefined ? Reflect.deleteProperty(holder, last) : Reflect.set(holder, last, standIn);
}

/** Values of the fields of a Wait, which can't be left out. */
const STAND_INS: ReadonlyMap<unknown, unknown> = new Map<unknown, unknown>([
  ['Seconds', 1],
  ['Timestamp', '2000-01-01T00:00:00Z'],
]);

/** Replaces the paths with a substitution in a template. Returns true if there were any. */
function replacePaths(template: unknown): boolean {
  if (typeof template !== 'object' || template === null) return false;
  const replaced = Object.entries(template).map(([key, part]) =>
    key.endsWith('.$') && hasSubstitution(String(part))
      ? Reflect.set(template, key, ANY_PATH)
      : replacePaths(part),
  );
  return replaced.includes(true);
}

/** A path to a value that can be anything. */
const ANY_PATH = '$$.Execution.Input';

const partOf = (value: unknown, step: JsonStep): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined;
