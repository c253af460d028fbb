import { randomBytes, randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { readResponse } from '../../aws/call.js';
import type { Operation, RawAnswer, RawCalls } from '../../aws/queries/raw-calls.js';
import { isPlainObject, parseJson } from '../../base/json.js';
import type { Clock } from '../../base/time/clock.js';

/** All activities and state machines of all runs have names that begin with it. */
export const PREFIX = 'stepwright-verify-';

/** A fact that the worker or the local service rests on. */
export interface Fact {
  readonly fact: string;
  readonly expected: string;
  /** What was seen or, for `not tried`, the reason. */
  readonly seen: string;
  readonly verdict: 'same' | 'different' | 'not tried';
}

export type Facts = AsyncGenerator<Fact, void, void>;

/** @param whyNot the reason if nothing was seen, since it was not tried */
export function fact(name: string, expected: string, seen: string | undefined, whyNot = ''): Fact {
  if (seen === undefined) return { fact: name, expected, seen: whyNot, verdict: 'not tried' };
  return { fact: name, expected, seen, verdict: seen === expected ? 'same' : 'different' };
}

/** Thrown if the service answers something that a fact can't be made with. */
export class UnexpectedAnswer extends Error {}

type Fields = Readonly<Record<string, unknown>>;

export interface Answer extends RawAnswer {
  readonly body: Fields;
  /** `200`, or the status, name and message of an error, without the names of this run. */
  readonly said: string;
}

export interface RunOptions {
  readonly calls: RawCalls;
  /** Makes each call once, so that a throttle is seen. */
  readonly single: RawCalls;
  /** Calls in another region of the same account. @default none */
  readonly elsewhere?: RawCalls | undefined;
  readonly roleArn: string;
  readonly clock: Clock;
  /** Ends the run: polls and waits end at once, and no further call is made. */
  readonly signal: AbortSignal;
}

/** The most milliseconds of a poll: the service holds it for a minute. */
const POLL_LIMIT_MS = 80_000;
/** A new activity may be unknown for a moment ("CreateActivity": eventually consistent). */
const POLLS = 5;

/** The calls of one run, and what the run has made. */
export class VerifyRun {
  /** The ARNs of what this run has made. */
  readonly activities: string[] = [];
  readonly machines: string[] = [];
  /** The most state transitions that the executions have taken: those of their starts and of up to three states. */
  transitions = 0;
  /** The answers that a worker would not take for those of Step Functions, as `operation status`. */
  readonly unmarked = new Set<string>();
  readonly #prefix = `${PREFIX}${randomBytes(4).toString('hex')}-`;

  constructor(readonly options: RunOptions) {
    setMaxListeners(0, options.signal);
  }

  async call(operation: Operation, input: object, calls = this.options.calls): Promise<Answer> {
    const { signal } = this.options;
    signal.throwIfAborted();
    // Only a poll is ended by the signal: what another call makes must be known.
    const poll = operation === 'GetActivityTask' ? { limitMs: POLL_LIMIT_MS, signal } : {};
    const answer = await calls.make(operation, input, poll);
    const end = readResponse(answer);
    if ('failure' in end && !end.failure.type) this.unmarked.add(`${operation} ${answer.status}`);
    const parsed = parseJson(answer.text);
    const body = isPlainObject(parsed) ? parsed : {};
    return { ...answer, body, said: said(answer.status, body) };
  }

  /** Makes a call that must succeed. @throws UnexpectedAnswer that says what was answered */
  async must(operation: Operation, input: object): Promise<Answer> {
    const answer = await this.call(operation, input);
    if (answer.status === 200) return answer;
    throw new UnexpectedAnswer(`${operation} was answered with ${answer.said}`);
  }

  /** @returns the ARN of a new activity */
  activity = (): Promise<string> => this.#make('CreateActivity', {}, 'activityArn', this.activities);

  /** @returns the ARN of a new state machine, which begins in the first of its states */
  machine(States: object): Promise<string> {
    const definition = JSON.stringify({ StartAt: Object.keys(States)[0], States });
    const input = { definition, roleArn: this.options.roleArn };
    return this.#make('CreateStateMachine', input, 'stateMachineArn', this.machines);
  }

  async #make(operation: Operation, input: object, key: string, made: string[]): Promise<string> {
    const name = this.#prefix + randomBytes(4).toString('hex');
    const arn = String((await this.must(operation, { ...input, name })).body[key]);
    made.push(arn);
    return arn;
  }

  /** @returns the ARN of a new execution of a machine, which has up to three states */
  async start(stateMachineArn: string, input = '{}'): Promise<string> {
    this.transitions += 4;
    const { body } = await this.must('StartExecution', { stateMachineArn, name: randomUUID(), input });
    return String(body['executionArn']);
  }

  /** @returns the ARN of a new execution of a Task state with the activity, and of other states */
  async startTask(Resource: string, task: object, states: object = {}, input?: string): Promise<string> {
    const Task = { Type: 'Task', Resource, ...(!('Next' in task) && { End: true }), ...task };
    return this.start(await this.machine({ Task, ...states }), input);
  }

  /** Polls until there is a task. @throws UnexpectedAnswer that says what was answered instead */
  async poll(activityArn: string): Promise<{ token: string; input: string }> {
    for (let left = POLLS; ; left--) {
      const { body, said, text } = await this.call('GetActivityTask', { activityArn, workerName: 'verify' });
      if (typeof body['taskToken'] === 'string')
        return { token: body['taskToken'], input: String(body['input']) };
      if (left === 0) throw new UnexpectedAnswer(`GetActivityTask was answered with ${said} ${text}`);
      await this.wait(1);
    }
  }

  /** Makes an activity and an execution, and takes its task. */
  async task(task: object = {}, states?: object, input?: string) {
    const activityArn = await this.activity();
    const executionArn = await this.startTask(activityArn, task, states, input);
    return { executionArn, ...(await this.poll(activityArn)) };
  }

  succeed = (taskToken: string, output = '{}'): Promise<Answer> =>
    this.call('SendTaskSuccess', { taskToken, output });

  /** Waits for the end of an execution, and returns its events. */
  async history(executionArn: string): Promise<readonly Fields[]> {
    while ((await this.must('DescribeExecution', { executionArn })).body['status'] === 'RUNNING')
      await this.wait(1);
    return (await this.must('GetExecutionHistory', { executionArn })).body['events'] as Fields[];
  }

  /** Waits. @throws the reason of the signal if the run is ended */
  async wait(seconds: number): Promise<void> {
    const { clock, signal } = this.options;
    await clock.sleep(seconds * 1_000, signal);
    signal.throwIfAborted();
  }
}

