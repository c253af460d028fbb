import { didYouMean, nearest } from '../local/index.js';
import { OWN_ERROR } from '../worker/handler/outcome/own-error.js';
import { type CheckedHandler, handlerOf } from './handlers.js';
import type { Step } from './source/json-text.js';
import { paste } from './finding.js';
import { type ActivityState, type Rule, rulesAround, rulesOf, type StateView, takes } from './states.js';
import type { Found } from './task-limits.js';

/** The names that the service gives. AWS page "Handling errors in Step Functions". */
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
const OF_WORKER = [...Object.values(OWN_ERROR), 'Stepwright.CommandFailed'];

export interface FoundAt {
  readonly state: StateView;
  readonly steps: readonly Step[];
  readonly found: Found;
}

/** Names in Retry and Catch that nothing fails by, as far as that is known. */
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
        const found = unknownName(name, known, rule);
        return found ? [{ state, steps: [...rule.steps, 'ErrorEquals', index], found }] : [];
      }),
    );
  });
}

interface Known {
  readonly names: readonly string[];
  /** Whether everything that can fail there has said its names. */
  readonly complete: boolean;
  readonly by: string;
  /** Whether something of which nobody can say its names is among them, such as a Lambda function. */
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
    ({ source, steps }) => source['Type'] === 'Task' && !own.some((each) => each.steps === steps),
  );
  const fails = inside.flatMap(({ source }) => (source['Type'] === 'Fail' ? [source['Error']] : []));
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

function unknownName(
  name: string,
  { names, complete, by, others }: Known,
  { kind }: Rule,
): Found | undefined {
  const code = 'ERROR_NAME_UNKNOWN';
  const reserved = name.startsWith('States.')
    ? OF_SERVICE
    : name.startsWith('Stepwright.')
      ? OF_WORKER
      : undefined;
  if (reserved) {
    if (reserved.includes(name) || name.startsWith('States.Http.StatusCode.')) return undefined;
    const meant = nearest(name, reserved);
    const what = `${kind} takes '${name}', and there is no such error`;
    return {
      code,
      level: 'error',
      what,
      fix: meant ? didYouMean(meant) : `there are: ${reserved.join(', ')}`,
    };
  }
  if (names.includes(name)) return undefined;
  const meant = nearest(name, names);
  const what = `${kind} takes '${name}', and ${by || 'nothing here'} does not fail by that name`;
  if (meant) return { code, level: 'error', what, fix: didYouMean(meant) };
  if (others) return undefined;
  const declare = `declare it if it does: @Handle({ throws: ['${name}'] })`;
  if (complete) return { code, level: 'error', what, fix: `take it out, or ${declare}` };
  return by
    ? {
        code,
        level: 'advice',
        what: `${kind} takes '${name}', and nobody says that ${by} fails by it`,
        fix: declare,
      }
    : undefined;
}

/** Names that a handler declares and that no Retry or Catch of a state takes. */
export function unmatchedNames(state: ActivityState, { name, throws = [] }: CheckedHandler): Found[] {
  const rules = rulesAround(state);
  const taken = rules.flatMap(({ names }) => names);
  const misspelt = taken.filter((each) => !throws.includes(each)).map((each) => nearest(each, throws));
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

/** Names of `@ErrorName` classes that no state on an activity of these handlers takes. */
export function neverTaken(tasks: readonly ActivityState[], named: readonly string[]): string[] {
  const rules = tasks.flatMap(rulesAround);
  return named.filter((error) => !rules.some((rule) => takes(rule, error)));
}
