import type { Clock } from '../../base/time/clock.js';
import { didYouMean } from '../../base/show.js';
import type { Store } from '../../base/store/store.js';
import type { Logger } from '../../base/log/log.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import type { TaskPayloads } from '../handler/output/outputs.js';
import { failureOf } from '../handler/outcome/failure.js';
import type { Outcome } from '../handler/outcome/outcome.js';
import { compileOutput, type Encode } from '../handler/output/compile-output.js';
import { type DeferredRecord, DeferredRecords } from '../keep/deferred/deferred-records.js';
import { removeCheckpoint } from '../keep/checkpoints/checkpoints.js';
import { LimitedStore } from '../keep/limited-store.js';
import type { StoreTrouble } from '../../base/store/store-events.js';
import { RecordReader } from '../keep/record-reader.js';
import { Report, type ReportWorld } from '../task/report.js';

/**
 * The end of a completion.
 * - `accepted`: Step Functions has accepted it.
 * - `kept`: it is decided and kept in the store, but Step Functions could not be told yet. A worker tells it.
 * - `gone`: Step Functions no longer wants the task: it timed out, or its execution has ended.
 * - `completed`: the task was completed before, and this one counts for nothing.
 * - `unknown`: there is no deferred task with this id: it was never deferred, or it is over.
 */
export type Completion = 'accepted' | 'kept' | 'gone' | 'completed' | 'unknown';

/** A task that was deferred and is not over. */
export interface WaitingTask {
  readonly id: string;
  /** The handler's name, `Class.method`. */
  readonly handler: string;
  readonly activityArn: string;
  readonly deferredAt: Date;
  /** The time at which the task fails if nobody has completed it. */
  readonly until: Date;
}

/** The parts that completions are made of. */
export interface CompletionsParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly definitions: readonly HandlerDefinition[];
  /** Returns the store of a handler's checkpoints. @default its tasks have none */
  readonly checkpointsOf?: (handler: string) => Store | undefined;
  /** For outputs that go through a store because they are large. @default each is sent whole */
  readonly payloads?: TaskPayloads | undefined;
  /** Returns what a report for the activity needs. */
  readonly reportsOf: (activityArn: string) => Promise<ReportWorld>;
  readonly close: () => void;
}

/**
 * Completes deferred tasks, from any process that has the config: a web server, a script, a worker. A task is completed
 * once: of several that try it, the first one counts. What is decided is kept in the store until Step Functions has
 * accepted it, so that it is not lost if this process ends.
 */
export class Completions {
  readonly #parts: CompletionsParts;
  readonly #store: LimitedStore;
  readonly #records: DeferredRecords;
  readonly #encoders = new Map<string, Encode>();

  constructor(parts: CompletionsParts) {
    this.#parts = parts;
    const { clock, log, store } = parts;
    this.#store = new LimitedStore(store, { clock, trouble: UNTOLD });
    this.#records = new DeferredRecords(this.#store, new RecordReader(log));
  }

  /**
   * Completes a task successfully.
   * @param output a value that its handler may return: it is checked as the handler's own result is
   * @throws Error named `Stepwright.InvalidOutput` or `Stepwright.OutputTooLarge` if the handler may not return this;
   * the task stays open
   * @throws StoreError if the store does not answer; if it may have kept the outcome, a worker reports that
   */
  succeed(id: string, output?: unknown): Promise<Completion> {
    return this.#complete(id, async ({ handler }) => ({
      status: 'succeeded',
      output: await this.#encoderOf(handler)(output),
    }));
  }

  /**
   * Completes a task with a failure.
   * @param error what the handler would throw, such as an `ActivityFailure`
   * @throws StoreError if the store does not answer; if it may have kept the outcome, a worker reports that
   */
  fail(id: string, error: unknown): Promise<Completion> {
    return this.#complete(id, async ({ handler }) =>
      failureOf(error, { handler, warn: (warning) => this.#parts.log.warn(warning) }),
    );
  }

  /** Returns a deferred task; undefined if there is none with this id. @throws StoreError */
  async get(id: string): Promise<WaitingTask | undefined> {
    const task = await this.#records.find(id);
    return task && shown(task);
  }

  /** Returns all deferred tasks that are not over. @throws StoreError */
  async *list(): AsyncGenerator<WaitingTask> {
    for await (const task of this.#records.all()) yield shown(task);
  }

  /** Closes the connections. */
  close(): void {
    this.#store.close();
    this.#parts.payloads?.close();
    this.#parts.close();
  }

  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #complete(id: string, decide: (task: DeferredRecord) => Promise<Outcome>): Promise<Completion> {
    const task = await this.#records.find(id);
    if (!task) return 'unknown';
    const reports = await this.#parts.reportsOf(task.activityArn);
    const { isFirst, outcome } = await this.#records.decide(
      task,
      await decide(task),
      this.#parts.clock.now(),
    );
    if (!isFirst) return 'completed';
    const { kind } = await new Report(task.token, reports, () => {}).send(outcome);
    if (kind === 'lost') return 'kept';
    if (kind === 'accepted' && outcome.status === 'succeeded') await this.#removeCheckpoint(task);
    // A worker removes what is left: the task is over.
    await this.#records.remove(task).catch(() => {});
    await this.#records.forget(task).catch(() => {});
    return kind;
  }

  async #removeCheckpoint({ handler, checkpoint }: DeferredRecord): Promise<void> {
    const given = checkpoint && this.#parts.checkpointsOf?.(handler);
    if (!given) return;
    const store = new LimitedStore(given, { clock: this.#parts.clock, trouble: UNTOLD });
    // It stays for the time in `keep` if its store fails now.
    await removeCheckpoint(store, checkpoint).catch(() => {});
    store.close();
  }

  #encoderOf(handler: string): Encode {
    const { definitions, payloads } = this.#parts;
    let encode = this.#encoders.get(handler);
    if (!encode) {
      const definition = definitions.find(({ name }) => name === handler);
      if (!definition) throw new Error(unknownHandler(handler, definitions));
      this.#encoders.set(handler, (encode = outputOf(definition, payloads)));
    }
    return encode;
  }
}

/** Each call rejects with the store's error, so nothing else tells of its trouble. */
const UNTOLD: StoreTrouble = { began: () => {}, ended: () => {} };

/** Returns a function that checks and writes an output as the handler's own result is. */
function outputOf(definition: HandlerDefinition, payloads: TaskPayloads | undefined): Encode {
  const encode = compileOutput(definition, payloads?.limit);
  if (!payloads) return encode;
  const { signal } = new AbortController();
  return async (output) => payloads.write(await encode(output), definition.inline, { signal });
}

const unknownHandler = (handler: string, definitions: readonly HandlerDefinition[]): string =>
  `the task was deferred by ${handler}, which this config does not have, so its output can't be checked: ${didYouMean(
    handler,
    definitions.map(({ name }) => name),
  )}`;

const shown = ({ id, handler, activityArn, deferredAt, until }: DeferredRecord): WaitingTask => ({
  ...{ id, handler, activityArn },
  deferredAt: new Date(deferredAt),
  until: new Date(until),
});
