import { kindOf } from '../asl/kinds.js';
import { meantName, proposal } from '../base/show.js';
import { OWN_ERROR } from '../worker/handler/outcome/own-errors.js';
import { type Found, type FoundAt, paste } from './finding.js';
import { type CheckedHandler, handlerOf } from './handlers.js';
import {
  type ActivityState,
  type Rule,
  rulesAround,
  rulesOf,
  type StateView,
  takes,
} from './machine-states.js';

/** The error names that Step Functions itself uses. AWS page "Handling errors in Step Functions". */
const OF_SERVICE = [
  'ALL',
  'BranchFailed',
  'DataLimitExceeded',
  'ExceedToleratedFailureThreshold',
  'HeartbeatTimeout',
  'Http.Socket',
  'IntrinsicFailure',
  'ItemReaderFailed',
  'NoChoiceMatched',
  'ParameterPathFailure',
  'Permissions',
  'QueryEvaluationError',
  'ResultPathMatchFailure',
  'ResultWriterFailed',
  'Runtime',
  'TaskFailed',
  'Timeout',
].map((name) => `States.${name}`);
/** The error names with which a worker itself fails a task. */
export const OF_WORKER = Object.values(OWN_ERROR);

/** Finds error names in Retry and Catch that, as far as is known, nothing in the state ever fails with. */
export function unknownNames(
  states: readonly StateView[],
  tasks: readonly ActivityState[],
  handlers: readonly CheckedHandler[],
  named: readonly string[],
): FoundAt[] {
  return states.flatMap((state) => {
    const inside = states.filter((each) => each === state || each.around.includes(state));
    const known = knownIn(inside, tasks, handlers, named);
    return rulesOf(state).flatMap((rule) =>
      rule.names.flatMap((name, index): FoundAt[] => {
        const found = neverOfChild(name, state, rule) ?? unknownName(name, known, rule);
        return found ? [{ state, steps: [...rule.steps, 'ErrorEquals', index], found }] : [];
      }),
    );
  });
}

/** The known error names with which a state, or a state nested in it, can fail. */
interface Known {
  readonly names: readonly string[];
  /**
   * True if each activity in the state has a handler whose error names are known, because it sets the option `throws`.
   */
  readonly complete: boolean;
  /** The names of the state's handlers, as messages show them; empty if the state has no handlers. */
  readonly by: string;
  /** True if the state may also fail with names that can't be known, such as those of a Lambda function. */
  readonly others: boolean;
}

function knownIn(
  inside: readonly StateView[],
  tasks: readonly ActivityState[],
  handlers: readonly CheckedHandler[],
  named: readonly string[],
): Known {
  const own = tasks.filter(({ steps }) => inside.some((each) => each.steps === steps));
  const serving = own.map(({ activityArn }) => handlerOf(handlers, activityArn));
  const others = inside.some(
    ({ source, steps }) => kindOf(source['Type'])?.calls && !own.some((each) => each.steps === steps),
  );
  const fails = inside.flatMap(({ source }) => (kindOf(source['Type'])?.fails ? [source['Error']] : []));
  const names = [
    ...serving.flatMap((each) => each?.throws ?? []),
    ...named,
    ...fails.filter((each) => typeof each === 'string'),
  ];
  return {
    names,
    complete: own.length > 0 && serving.every((each) => each?.throws !== undefined),
    by: serving.flatMap((each) => each?.name ?? []).join(' or '),
    others,
  };
}

/** Recorded at AWS: a Task that waits for a nested execution fails by States.TaskFailed, whatever the child has failed with. */
function neverOfChild(name: string, { source }: StateView, { kind }: Rule): Found | undefined {
  const { Resource: resource } = source;
  if (typeof resource !== 'string' || !NESTED.test(resource)) return undefined;
  if (/^(?:States|StepFunctions)\./.test(name)) return undefined;
  return {
    code: 'ERROR_NAME_UNKNOWN',
    level: 'error',
    what: `${kind} takes '${name}', and a Task that waits for an execution does not fail by the error of that`,
    fix: "write 'States.TaskFailed', and tell errors apart by the Cause: it has the child's Error",
  };
}

const NESTED = /:states:startExecution\.sync(?::2)?$/;

function unknownName(name: string, known: Known, { kind }: Rule): Found | undefined {
  // A Fail state may raise any name, even one like those of the service.
  if (known.names.includes(name)) return undefined;
  const reserved = reservedNames(name);
  const found = reserved ? unknownReserved(name, reserved) : unknownOwn(name, known);
  return (
    found && { code: 'ERROR_NAME_UNKNOWN', ...found, what: `${kind} takes '${name}', and ${found.what}` }
  );
}