const ARNS = /arn:[\w-]+:states:[\w-]+:\d+:(activity|stateMachine|execution):[\w.:-]+/g;
const withoutNames = (text: string): string => text.replaceAll(ARNS, '<$1>');

function said(status: number, { __type: type, message, Message = message }: Fields): string {
  if (status === 200) return '200';
  return withoutNames(`${status} ${String(type).split('#').at(-1)}: ${String(Message)}`);
}

/** Shows events as their types. An event that doesn't point to the one before it has the id of the one it points to. */
export const showEvents = (events: readonly Fields[]): string =>
  events
    .map(
      ({ type, id, previousEventId: to }) =>
        `${String(type)}${to === Number(id) - 1 ? '' : `←${String(to)}`}`,
    )
    .join(' ');

/** Shows the last event of a type: its input, output, or error and cause, else all details, without the names of this run. */
export function detailsOf(events: readonly Fields[], type: string): string {
  const event = events.findLast((each) => each['type'] === type) ?? {};
  // The details of PassStateEntered are in `stateEnteredEventDetails`.
  const [, found] = Object.entries(event).find(([key]) => key.endsWith('EventDetails')) ?? [];
  const details = Object(found) as Readonly<Record<string, string>>;
  const { input, output = input, error, cause } = details;
  return output ?? withoutNames(cause === undefined ? JSON.stringify(details) : `${error}: ${cause}`);
}

/** The headers by which a worker knows an answer of Step Functions. */
export const MARK = 'x-amzn-requestid: a UUID, content-type: application/x-amz-json-1.0';
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

export const showMark = ({ headers: { 'x-amzn-requestid': id, 'content-type': type } }: Answer): string =>
  `x-amzn-requestid: ${UUID.test(String(id)) ? 'a UUID' : String(id)}, content-type: ${String(type)}`;
