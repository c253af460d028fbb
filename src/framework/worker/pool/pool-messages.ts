import { deserialize, serialize } from 'node:v8';
import { StoreError, type StoreErrorKind, type StoreEvent } from '../../base/store.js';
import type { AbortKind, DeferOptions } from '../../declare/task-context.js';
import type { HandlerEnd } from '../../declare/outcome.js';
import type { AskedTask, CheckpointRef, Wanted } from '../keep/record.js';
import type { LogLine } from './log-line.js';

/** The descriptor of the pipe by which a process of a pool and the worker exchange messages. */
export const CHANNEL_FD = 3;

/** The options with which a thread or a process of a pool is started. */
export interface HostOptions {
  /** The URL of the module whose default export is the config. */
  readonly module: string;
  /** The folder to which the globs of `activities` are relative. */
  readonly baseDir: string;
  /**
   * The globs for activities that a command line flag or an environment variable sets, which replace those in the
   * config; undefined if neither is set.
   */
  readonly globs: readonly string[] | undefined;
  /** The name of the handler that the thread or process runs, as `Class.method`. */
  readonly handler: string;
  /** True if stack traces show source files and lines, by means of source maps. */
  readonly sourceMaps: boolean;
}

/** An error as plain data. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  /** The kind of a `StoreError`. */
  readonly kind?: StoreErrorKind;
}

/** A task as plain data, so that it can be sent to a thread or a process. */
export interface SentTask {
  /** The name of the task's handler, as `Class.method`. */
  readonly handler: string;
  readonly text: string;
  readonly token: string;
  readonly activityArn: string;
  readonly workerName: string;
  /** The time at which the worker received the task, in epoch milliseconds. */
  readonly receivedAt: number;
  /** Where the task comes from. */
  readonly scope: string;
}

/** What the worker answers to a call. */
export interface Answer {
  /** What the service says about the task of the call. @default the call is not about that */
  readonly wanted?: Wanted;
  /** Why the task could not be deferred. @default it is */
  readonly error?: PlainError;
}

/**
 * A message from the worker to a thread or a process (the host). A host handles one task at a time, and messages arrive
 * in the order in which they were sent. So all messages between `task` and `settled`, in both directions, are about
 * that task.
 */
export type ToHost =
  /**
   * The first message to a thread or process. If `measures` is true, it must say in each message `settled` how much
   * memory it uses.
   */
  | { readonly kind: 'start'; readonly options: HostOptions; readonly measures: boolean }
  | ({ readonly kind: 'task' } & SentTask)
  | { readonly kind: 'abort'; readonly reason: AbortKind; readonly message: string }
  | { readonly kind: 'drain' }
  /** Answers the call with this number: a message `heartbeat`, `ask` or `defer`. */
  | ({ readonly kind: 'answer'; readonly call: number } & Answer)
  /**
   * The worker has written this many characters of log lines that the thread or process has sent, which may now send
   * that many more.
   */
  | { readonly kind: 'lines-written'; readonly characters: number }
  /** The last message to a thread or process, which then disposes of its container and exits. */
  | { readonly kind: 'close' };

/** A message from a thread or a process (the host) to the worker. */
export type FromHost =
  | { readonly kind: 'ready' }
  /**
   * The thread or process can't run its handlers, for example because importing the config failed. `message` says why.
   */
  | { readonly kind: 'not-started'; readonly message: string }
  /**
   * A log line that doesn't belong to the running task. `token` is the token of an earlier task that has logged it, or
   * undefined if it isn't known which task has.
   */
  | { readonly kind: 'stray'; readonly line: LogLine; readonly token: string | undefined }
  /**
   * The number of log lines that the thread or process has dropped, because the worker hadn't written the earlier ones
   * yet.
   */
  | { readonly kind: 'lines-lost'; readonly lines: number }
  /** Calls to a store that the thread or process uses have begun to fail, or work again. */
  | { readonly kind: 'store'; readonly told: PlainTold }
  | FromTask;

