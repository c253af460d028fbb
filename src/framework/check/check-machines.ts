import { definitionMistakes } from './definition-mistakes.js';
import { neverTaken, unknownNames, unmatchedNames, type FoundAt } from './error-names.js';
import { type Edit, type Finding, paste } from './finding.js';
import { type CheckedHandler, differenceOf, handlerOf, nearestHandler, serves } from './handlers.js';
import { JsonText, type Step } from './source/json-text.js';
import { locatable, type MachineSource } from './source/machine-source.js';
import { payloadMisfits } from './payload.js';
import { type ActivityState, activityStates, type StateView, statesOf } from './states.js';
import { type Found, taskLimits } from './task-limits.js';

/** What is compared. */
export interface Comparison {
  readonly machines: readonly MachineSource[];
  readonly handlers: readonly CheckedHandler[];
  /** The names of `@ErrorName` classes. */
  readonly errorNames: readonly string[];
}

/** A day: long enough for most, and not the year that an execution may wait otherwise. */
const MACHINE_TIMEOUT_SECONDS = 86_400;

const RESOURCE = /"Resource"\s*:\s*"(arn:[^"]+)"/g;

/** Compares the classes with the state machines that name their activities. Findings of one file come in its order. */
export function checkMachines({ machines, handlers, errorNames }: Comparison): Finding[] {
  const tasks: ActivityState[] = [];
  const named = new Set<string>();
  const ofMachines = machines.flatMap((machine) => {
    const mistakes = definitionMistakes(machine);
    if (mistakes.length > 0) {
      for (const [, arn = ''] of machine.definition.matchAll(RESOURCE)) named.add(arn);
      return mistakes.map((each): Finding => ({ ...each, code: 'MACHINE_INVALID', level: 'error' }));
    }
    const states = statesOf(machine.definition);
    const own = activityStates(machine.definition, states);
    tasks.push(...own);
    for (const { activityArn } of own) named.add(activityArn);
    return checkMachine(machine, states, own, { handlers, errorNames });
  });
  const unnamed = handlers.filter((handler) => ![...named].some((arn) => serves(handler, arn)));
  const meant = new Set(
    tasks
      .filter(({ activityArn }) => !handlerOf(handlers, activityArn))
      .map(({ activityArn }) => nearestHandler(unnamed, activityArn)),
  );
  const served = tasks.filter(({ activityArn }) => handlerOf(handlers, activityArn));
  return [
    ...ofMachines,
    ...(machines.length > 0 ? unnamed.filter((each) => !meant.has(each)).map(withoutState) : []),
    ...(served.length > 0 ? neverTaken(served, errorNames).map(neverCaught) : []),
  ];
}

function checkMachine(
  machine: MachineSource,
  states: readonly StateView[],
  tasks: readonly ActivityState[],
  { handlers, errorNames }: Omit<Comparison, 'machines'>,
): Finding[] {
  const json = locatable(machine);
  const canEdit = new JsonText(machine.text).broken === undefined;
  const at = (steps: readonly Step[], found: Found, state?: StateView): Finding => ({
    ...(canEdit ? found : { ...found, edits: undefined }),
    file: machine.file,
    ...json.positionOf(steps),
    ...(state && { state: state.name }),
  });
  const ofTasks = tasks.flatMap((task): FoundAt[] => {
    const handler = handlerOf(handlers, task.activityArn);
    if (!handler)
      return [{ state: task, steps: [...task.steps, 'Resource'], found: withoutHandler(task, handlers) }];
    const whole = [...taskLimits(task, handler), ...unmatchedNames(task, handler)];
    return [
      ...whole.map((found) => ({ state: task, steps: [...task.steps, ...placeIn(found)], found })),
      ...payloadMisfits(task, handler),
    ];
  });
  const names = unknownNames(states, tasks, handlers, errorNames);
  const found = [...ofTasks, ...names].map(({ steps, found: each, state }) => at(steps, each, state));
  const isServed = tasks.some(({ activityArn }) => handlerOf(handlers, activityArn));
  const whole = isServed && !hasTimeout(machine) ? [at(['StartAt'], withoutTimeout)] : [];
  return [...whole, ...found].toSorted(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}

/** The field of the task that a finding is about, where it is there. */
function placeIn({ edits }: Found): readonly Step[] {
  const [edit] = edits ?? [];
  return edit?.kind === 'replace' ? edit.at.slice(-1) : [];
}

const hasTimeout = ({ definition }: MachineSource): boolean =>
  Object.hasOwn(JSON.parse(definition) as object, 'TimeoutSeconds');

const machineTimeout: Edit = {
  kind: 'add',
  into: [],
  key: 'TimeoutSeconds',
  value: MACHINE_TIMEOUT_SECONDS,
  after: 'StartAt',
};

const withoutTimeout: Found = {
  code: 'MACHINE_TIMEOUT_MISSING',
  level: 'advice',
  what: 'the machine has no TimeoutSeconds: where no worker runs, an execution waits for up to a year',
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
  what: 'no Retry or Catch of a state on these activities takes it: it fails the execution',
  fix: 'let a Catch lead to the state that deals with it',
  paste: paste('Catch', [{ ErrorEquals: [error], Next: 'A state' }]),
});
