import { type DefinitionMistake, definitionMistakes } from './definition-mistakes.js';
import { neverTaken, unknownNames, unmatchedNames, unreachedRules } from './error-names.js';
import { type Finding, type Found, type FoundAt, paste } from './finding.js';
import { type CheckedHandler, differenceOf, handlerOf, nearestHandler, serves } from './handlers.js';
import { followData, type Outputs, placeOf, type StateData } from './flow/flow.js';
import { shapeOfSchema, UNKNOWN } from './flow/shape.js';
import { deadPaths, fieldMismatches, notInline, payloadMismatches } from './data-finding-texts.js';
import { editJson, type JsonEdit } from './source/json-edit.js';
import { JsonText, type JsonStep } from './source/json-text.js';
import { locatable, type MachineSource, withoutSubstitutions } from './source/machine-source.js';
import { statesOf } from '../asl/definition/state-graph.js';
import { type ActivityState, activityStates, type StateView } from './machine-states.js';
import { NestedMachines } from './nested-machines.js';
import { taskLimits } from './task-limits.js';

/**
 * The things that `stepwright check` compares: the state machines, the handlers, and the error names that classes
 * declare.
 */
export interface Comparison {
  readonly machines: readonly MachineSource[];
  readonly handlers: readonly CheckedHandler[];
  /** The names that `@ErrorName` gives to classes. */
  readonly errorNames: readonly string[];
}

/**
 * The TimeoutSeconds that is proposed for a machine without one: a day, which is enough for most machines. Without
 * TimeoutSeconds, an execution may run for a year.
 */
const MACHINE_TIMEOUT_SECONDS = 86_400;

const RESOURCE = /"Resource"\s*:\s*"(arn:[^"]+)"/g;

/**
 * Compares activity classes with the state machines that refer to their activities. The findings about one file are
 * returned in the order of the places in its text.
 */
export function checkMachines({ machines, handlers, errorNames }: Comparison): Finding[] {
  const activityArns = handlers.map(({ activityArn }) => activityArn);
  const read = machines.map((machine) => readMachine(withoutSubstitutions(machine, activityArns)));
  const tasks = read.flatMap((machine) => machine.tasks);
  const arns = new Set(read.flatMap((machine) => machine.arns));
  const accepted = read.filter(({ mistakes }) => isAccepted(mistakes)).map(({ source }) => source);
  const nested = new NestedMachines(accepted, handlers);
  const unnamed = handlers.filter((handler) => ![...arns].some((arn) => serves(handler, arn)));
  const [served, unserved] = divide(tasks, ({ activityArn }) => handlerOf(handlers, activityArn));
  // A misspelt ARN is reported once, at the state. The handler that was probably meant isn't reported as unused too.
  const meant = new Set(unserved.map(({ activityArn }) => nearestHandler(unnamed, activityArn)));
  const unused = unnamed.filter((handler) => !meant.has(handler));
  return [
    ...read.flatMap((machine) => findingsIn(machine, { handlers, errorNames, nested })),
    ...(machines.length > 0 && !read.some(({ source }) => source.unknownResources)
      ? unused.map(withoutState)
      : []),
    ...(served.length > 0 ? neverTaken(served, errorNames).map(neverCaught) : []),
  ];
}

/** A machine with its states. If the definition has mistakes, they are in `mistakes`, and `states` is empty. */
interface ReadMachine {
  readonly source: MachineSource;
  readonly mistakes: readonly DefinitionMistake[];
  readonly states: readonly StateView[];
  readonly tasks: readonly ActivityState[];
  /**
   * The ARNs of the activities that the machine refers to. If the definition has mistakes, these are the ARNs of all
   * resources in it, whether or not they are activities.
   */
  readonly arns: readonly string[];
}

function readMachine(source: MachineSource): ReadMachine {
  const { definition } = source;
  const mistakes = definitionMistakes(source);
  if (!isAccepted(mistakes)) {
    const arns = [...definition.matchAll(RESOURCE)].map(([, arn = '']) => arn);
    return { source, mistakes, states: [], tasks: [], arns };
  }
  const states = statesOf(definition);
  const tasks = activityStates(definition, states);
  return { source, mistakes, states, tasks, arns: tasks.map(({ activityArn }) => activityArn) };
}

