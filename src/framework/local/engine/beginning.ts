import type { Program } from '../../asl/machine.js';
import { meantName } from '../../base/show.js';
import { parseJson, readJson, type Json, type JsonObject } from '../../asl/values/json.js';
import { errors } from './service-error.js';
import type { Entry } from './history.js';
import type { Machine } from './machines/machine.js';

/** The place in a machine at which an execution begins, taken from an earlier execution. */
export interface Beginning {
  readonly state: string;
  readonly executionArn: string;
  /** The input of the state, as JSON text and as a value. */
  readonly input: string;
  readonly value: Json;
  /** The JSON of the variables that the earlier execution had set before it entered the state, by their names. */
  readonly variables: ReadonlyMap<string, string>;
}

/** The facts about an earlier execution from which a beginning is made. */
interface EarlierExecution {
  readonly arn: string;
  readonly machine: Pick<Machine, 'definition'>;
  readonly history: { readonly entries: readonly Entry[] };
}

/**
 * Returns the beginning of an execution that starts in a state.
 * @param earlier the execution from which the variables are taken, and the input if none is given
 * @param program the machine of the new execution
 * @throws ServiceError ValidationException if an execution can't begin in this state, or if there is no input for it;
 *   InvalidExecutionInput if the input isn't JSON
 */
export function beginningIn(
  earlier: EarlierExecution,
  program: Program,
  state: string,
  given: string | undefined,
): Beginning {
  checkState(program, state);
  const { entries } = earlier.history;
  const index = entries.findLastIndex((each) => detailsOf(each, 'StateEntered')?.['name'] === state);
  const input = given ?? detailsOf(entries[index], 'StateEntered')?.['input'];
  if (typeof input !== 'string')
    throw errors.invalidRequest(
      `The execution did not enter the state '${state}', so there is no input for it. Give 'input'.`,
    );
  const value = parseJson(input);
  if (value === undefined) throw errors.invalidInput(`the input of the state '${state}' is not JSON`);
  const before = index === -1 ? entries : entries.slice(0, index);
  const variables = assignedIn(before, earlier.machine.definition);
  return { state, executionArn: earlier.arn, input, value, variables };
}

/** Returns the values of variables, given their JSON. */
export function valuesOf(variables: Beginning['variables']): JsonObject {
  return Object.fromEntries([...variables].map(([name, text]) => [name, readJson(text)]));
}

function checkState({ states, names }: Program, state: string): void {
  if (states.has(state)) return;
  const all = [...states.keys()];
  const begins = `An execution can begin in: ${all.join(', ')}.`;
  if (names.has(state))
    throw errors.invalidRequest(
      `The state '${state}' is inside a Parallel or a Map, where no execution can begin. ${begins}`,
    );
  const near = meantName(state, all);
  const hint = near === undefined ? begins : `Did you mean '${near}'?`;
  throw errors.invalidRequest(`The machine has no state '${state}'. ${hint}`);
}

/**
 * Returns the variables that the states at the top level have set. Those of branches and iterations no longer exist
 * outside them.
 */
function assignedIn(entries: readonly Entry[], definition: string): ReadonlyMap<string, string> {
  const { States: states } = JSON.parse(definition) as { States: object };
  const variables = new Map<string, string>();
  for (const entry of entries) {
    const exited = detailsOf(entry, 'StateExited');
    if (exited && !Object.hasOwn(states, String(exited['name']))) continue;
    // An execution that began in a state itself began with variables.
    const { assignedVariables } = exited ?? detailsOf(entry, 'ExecutionStarted') ?? {};
    for (const [variable, text] of Object.entries(assignedVariables ?? {}))
      variables.set(variable, String(text));
  }
  return variables;
}

/** Returns the details of an event whose type has this end; undefined for any other. */
const detailsOf = (entry: Entry | undefined, end: string): Readonly<Record<string, unknown>> | undefined =>
  entry?.type.endsWith(end) ? { ...entry.details } : undefined;
