import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { startLocalService, type LocalService, type Mocks } from 'stepwright/local';
import { FILES } from './distributed-map.js';
import {
  FUNCTIONS,
  one,
  WORK,
  type CallRow,
  type WorkerReport,
  type Expected,
  type MachineRow,
  type Row,
  type SequenceRow,
} from './row.js';

const MACHINE = 'arn:aws:states:us-east-1:123456789012:stateMachine:M';
const TASK = JSON.stringify({ StartAt: 'X', States: { X: { Type: 'Task', Resource: WORK, End: true } } });
const ROLE = 'arn:aws:iam::123456789012:role/any';
/** The time on the service's clock after which a row counts as one that never ends. */
const CLOCK_LIMIT_MS = 10 * 24 * 3600 * 1000;

/** The longest real time of a row that ends. */
const REAL_LIMIT_MS = 10_000;

/** The machines, of one state each, that rows call as children. */
const CHILDREN = {
  Passes: { Type: 'Pass', Result: { Arg1: 'argument1' } },
  Fails: { Type: 'Fail', Error: 'SomeFailure', Cause: "This state machines raises a 'SomeFailure' failure." },
  Times: { Type: 'Task', Resource: FUNCTIONS.never, TimeoutSeconds: 5 },
};

/** The tokens that mocks were called with and that have no report yet. */
const openTokens: string[] = [];

/** Throws the error and cause of its input. */
function failing(input: unknown): never {
  const { error, cause } = input as { error: string; cause: string };
  throw Object.assign(new Error(cause), { name: error });
}

const mocks: Mocks = {
  [FUNCTIONS.echo]: (input) => input,
  [FUNCTIONS.big]: () => 'x'.repeat(262_144),
  [FUNCTIONS.invoke]: () => 'x'.repeat(262_144),
  [FUNCTIONS.never]: () => new Promise(() => {}),
  [FUNCTIONS.ask]: (_input, { taskToken = '' }) => void openTokens.push(taskToken),
  [FUNCTIONS.job]: (input) => input,
  [FUNCTIONS.put]: (input) => input,
  [FUNCTIONS.slowJob]: (_input, { taskToken = '' }) => {
    openTokens.push(taskToken);
    return new Promise(() => {});
  },
  [FUNCTIONS.fail]: failing,
  [FUNCTIONS.refuse]: failing,
};

type Answer = Record<string, unknown>;

interface Event {
  readonly id: number;
  readonly type: string;
  readonly previousEventId: number;
  readonly [key: string]: unknown;
}

/** Runs rows on a service over the wire. */
export class Harness {
  #machines = 0;

  private constructor(
    private readonly service: LocalService,
    private readonly clock: HandClock,
    private readonly tokens: { live: string; closed: string },
    private readonly bucket: string,
  ) {}

  static async open(): Promise<Harness> {
    const clock = new HandClock();
    const bucket = mkdtempSync(join(tmpdir(), 'bucket-'));
    for (const [key, content] of Object.entries(FILES)) {
      mkdirSync(dirname(join(bucket, key)), { recursive: true });
      writeFileSync(join(bucket, key), content);
    }
    const service = await startLocalService({ port: 0, clock, mocks, random: () => 0.5, s3: { bucket } });
    service.seedActivity(WORK);
    for (const [name, state] of Object.entries(CHILDREN))
      service.seedMachine({ name, definition: JSON.stringify(one(state)), region: 'us-east-1' });
    const harness = new Harness(service, clock, { live: '', closed: '' }, bucket);
    await harness.#call('CreateStateMachine', { name: 'M', definition: TASK, roleArn: ROLE });
    harness.tokens.closed = await harness.#token('old');
    harness.tokens.live = await harness.#token('E');
    await harness.#call('SendTaskSuccess', { taskToken: harness.tokens.closed, output: '1' });
    return harness;
  }

  async close(): Promise<void> {
    await this.service.close();
    rmSync(this.bucket, { recursive: true });
  }

  /** Runs a row. Resolves with what was observed. */
  observe(row: Row): Promise<Answer> {
    if ('calls' in row) return runSequence(row);
    return 'call' in row ? this.#answer(row) : this.#run(row);
  }