/** Returns true if Step Functions itself accepts a machine with these mistakes. */
const isAccepted = (mistakes: readonly DefinitionMistake[]): boolean =>
  mistakes.every(({ unsupported }) => unsupported);

function divide<T>(items: readonly T[], matches: (item: T) => unknown): [matching: T[], others: T[]] {
  return [items.filter((item) => matches(item)), items.filter((item) => !matches(item))];
}

interface Declared extends Omit<Comparison, 'machines'> {
  readonly nested: NestedMachines;
}

function findingsIn(machine: ReadMachine, declared: Declared): Finding[] {
  const { source, mistakes } = machine;
  const ofDefinition = mistakes.map(ofMistake);
  if (!isAccepted(mistakes)) return ofDefinition.filter(({ level }) => level === 'error');
  const json = locatable(source);
  const canEdit = new JsonText(source.text).broken === undefined;
  const at = (steps: readonly JsonStep[], found: Found, state?: StateView): Finding => ({
    ...(canEdit ? found : { ...found, edits: undefined }),
    file: source.file,
    ...json.positionOf(steps),
    ...(state && { state: state.name }),
  });
  const ofStates = foundInStates(machine, declared).map(({ steps, found, state }) => at(steps, found, state));
  const lacksTimeout = isServed(machine, declared) && !hasTimeout(source);
  const ofMachine = lacksTimeout ? [at(['StartAt'], withoutTimeout)] : [];
  return [...ofDefinition, ...ofMachine, ...ofStates].toSorted(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}

const ofMistake = ({ unsupported, ...mistake }: DefinitionMistake): Finding =>
  unsupported
    ? { ...mistake, code: 'MACHINE_UNSUPPORTED', level: 'advice' }
    : { ...mistake, code: 'MACHINE_INVALID', level: 'error' };

function foundInStates(
  { source, states, tasks }: ReadMachine,
  { handlers, errorNames, nested }: Declared,
): FoundAt[] {
  const outputs: Outputs = (resource, given) => {
    const output = handlerOf(handlers, resource)?.output;
    return output ? shapeOfSchema(output) : nested.resultOf(resource, given, outputs);
  };
  const data = followData(source.definition, outputs);
  // A state that nothing leads to has no data.
  const dataOf = (state: StateView): StateData =>
    data.get(placeOf(state.steps)) ?? { given: UNKNOWN, dead: [], values: [] };
  return [
    ...tasks.flatMap((task) => foundInTask(task, handlers, dataOf(task))),
    ...states.flatMap((state) => deadPaths(state, dataOf(state))),
    ...states.flatMap((state) => fieldMismatches(state, dataOf(state))),
    ...states.flatMap((state) => nested.mismatches(state, dataOf(state))),
    ...unknownNames(states, tasks, handlers, errorNames),
    ...unreachedRules(states),
    ...longerThanMachine(states, timeoutOf(source)),
    ...notInline(source.definition, states, handlers, data),
  ];
}

function foundInTask(task: ActivityState, handlers: readonly CheckedHandler[], data: StateData): FoundAt[] {
  const handler = handlerOf(handlers, task.activityArn);
  if (!handler)
    return [{ state: task, steps: [...task.steps, 'Resource'], found: withoutHandler(task, handlers) }];
  const whole = [...taskLimits(task, handler), ...unmatchedNames(task, handler)];
  return [
    ...whole.map((found) => ({ state: task, steps: [...task.steps, ...fieldOf(found)], found })),
    ...payloadMismatches(task, handler, data),
  ];
}

const isServed = ({ tasks }: ReadMachine, { handlers }: Declared): boolean =>
  tasks.some(({ activityArn }) => handlerOf(handlers, activityArn));

/**
 * Returns the keys and indexes that lead, from a task's state, to the field that a finding is about. Returns an empty
 * list if the task has no such field.
 */
function fieldOf({ edits }: Found): readonly JsonStep[] {
  const [edit] = edits ?? [];
  return edit?.kind === 'replace' ? edit.at.slice(-1) : [];
}

const timeoutOf = ({ definition }: MachineSource): unknown =>
  Reflect.get(JSON.parse(definition) as object, 'TimeoutSeconds');
const hasTimeout = (source: MachineSource): boolean => timeoutOf(source) !== undefined;

/** Finds states whose TimeoutSeconds is longer than that of the whole machine. */
const longerThanMachine = (states: readonly StateView[], whole: unknown): FoundAt[] =>
  states.flatMap((state) => {
    const own = state.source['TimeoutSeconds'];
    if (typeof own !== 'number' || typeof whole !== 'number' || own <= whole) return [];
    const found: Found = {
      code: 'TIMEOUT_SECONDS_TOO_LONG',
      level: 'advice',
      what: `TimeoutSeconds is ${own}, and that of the machine is ${whole}: the whole execution times out first, without Retry and Catch`,
      fix: "raise the machine's TimeoutSeconds, or lower this one",
    };
    return [{ state, steps: [...state.steps, 'TimeoutSeconds'], found }];
  });

const machineTimeout: JsonEdit = {
  kind: 'add',
  into: [],
  key: 'TimeoutSeconds',
  value: MACHINE_TIMEOUT_SECONDS,
  after: 'StartAt',
};

const withoutTimeout: Found = {
  code: 'MACHINE_TIMEOUT_MISSING',
  level: 'advice',
  what: 'the machine has no TimeoutSeconds: a state that has none either waits for a worker for up to a year',
  fix: 'say how long all of it may take',
  paste: paste('TimeoutSeconds', MACHINE_TIMEOUT_SECONDS),
  edits: [machineTimeout],
};

function withoutHandler({ activityArn }: ActivityState, handlers: readonly CheckedHandler[]): Found {
  const near = nearestHandler(handlers, activityArn);
  const what = `no handler takes the tasks of ${activityArn}: they would wait until they time out`;
  const fix = near
    ? `did you mean ${near.activityArn} (${near.name})? They differ in ${differenceOf(near.activityArn, activityArn)}`
    : `write a class for it: npx stepwright generate activity ${activityArn.split(':').at(-1)}; is it another worker's, pass its config too: --config A --config B`;
  const pasted = near && !near.madeUp && { paste: paste('Resource', near.activityArn) };
  return { code: 'ACTIVITY_WITHOUT_HANDLER', level: 'error', what, fix, ...pasted };
}

const withoutState = ({ name, activityArn }: CheckedHandler): Finding => ({
  code: 'HANDLER_WITHOUT_STATE',
  level: 'advice',
  file: name,
  what: `no state machine here names its activity ${activityArn}`,
  fix: 'write a Task with it as its Resource; `machines` in the config says which files are looked at',
});

const neverCaught = (error: string): Finding => ({
  code: 'ERROR_NAME_UNMATCHED',
  level: 'advice',
  file: `@ErrorName('${error}')`,
  what: 'no Retry or Catch of a state on these activities matches it: it fails the execution',
  fix: 'let a Catch lead to the state that deals with it',
  paste: paste('Catch', [{ ErrorEquals: [error], Next: 'A state' }]),
});

/** The text of a machine after its fixes, and the findings that were fixed. */
export interface FixedMachine {
  readonly text: string;
  /** The findings that were fixed. None of them is found in `text` any more. */
  readonly fixed: readonly Finding[];
}

/** The most times that the text is checked and fixed again, since a fix may reveal another mistake. */
const MOST_ROUNDS = 5;

/**
 * Makes the edits of all findings that have edits.
 * @param findings returns the findings about a text. It is called again for each changed text
 */
export function fixMachine(text: string, findings: (text: string) => readonly Finding[]): FixedMachine {
  const fixed: Finding[] = [];
  let latest = text;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const fixable = findings(latest).filter(({ edits }) => edits !== undefined);
    if (fixable.length === 0) break;
    for (const finding of fixable) {
      const next = edited(latest, finding.edits ?? []);
      if (next === undefined) continue;
      latest = next;
      fixed.push(finding);
    }
  }
  return { text: latest, fixed };
}

/** Makes several edits in a text. Returns undefined if the place of any edit doesn't exist. */
const edited = (text: string, edits: readonly JsonEdit[]): string | undefined =>
  edits.reduce<string | undefined>(
    (before, edit) => (before === undefined ? undefined : editJson(before, edit)),
    text,
  );