/**
 * Returns all error names that exist with this name's reserved prefix, `States.` or `Stepwright.`. Returns undefined if
 * the name has neither prefix.
 */
function reservedNames(name: string): readonly string[] | undefined {
  if (name.startsWith('States.')) return OF_SERVICE;
  return name.startsWith('Stepwright.') ? OF_WORKER : undefined;
}

type Unknown = Pick<Found, 'level' | 'what' | 'fix'>;

function unknownReserved(name: string, reserved: readonly string[]): Unknown | undefined {
  if (reserved.includes(name) || name.startsWith('States.Http.StatusCode.')) return undefined;
  const meant = meantName(name, reserved);
  const fix = meant ? proposal(meant) : `there are: ${reserved.join(', ')}`;
  return { level: 'error', what: 'there is no such error', fix };
}

function unknownOwn(name: string, { names, complete, by, others }: Known): Unknown | undefined {
  if (names.includes(name)) return undefined;
  const meant = meantName(name, names);
  const what = `${by || 'nothing here'} does not fail by that name`;
  if (meant) return { level: 'error', what, fix: proposal(meant) };
  if (others) return undefined;
  const declare = `declare it if it does: @Handle({ throws: ['${name}'] })`;
  if (complete) return { level: 'error', what, fix: `remove it, or ${declare}` };
  if (!by) return undefined;
  return { level: 'advice', what: `${by} does not declare that it fails by it`, fix: declare };
}

/**
 * Returns a finding if the handler declares error names that match no Retry or Catch, neither of the state nor of the
 * states around it. The finding lists these names.
 */
export function unmatchedNames(state: ActivityState, { name, throws = [] }: CheckedHandler): Found[] {
  const rules = rulesAround(state);
  const taken = rules.flatMap(({ names }) => names);
  const misspelt = taken.filter((each) => !throws.includes(each)).map((each) => meantName(each, throws));
  const missing = throws.filter(
    (error) => !misspelt.includes(error) && !rules.some((rule) => takes(rule, error)),
  );
  if (missing.length === 0) return [];
  return [
    {
      code: 'ERROR_NAME_UNMATCHED',
      level: 'advice',
      what: `${name} may fail by ${missing.join(', ')}, and neither Retry nor Catch takes that: it fails the execution`,
      fix: 'let a Catch lead to the state that deals with it',
      paste: paste('Catch', [{ ErrorEquals: missing, Next: 'A state' }]),
    },
  ];
}

/**
 * Returns those names declared by `@ErrorName` that no Retry or Catch of these tasks, or of the states around them,
 * matches.
 */
export function neverTaken(tasks: readonly ActivityState[], named: readonly string[]): string[] {
  const rules = tasks.flatMap(rulesAround);
  return named.filter((error) => !rules.some((rule) => takes(rule, error)));
}

/**
 * Finds entries of Retry and Catch with error names that an entry before them takes already: an entry with the same
 * name, or one with `States.TaskFailed`, which takes every error of a task but timeouts.
 */
export function unreachedRules(states: readonly StateView[]): FoundAt[] {
  return states.flatMap((state) => {
    const rules = rulesOf(state);
    return rules.flatMap((rule, index) => {
      const before = rules.slice(0, index).filter(({ kind }) => kind === rule.kind);
      const names = rule.names.filter((name) => before.some((each) => takesFirst(each, name)));
      const first = before.find((each) => names.some((name) => takesFirst(each, name)));
      return first ? [unreached(state, rule, names, first)] : [];
    });
  });
}

const takesFirst = ({ names }: Rule, name: string): boolean =>
  names.includes(name) || (!name.startsWith('States.') && names.includes('States.TaskFailed'));

function unreached(
  state: StateView,
  { kind, steps, names: all }: Rule,
  names: readonly string[],
  first: Rule,
): FoundAt {
  const place = `${kind}[${String(first.steps.at(-1))}]`;
  const equal = names.every((name) => first.names.includes(name));
  const by = equal ? 'takes the same' : "takes it by 'States.TaskFailed'";
  return {
    state,
    steps: [...steps, 'ErrorEquals', all.indexOf(names[0] ?? '')],
    found: {
      code: 'ERROR_NAME_UNREACHED',
      level: 'advice',
      what: `${kind} takes ${names.map((name) => `'${name}'`).join(', ')}, but ${place} comes before it and ${by}: this entry is never used for it`,
      fix: equal ? 'write each name in one of the two only' : `move this entry before ${place}`,
    },
  };
}