  async #token(name: string): Promise<string> {
    await this.#call('StartExecution', { stateMachineArn: MACHINE, name, input: '{"a":1}' });
    const { body } = await this.#call('GetActivityTask', { activityArn: WORK });
    return String(body['taskToken']);
  }

  async #answer({ call: [operation, body] }: CallRow): Promise<Answer> {
    const text = JSON.stringify(body)
      .replace('"LIVE"', JSON.stringify(this.tokens.live))
      .replace('"CLOSED"', JSON.stringify(this.tokens.closed));
    const { body: answer } = await this.#call(operation, JSON.parse(text) as object);
    return { type: answer['__type'], message: answer['message'] };
  }

  async #run({
    machine,
    input = {},
    inputText = JSON.stringify(input),
    work = [],
    expect: expected,
  }: MachineRow): Promise<Answer> {
    const definition = typeof machine === 'string' ? machine : JSON.stringify(machine);
    let stateMachineArn: string;
    try {
      stateMachineArn = this.service.seedMachine({
        name: `Row${this.#machines++}`,
        definition,
        region: 'us-east-1',
      });
    } catch (error) {
      const { message } = error as Error;
      return { refused: message, refusal: message };
    }
    const began = this.clock.now();
    const { body } = await this.#call('StartExecution', { stateMachineArn, input: inputText });
    const executionArn = String(body['executionArn']);
    const realLimitMs = expected.status === 'RUNNING' ? 0 : REAL_LIMIT_MS;
    const end = await this.#drive(executionArn, [...work], realLimitMs);
    const seconds = (this.clock.now() - began) / 1000;
    // A history of large values is slow to read with its data.
    const includeExecutionData = expected.details !== undefined;
    const outcome = await this.#describe(executionArn, includeExecutionData, end, seconds);
    await this.#call('StopExecution', { executionArn });
    return outcome;
  }

  /** Advances the clock and reports on tasks until the execution ends, or nothing more can happen. */
  async #drive(executionArn: string, work: WorkerReport[], realLimitMs: number): Promise<Answer> {
    const began = this.clock.now();
    const giveUp = performance.now() + realLimitMs;
    for (;;) {
      const { body } = await this.#call('DescribeExecution', { executionArn });
      if (body['status'] !== 'RUNNING') return body;
      if (work.length > 0 && (await this.#reportOnNext(work))) continue;
      const { next } = this.clock;
      if (next === undefined && performance.now() < giveUp) {
        // An evaluation in a thread, or of more than a turn, needs real time.
        await this.clock.settle();
        continue;
      }
      if (next === undefined || next - began > CLOCK_LIMIT_MS) return body;
      await this.clock.advance(next - this.clock.now());
    }
  }

  /** Makes the next report on the next task. Resolves with false where there is no task. */
  async #reportOnNext(work: WorkerReport[]): Promise<boolean> {
    // An evaluation of JSONata may be on its way.
    await this.clock.settle();
    if (openTokens.length > 0) return this.#report(openTokens.shift(), work.shift() ?? 'silence');
    const abort = new AbortController();
    let taken: Answer | undefined;
    const poll = this.#call('GetActivityTask', { activityArn: WORK }, abort.signal)
      .then(({ body }) => (taken = body))
      .catch(() => undefined);
    await this.clock.settle(() => taken !== undefined || this.service.parkedPolls > 0);
    if (taken === undefined) {
      abort.abort();
      await poll;
      await this.clock.settle(() => this.service.parkedPolls === 0);
      return false;
    }
    return this.#report(taken['taskToken'], work.shift() ?? 'silence');
  }

  async #report(taskToken: unknown, report: WorkerReport): Promise<boolean> {
    if (report === 'silence') return true;
    if ('output' in report) {
      await this.#call('SendTaskSuccess', { taskToken, output: JSON.stringify(report.output) });
    } else await this.#call('SendTaskFailure', { taskToken, ...report });
    return true;
  }

  async #describe(
    executionArn: string,
    includeExecutionData: boolean,
    end: Answer,
    seconds: number,
  ): Promise<Answer> {
    const query = { executionArn, maxResults: 1000, includeExecutionData };
    const { body } = await this.#call('GetExecutionHistory', query);
    const events = body['events'] as Event[];
    checkChain(events);
    const { output } = end;
    return {
      ...end,
      output: typeof output === 'string' ? (JSON.parse(output) as unknown) : undefined,
      events: events.map(({ type, previousEventId }) => `${type}<${previousEventId}`),
      details: Object.fromEntries(events.map((event) => [event.id, detailsOf(event)])),
      path: events.flatMap((event) => (event.type.endsWith('StateEntered') ? nameOf(event) : [])),
      seconds,
    };
  }

  #call(operation: string, body: object, signal?: AbortSignal): Promise<{ body: Answer }> {
    return call(this.service, operation, body, signal);
  }
}

const agent = new Agent({ keepAlive: true });

/** Calls the service by node:http, which takes a third of the time of fetch. */
function call(
  { url }: LocalService,
  operation: string,
  body: object,
  signal?: AbortSignal,
): Promise<{ body: Answer }> {
  const headers = { 'x-amz-target': `AWSStepFunctions.${operation}` };
  return new Promise((resolve, reject) => {
    const made = request(url, { method: 'POST', agent, headers, ...(signal && { signal }) }, (response) => {
      text(response).then((answer) => resolve({ body: JSON.parse(answer) as Answer }), reject);
    });
    made.on('error', reject).end(JSON.stringify(body));
  });
}