/** A message from a thread or process to the worker, about the task that it is running. */
export type FromTask =
  /**
   * Sent just before the handler is called. If the thread or process exits before it has sent this, the task has not
   * begun, so another one can run it.
   */
  | { readonly kind: 'begun' }
  /**
   * The handler has requested a heartbeat for its task. The message isn't sent again before the worker has answered it.
   */
  | { readonly kind: 'heartbeat'; readonly call: number }
  /** The latest progress of the task. Sent at most once per second. */
  | {
      readonly kind: 'progress';
      readonly fraction: number | undefined;
      readonly message: string | undefined;
    }
  /**
   * The task has requested a pause of its handler, so that it gets no new tasks for `forMs`. Sent only if the pause
   * ends at least a second later than the one that the task requested before.
   */
  | { readonly kind: 'pause'; readonly forMs: number; readonly reason: string }
  | { readonly kind: 'log'; readonly line: LogLine }
  /** The service is to be asked about another task. */
  | { readonly kind: 'ask'; readonly call: number; readonly about: AskedTask }
  /** The handler defers the task. */
  | { readonly kind: 'defer'; readonly call: number; readonly options: DeferOptions | undefined }
  /** The task uses its checkpoint, which the worker removes once the task's success is accepted. Sent at most once. */
  | { readonly kind: 'checkpoint'; readonly ref: CheckpointRef }
  /**
   * The outcome of a task whose cleanup isn't finished. Sent early, so that the outcome is reported while the task's
   * own container is disposed of.
   */
  | { readonly kind: 'outcome'; readonly outcome: HandlerEnd }
  /**
   * The task has ended completely, so the thread or process can be sent another one. `outcome` is undefined if it was
   * already sent with the message `outcome`.
   */
  | { readonly kind: 'settled'; readonly outcome: HandlerEnd | undefined; readonly memoryMb: number };

type Failed = Extract<StoreEvent, { event: 'store:failed' }>;

/** An event of a store that a thread or process uses, as plain data. */
type PlainTold =
  | (Omit<Failed, 'error'> & { readonly error: { readonly kind: StoreErrorKind; readonly message: string } })
  | Exclude<StoreEvent, Failed>;

/** Returns an event of a store as plain data. */
export function plainTold(told: StoreEvent): PlainTold {
  if (told.event !== 'store:failed') return told;
  const { error, ...rest } = told;
  const kind = error instanceof StoreError ? error.kind : 'unavailable';
  return { ...rest, error: { kind, message: error.message } };
}

/** Returns an event of a store that `plainTold` has made plain. */
export function wholeTold(told: PlainTold): StoreEvent {
  if (told.event !== 'store:failed') return told;
  return { ...told, error: new StoreError(told.error.kind, told.error.message) };
}

/** Each message between a worker and a process of its pool begins with this, followed by its length. */
const MARK = Buffer.from('SWM1');
const HEAD_BYTES = MARK.length + 4;
/** No message is longer: a task's input and outcome are limited to 256 KB, and payloads to a multiple of that. */
const MOST_BYTES = 2 ** 30;

/** Returns a message in the form in which it is written to a pipe. */
export function frameOf(message: object): Buffer {
  const body = serialize(message);
  const head = Buffer.alloc(HEAD_BYTES);
  MARK.copy(head);
  head.writeUInt32LE(body.length, MARK.length);
  return Buffer.concat([head, body]);
}

/** Reads the messages that arrive by a pipe in chunks. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;
  /** The bytes that must have arrived before anything can be read. */
  #wanted = HEAD_BYTES;

  constructor(private readonly onMessage: (message: unknown) => void) {}

  /** @throws Error if what has arrived is no message of ours, or what the listener throws */
  read(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#wanted) return;
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    while (rest.length >= (this.#wanted = wantedOf(rest))) {
      const body = rest.subarray(HEAD_BYTES, this.#wanted);
      rest = rest.subarray(this.#wanted);
      this.onMessage(deserialize(body));
    }
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#length = rest.length;
  }
}

/** Returns how many bytes the first message needs, with its head. @throws Error if it is no message of ours */
function wantedOf(bytes: Buffer): number {
  if (bytes.length < HEAD_BYTES) return HEAD_BYTES;
  const end = HEAD_BYTES + bytes.readUInt32LE(MARK.length);
  if (!bytes.subarray(0, MARK.length).equals(MARK) || end > MOST_BYTES)
    throw new Error('it is no message of Stepwright');
  return end;
}
