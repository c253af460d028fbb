import type { Operation, RawCalls } from '../../aws/queries/raw-calls.js';
import { isPlainObject, parseJson } from '../../base/json.js';
import { showError } from '../../base/show.js';
import * as serviceFacts from './service-facts.js';
import * as taskFacts from './task-facts.js';
import { type Fact, fact, PREFIX, type RunOptions, UnexpectedAnswer, VerifyRun } from './verify-run.js';

type Group = (run: VerifyRun) => AsyncIterable<Fact>;

/** The facts that are made beside each other. Those of throttles come last: they use up a quota of the account. */
const { throttles, ...besides } = serviceFacts;
const GROUPS: readonly (readonly [string, Group])[] = Object.entries({ ...taskFacts, ...besides }).flatMap(
  ([name, groups]) => [groups].flat().map((group): [string, Group] => [name, group]),
);

/**
 * Makes all facts, and removes what was made, also if the signal aborts meanwhile.
 * @param onBegin is told how many resources of earlier runs were removed
 * @returns `isWhole`: false if a time-out or the signal kept facts from being tried
 */
export async function compare(
  options: RunOptions,
  onBegin: (removed: number) => void = () => {},
): Promise<{ readonly facts: readonly Fact[]; readonly transitions: number; readonly isWhole: boolean }> {
  const run = new VerifyRun(options);
  onBegin(await sweep(options.calls, run));
  let isWhole = true;
  const collect = async ([name, group]: readonly [string, Group]): Promise<Fact[]> => {
    const facts: Fact[] = [];
    try {
      for await (const each of group(run)) facts.push(each);
    } catch (error) {
      const why = options.signal.aborted ? 'it was stopped' : showError(error as Error);
      const isDifferent = error instanceof UnexpectedAnswer;
      isWhole &&= isDifferent;
      facts.push(fact(`all of '${name}'`, 'tried', isDifferent ? why : undefined, why));
    }
    return facts;
  };
  const groups = await Promise.all(GROUPS.map(collect));
  groups.push(await collect(['throttles', throttles]));
  const removed = sweep(options.calls, run).then(() => 'nothing', showError);
  groups.push([
    fact(
      'answers that a worker takes for none of Step Functions',
      'none',
      [...run.unmarked].join(', ') || 'none',
    ),
    fact('what is left of all that was made', 'nothing', await removed),
  ]);
  return { facts: groups.flat(), transitions: run.transitions, isWhole };
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Removes what bears the prefix of this command: stops the executions, deletes the state machines and the activities.
 * @param made what a list may lack yet, since lists follow a moment later
 * @returns how many state machines and activities were removed
 * @throws Error that says what was answered instead
 */
async function sweep(calls: RawCalls, made: Pick<VerifyRun, 'machines' | 'activities'>): Promise<number> {
  const find = async (operation: Operation, list: string, key: string, known: readonly string[]) => {
    const listed = await readList(calls, operation, list);
    const ours = listed
      .filter(({ name }) => String(name).startsWith(PREFIX))
      .map((each) => String(each[key]));
    return new Set([...known, ...ours]);
  };
  const machines = await find('ListStateMachines', 'stateMachines', 'stateMachineArn', made.machines);
  const activities = await find('ListActivities', 'activities', 'activityArn', made.activities);
  for (const stateMachineArn of machines) {
    const running = { stateMachineArn, statusFilter: 'RUNNING' };
    for (const { executionArn } of await readList(calls, 'ListExecutions', 'executions', running))
      await ask(calls, 'StopExecution', { executionArn });
    await ask(calls, 'DeleteStateMachine', { stateMachineArn });
  }
  for (const activityArn of activities) await ask(calls, 'DeleteActivity', { activityArn });
  return machines.size + activities.size;
}

/** Reads all pages of a list. */
async function readList(
  calls: RawCalls,
  operation: Operation,
  key: string,
  input?: object,
): Promise<Fields[]> {
  const found: Fields[] = [];
  let nextToken: unknown;
  do {
    const page = await ask(calls, operation, { ...input, ...(nextToken !== undefined && { nextToken }) });
    found.push(...((page[key] ?? []) as Fields[]));
    nextToken = page['nextToken'];
  } while (nextToken !== undefined);
  return found;
}

/** The names of errors about what is being removed already. */
const REMOVED = /#StateMachine(DoesNotExist|Deleting)"/;

async function ask(calls: RawCalls, operation: Operation, input: object): Promise<Fields> {
  const { status, text } = await calls.make(operation, input);
  const body = parseJson(text);
  if (isPlainObject(body) && (status === 200 || REMOVED.test(text))) return body;
  throw new Error(`${operation} was answered with ${status} ${text.slice(0, 300)}`);
}
