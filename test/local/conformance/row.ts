/** Where a behaviour is written down. */
export type Source =
  /** Recorded from the live service, word for word: the recording's name, see recordings.ts. */
  | `recorded: test_${string}`
  /** Seen in the live service's answers by hand; no recording with a name has it. */
  | 'captured'
  /** The source of the library that the service uses, where a published machine relies on it. */
  | 'Jayway JsonPath, in published machines'
  /** The states-language specification, by section. */
  | `ASL: ${string}`
  /** A page of the service's documentation, by title. */
  | `AWS: ${string}`;

/** What a worker does with a task of the activity `Work`. */
export type Deed = { output: unknown } | { error?: string; cause?: string } | 'silence';

/** What an execution comes to. Only what is given is compared. */
export interface Expected {
  status?: string;
  output?: unknown;
  error?: string;
  cause?: string;
  /** Each event as `Type<previousEventId`. */
  events?: readonly string[];
  /** The details of some events, by id. */
  details?: Readonly<Record<number, object>>;
  /** The states that were entered, in order. */
  path?: readonly string[];
  /** How long it took on the service's clock. */
  seconds?: number;
  /** Why the definition is refused: a part of the message. */
  refused?: string;
}

/** One behaviour of the language: a machine, its input, and what comes of it. */
export interface MachineRow {
  readonly does: string;
  readonly from: Source;
  readonly machine: object | string;
  readonly input?: unknown;
  /** The input as it is spelled. */
  readonly inputText?: string;
  readonly work?: readonly Deed[];
  readonly expect: Expected;
}

/** One behaviour of the API: a call, and its answer. */
export interface CallRow {
  readonly does: string;
  readonly from: Source;
  readonly call: readonly [operation: string, body: object];
  readonly answer: { readonly type: string; readonly message: string };
}

/** A call, and of its answer the members that matter; one that is undefined must not be there. */
export interface Step {
  readonly call: readonly [operation: string, body: Body];
  readonly gives?: Readonly<Record<string, unknown>>;
  /** How long the service's clock goes on before the call. */
  readonly afterSeconds?: number;
}

/** A body, or what makes one of the answers so far. */
export type Body = object | ((answers: readonly Readonly<Record<string, unknown>>[]) => object);

/** One behaviour of the API over several calls, on a service of its own. */
export interface TalkRow {
  readonly does: string;
  readonly from: Source;
  readonly talk: readonly Step[];
}

export type Row = MachineRow | CallRow | TalkRow;

/** The ARN of the activity that rows use. */
export const WORK = 'arn:aws:states:us-east-1:123456789012:activity:Work';

const LAMBDA = 'arn:aws:lambda:us-east-1:123456789012:function:';

/** Functions that the harness mocks. */
export const FUNCTIONS = {
  /** Gives back what it gets. */
  echo: `${LAMBDA}echo`,
  /** Gives more than 262,144 bytes. */
  big: `${LAMBDA}big`,
  /** Fails with the error and cause that it gets. */
  fail: `${LAMBDA}fail`,
  /** Never answers. */
  never: `${LAMBDA}never`,
  /** Hands its token to the worker, whose next deed is reported with it. */
  ask: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
  /** A job that is done at once, and gives back what it gets. */
  job: 'arn:aws:states:::states:startExecution.sync:2',
  /** A job that is never done; hands its token to the worker as `ask` does. */
  slowJob: 'arn:aws:states:::ecs:runTask.sync',
  /** Gives back what it gets. */
  put: 'arn:aws:states:::aws-sdk:dynamodb:putItem',
  /** Fails with the error and cause that it gets. */
  refuse: 'arn:aws:states:::dynamodb:putItem',
  /** Gives more than 262,144 bytes. */
  invoke: 'arn:aws:states:::lambda:invoke',
} as const;

/** A machine of one state, X, that ends. */
export const one = (state: object, machine: object = {}): object => ({
  StartAt: 'X',
  ...machine,
  States: { X: 'Type' in state && ENDLESS.has(String(state.Type)) ? state : { ...state, End: true } },
});

const ENDLESS = new Set(['Choice', 'Succeed', 'Fail']);

/** The same in JSONata. */
export const jsonata = (state: object): object => one(state, { QueryLanguage: 'JSONata' });

/** A Pass with these fields. */
export const pass = (fields: object): object => one({ Type: 'Pass', ...fields });

/** The cause that the service gives, with the place. */
export const inX = (reason: string, id = 2): string =>
  `An error occurred while executing the state 'X' (entered at the event id #${id}). ${reason}`;
