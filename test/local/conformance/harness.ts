import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { startLocalService, type LocalService, type Mocks } from 'stepwright/local';
import {
  FUNCTIONS,
  WORK,
  type CallRow,
  type Deed,
  type Expected,
  type MachineRow,
  type Row,
  type TalkRow,
} from './row.js';

const MACHINE = 'arn:aws:states:us-east-1:123456789012:stateMachine:M';
const TASK = JSON.stringify({ StartAt: 'X', States: { X: { Type: 'Task', Resource: WORK, End: true } } });
const ROLE = 'arn:aws:iam::123456789012:role/any';
/** How long a row may take on the service's clock before it counts as one that never ends. */
const FOREVER_MS = 10 * 24 * 3600 * 1000;

/** How long a row that comes to an end may need for it in real time. */
const PATIENCE_MS = 10_000;

/** Tokens that tasks have given away and nobody has reported on. */
const asked: string[] = [];

/** Throws the error and cause that it is given. */
function failing(input: unknown): never {
  const { error, cause } = input as { error: string; cause: string };
  throw Object.assign(new Error(cause), { name: error });
}

const mocks: Mocks = {
  [FUNCTIONS.echo]: (input) => input,
  [FUNCTIONS.big]: () => 'x'.repeat(262_144),
  [FUNCTIONS.invoke]: () => 'x'.repeat(262_144),
  [FUNCTIONS.never]: () => new Promise(() => {}),
  [FUNCTIONS.ask]: (_input, { taskToken = '' }) => void asked.push(taskToken),
  [FUNCTIONS.job]: (input) => input,
  [FUNCTIONS.put]: (input) => input,
  [FUNCTIONS.slowJob]: (_input, { taskToken = '' }) => {
    asked.push(taskToken);
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
  ) {}

  static async open(): Promise<Harness> {
    const clock = new HandClock();
    const service = await startLocalService({ port: 0, clock, mocks, random: () => 0.5 });
    service.seedActivity(WORK);
    const harness = new Harness(service, clock, { live: '', closed: '' });
    await harness.#call('CreateStateMachine', { name: 'M', definition: TASK, roleArn: ROLE });
    harness.tokens.closed = await harness.#token('old');
    harness.tokens.live = await harness.#token('E');
    await harness.#call('SendTaskSuccess', { taskToken: harness.tokens.closed, output: '1' });
    return harness;
  }

  close(): Promise<void> {
    return this.service.close();
  }

  /** What a row comes to. */
  observe(row: Row): Promise<Answer> {
    if ('talk' in row) return talk(row);
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
      return { refused: (error as Error).message };
    }
    const began = this.clock.now();
    const { body } = await this.#call('StartExecution', { stateMachineArn, input: inputText });
    const executionArn = String(body['executionArn']);
    const patience = expected.status === 'RUNNING' ? 0 : PATIENCE_MS;
    const end = await this.#drive(executionArn, [...work], patience);
    const seconds = (this.clock.now() - began) / 1000;
    // Without them a history of large values is read in no time.
    const includeExecutionData = expected.details !== undefined;
    const outcome = await this.#describe(executionArn, includeExecutionData, end, seconds);
    await this.#call('StopExecution', { executionArn });
    return outcome;
  }

  /** Lets the execution go on until it ends, or nothing more can happen. */
  async #drive(executionArn: string, work: Deed[], patience: number): Promise<Answer> {
    const began = this.clock.now();
    const giveUp = performance.now() + patience;
    for (;;) {
      const { body } = await this.#call('DescribeExecution', { executionArn });
      if (body['status'] !== 'RUNNING') return body;
      if (work.length > 0 && (await this.#serve(work))) continue;
      const { next } = this.clock;
      if (next === undefined && performance.now() < giveUp) {
        // What a thread works out, or takes more than a turn, needs real time.
        await this.clock.settle();
        continue;
      }
      if (next === undefined || next - began > FOREVER_MS) return body;
      await this.clock.advance(next - this.clock.now());
    }
  }

  /** Does the next deed with the next task, where there is one. */
  async #serve(work: Deed[]): Promise<boolean> {
    if (asked.length > 0) return this.#do(asked.shift(), work.shift() ?? 'silence');
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
    return this.#do(taken['taskToken'], work.shift() ?? 'silence');
  }

  async #do(taskToken: unknown, deed: Deed): Promise<boolean> {
    if (deed === 'silence') return true;
    if ('output' in deed) {
      await this.#call('SendTaskSuccess', { taskToken, output: JSON.stringify(deed.output) });
    } else await this.#call('SendTaskFailure', { taskToken, ...deed });
    return true;
  }

  async #describe(
    executionArn: string,
    includeExecutionData: boolean,
    end: Answer,
    seconds: number,
  ): Promise<Answer> {
    const asked = { executionArn, maxResults: 1000, includeExecutionData };
    const { body } = await this.#call('GetExecutionHistory', asked);
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

/** Connections are kept. */
const agent = new Agent({ keepAlive: true });

/** By node:http, which takes a third of the time that fetch does. */
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

/** Makes the calls one after another, on a service that has nothing but the activity yet. */
async function talk({ talk: steps }: TalkRow): Promise<Answer> {
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

/** Ids go up by one, and each event points to an earlier one. */
function checkChain(events: readonly Event[]): void {
  for (const [i, { id, previousEventId }] of events.entries()) {
    if (id !== i + 1 || previousEventId >= id) throw new Error(`event ${id} points to ${previousEventId}`);
  }
}

function nameOf(event: Event): string {
  return String((detailsOf(event) as Answer)['name']);
}

/** What a row says comes of it. */
export function wantedOf(row: Row): unknown {
  if ('talk' in row) return { answers: row.talk.map(({ gives = {} }) => gives) };
  return 'call' in row ? row.answer : row.expect;
}

/** Whether what was observed is what the row says; only what it gives is compared. */
export function matches(observed: Answer, row: Row): boolean {
  if ('talk' in row) return isDeepStrictEqual(relevant(observed, row), wantedOf(row));
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

/** The row with each thing that it says made wrong, one at a time. */
export function corruptions(row: Row): Row[] {
  if ('talk' in row) {
    return row.talk.flatMap((step, i) =>
      Object.entries(step.gives ?? {}).map(([member, value]) => ({
        ...row,
        talk: row.talk.with(i, { ...step, gives: { ...step.gives, [member]: spoil(value) } }),
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

/** Of what was observed, that which the row speaks of. */
export function relevant(observed: Answer, row: Row): Answer {
  if ('talk' in row) {
    const answers = observed['answers'] as Answer[];
    return { answers: row.talk.map(({ gives = {} }, i) => pick(answers[i] ?? {}, Object.keys(gives))) };
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
