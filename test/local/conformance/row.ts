/** The source of a behaviour. */
export type Source =
  /** Recorded from the live service, word for word: the recording's name, see recordings.ts. */
  | `recorded: test_${string}`
  /** Seen in answers of the live service; no named recording has it. */
  | 'captured'
  /** Measured at the live service by somebody who says so: the project and the thread. */
  | `measured: ${string}#${number}`
  /** The source of the library that the service uses, where a published machine relies on it. */
  | 'Jayway JsonPath, in published machines'
  /** The source of the library that the service uses, and its tests. */
  | 'Jayway JsonPath'
  /** The states-language specification, by section. */
  | `ASL: ${string}`
  /** A page of the service's documentation, by title. */
  | `AWS: ${string}`;

/** The worker's report on a task of the activity `Work`; none for `silence`. */
export type WorkerReport = { output: unknown } | { error?: string; cause?: string } | 'silence';

/** The expected outcome of an execution. Absent members are not compared. */
export interface Expected {
  status?: string;
  output?: unknown;
  error?: string;
  cause?: string;
  /** Each event as `Type<previousEventId`. */
  events?: readonly string[];
  /** The details of some events, by id. */
  details?: Readonly<Record<number, object>>;
  /** The entered states, in order. */
  path?: readonly string[];
  /** The duration on the service's clock. */
  seconds?: number;
  /** A part of the message that refuses the definition. */
  refused?: string;
  /** The whole message that refuses the definition, without its beginning. */
  refusal?: string;
}

/** One behaviour of the language: a machine, its input, and the outcome. */
export interface MachineRow {
  readonly does: string;
  readonly from: Source;
  readonly machine: object | string;
  readonly input?: unknown;
  /** The input's JSON. @default that of `input` */
  readonly inputText?: string;
  readonly work?: readonly WorkerReport[];
  readonly expect: Expected;
}

/** One behaviour of the API: a call, and its answer. */
export interface CallRow {
  readonly does: string;
  readonly from: Source;
  readonly call: readonly [operation: string, body: object];
  readonly answer: { readonly type: string; readonly message: string };
}

/** A call, and the members of its answer that matter; an undefined one must be absent. */
export interface Step {
  readonly call: readonly [operation: string, body: Body];
  readonly gives?: Readonly<Record<string, unknown>>;
  /** The time that the service's clock advances before the call. */
  readonly afterSeconds?: number;
}

/** A body, or a function that makes one from the answers so far. */
export type Body = object | ((answers: readonly Readonly<Record<string, unknown>>[]) => object);

/** One behaviour of the API over several calls, on a service of its own. */
export interface SequenceRow {
  readonly does: string;
  readonly from: Source;
  readonly calls: readonly Step[];
}

export type Row = MachineRow | CallRow | SequenceRow;

/** The ARN of the activity that rows use. */
export const WORK = 'arn:aws:states:us-east-1:123456789012:activity:Work';

const LAMBDA = 'arn:aws:lambda:us-east-1:123456789012:function:';

/** Functions that the harness mocks. */
export const FUNCTIONS = {
  /** Answers its input. */
  echo: `${LAMBDA}echo`,
  /** Answers more than 262,144 bytes. */
  big: `${LAMBDA}big`,
  /** Fails with the error and cause of its input. */
  fail: `${LAMBDA}fail`,
  /** Never answers. */
  never: `${LAMBDA}never`,
  /** Hands its token to the worker, whose next report uses it. */
  ask: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
  /** A job that is done at once, and answers its input. */
  job: 'arn:aws:states:::states:startExecution.sync:2',
  /** A job that is never done; hands its token to the worker as `ask` does. */
  slowJob: 'arn:aws:states:::ecs:runTask.sync',
  /** Answers its input. */
  put: 'arn:aws:states:::aws-sdk:dynamodb:putItem',
  /** Fails with the error and cause of its input. */
  refuse: 'arn:aws:states:::dynamodb:putItem',
  /** Answers more than 262,144 bytes. */
  invoke: 'arn:aws:states:::lambda:invoke',
} as const;

/** Makes a machine of one state, X, that ends. */
export const one = (state: object, machine: object = {}): object => ({
  StartAt: 'X',
  ...machine,
  States: { X: 'Type' in state && ENDLESS.has(String(state.Type)) ? state : { ...state, End: true } },
});

const ENDLESS = new Set(['Choice', 'Succeed', 'Fail']);

/** Makes the same in JSONata. */
export const jsonata = (state: object): object => one(state, { QueryLanguage: 'JSONata' });

/** Makes a machine of a Pass with these fields. */
export const pass = (fields: object): object => one({ Type: 'Pass', ...fields });

/** Makes the service's cause of a failure in the state X. */
export const inX = (reason: string, id = 2): string =>
  `An error occurred while executing the state 'X' (entered at the event id #${id}). ${reason}`;