/** Makes the calls one after another, on a new service that has the activity alone. */
async function runSequence({ calls: steps }: SequenceRow): Promise<Answer> {
  const clock = new HandClock();
  const service = await startLocalService({ port: 0, clock, mocks, random: () => 0.5 });
  service.seedActivity(WORK);
  try {
    const answers: Answer[] = [];
    for (const {
      call: [operation, body],
      afterSeconds,
    } of steps) {
      if (afterSeconds !== undefined) await clock.advance(afterSeconds * 1000);
      const given = typeof body === 'function' ? body(answers) : body;
      answers.push((await call(service, operation, given)).body);
    }
    return { answers };
  } finally {
    await service.close();
  }
}

function detailsOf(event: Event): unknown {
  const [, details] = Object.entries(event).find(([key]) => key.endsWith('EventDetails')) ?? [];
  return details ?? {};
}

/** Throws unless ids increase by one and each event points to an earlier one. */
function checkChain(events: readonly Event[]): void {
  for (const [i, { id, previousEventId }] of events.entries()) {
    if (id !== i + 1 || previousEventId >= id) throw new Error(`event ${id} points to ${previousEventId}`);
  }
}

function nameOf(event: Event): string {
  return String((detailsOf(event) as Answer)['name']);
}

/** Returns what a row expects. */
export function wantedOf(row: Row): unknown {
  if ('calls' in row) return { answers: row.calls.map(({ gives = {} }) => gives) };
  return 'call' in row ? row.answer : row.expect;
}

/** Returns true where the observation is what the row expects; members that the row leaves out are not compared. */
export function matches(observed: Answer, row: Row): boolean {
  if ('calls' in row) return isDeepStrictEqual(relevant(observed, row), wantedOf(row));
  if ('call' in row) return isDeepStrictEqual(observed, row.answer);
  return Object.entries(row.expect).every(([key, value]) => agrees(observed, key as keyof Expected, value));
}

function agrees(observed: Answer, key: keyof Expected, value: unknown): boolean {
  const seen = observed[key];
  if (key === 'refused') return typeof seen === 'string' && seen.includes(String(value));
  if (key !== 'details') return isDeepStrictEqual(seen, value);
  return Object.entries(value as object).every(([id, wanted]) =>
    isDeepStrictEqual((seen as Answer | undefined)?.[id], wanted),
  );
}

/** Returns copies of the row, each with one of its expectations made wrong. */
export function corruptions(row: Row): Row[] {
  if ('calls' in row) {
    return row.calls.flatMap((step, i) =>
      Object.entries(step.gives ?? {}).map(([member, value]) => ({
        ...row,
        calls: row.calls.with(i, { ...step, gives: { ...step.gives, [member]: spoil(value) } }),
      })),
    );
  }
  if ('call' in row) {
    const { type, message } = row.answer;
    return [
      { ...row, answer: { type: spoil(type) as string, message } },
      { ...row, answer: { type, message: spoil(message) as string } },
    ];
  }
  const { expect } = row;
  return Object.entries(expect).map(([key, value]) => ({
    ...row,
    expect: { ...expect, [key]: spoil(value) },
  }));
}

function spoil(value: unknown): unknown {
  if (typeof value === 'string') return `${value}~`;
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (Array.isArray(value)) return value.length > 0 ? [...value.slice(0, -1), spoil(value.at(-1))] : ['~'];
  if (typeof value !== 'object' || value === null) return '~';
  const entries = Object.entries(value);
  const [last] = entries.slice(-1);
  return last ? { ...value, [last[0]]: spoil(last[1]) } : { '~': 1 };
}

/** Returns the members of the observation that the row expects. */
export function relevant(observed: Answer, row: Row): Answer {
  if ('calls' in row) {
    const answers = observed['answers'] as Answer[];
    return { answers: row.calls.map(({ gives = {} }, i) => pick(answers[i] ?? {}, Object.keys(gives))) };
  }
  if ('call' in row) return observed;
  const seen = Object.keys(row.expect).map((key): [string, unknown] => {
    if (key !== 'details') return [key, observed[key]];
    const ids = Object.keys(row.expect.details ?? {});
    return [
      key,
      Object.fromEntries(ids.map((id) => [id, (observed['details'] as Answer | undefined)?.[id]])),
    ];
  });
  return 'refused' in observed
    ? { ...Object.fromEntries(seen), refused: observed['refused'] }
    : Object.fromEntries(seen);
}

const pick = (answer: Answer, members: string[]): Answer =>
  Object.fromEntries(members.map((member) => [member, answer[member]]));
