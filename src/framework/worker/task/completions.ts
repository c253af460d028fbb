import { Abort } from '../../base/abort.js';
import type { Logger } from '../../base/log/log.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import { didYouMean } from '../../base/show.js';
import type { Store } from '../../base/store.js';
import type { Clock } from '../../base/time/clock.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import { failureOf } from '../handler/outcome/failure.js';
import type { Outcome } from '../../declare/outcome.js';
import { compileOutput, type Encode } from '../handler/output/outputs.js';
import type { Payloads } from '../handler/output/payloads.js';
import { type Decided, type DeferredTask, DeferredTasks, type FoundTask } from '../keep/deferred-tasks.js';
import { type LimitedStore, quietly } from '../keep/limited-store.js';
import { removeCheckpoint } from '../keep/checkpoints.js';
import { Report, type ReportRoute } from './report.js';
import { getOrMake } from '../../base/collections.js';

/** Names a deferred task by its token. */
export interface TaskByToken {
  /** What its handler had as `task.token`. */
  readonly token: string;
  /** The handler's name, `Class.method`: its output is checked as the handler's own. */
  readonly handler: string;
}

/** Options of a completion. */
export interface CompletionOptions {
  /** Who completes the task: a name that is kept with what was decided, for a task with an id. @default nobody is named */
  readonly by?: string;
}

/** What was decided about a deferred task. */
export interface CompletedTask {
  readonly status: 'succeeded' | 'failed';
  /** The output, parsed from the JSON that was sent. @default the task was failed */
  readonly output?: unknown;
  /** The error's name. @default the task succeeded */
  readonly error?: string;
  readonly by?: string | undefined;
  readonly at: Date;
}

/**
 * The end of a completion.
 * - `accepted`: Step Functions has accepted it.
 * - `gone`: Step Functions no longer wants the task: it timed out, or its execution has ended.
 * - `completed`: the task with this id was completed before; this completion has no effect. `decided` says how.
 * - `unknown`: no task was deferred under this id, or it was over for more than a day.
 */
export type Completion =
  | { readonly status: 'accepted' | 'gone' | 'unknown' }
  | { readonly status: 'completed'; readonly decided: CompletedTask };

/** A task that was deferred under an id. */
export interface WaitingTask {
  readonly id: string;
  readonly note?: string | undefined;
  /** The handler's name, `Class.method`. */
  readonly handler: string;
  readonly activityArn: string;
  readonly deferredAt: Date;
  /** @default nothing was decided yet */
  readonly decided?: CompletedTask;
}

/** The parts that completions are made of. */
interface CompletionsParts {
  /** The store of ids. @default tasks are completed by their tokens only */
  readonly store: LimitedStore | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly definitions: readonly HandlerDefinition[];
  /** Returns where tasks of an activity come from, if they come from the endpoint of these completions. */
  readonly scopeOf: (activityArn: string) => string;
  /** Returns the store of a handler's checkpoints. @default its tasks have none */
  readonly checkpointsOf: (handler: string) => Store | undefined;
  /** For outputs that go through a store because they are large. @default each is sent whole */
  readonly payloads?: Payloads | undefined;
  /** Returns what a report for an activity, by its ARN or name, needs. */
  readonly reportsOf: (activity: string) => Promise<ReportRoute>;
  readonly close: () => void;
}

/** For so long after a completion was decided, who has decided it may still be sending it. */
const SENDING_MS = 20_000;
/** The time between two looks at a completion that somebody else may be sending. */
const LOOK_AGAIN_MS = 1_000;
/** The longest wait for the answer to a heartbeat. */
const HEARTBEAT_MS = 15_000;

/**
 * Completes deferred tasks, from any process that has the config: a web server, a script, a worker. Every method rejects
 * if the store or Step Functions can't be reached, and may be called again.
 */
export class Completions {
  readonly #parts: CompletionsParts;
  readonly #tasks: DeferredTasks | undefined;
  readonly #encoders = new Map<string, Encode>();
  /** The tokens for which a report got no answer: Step Functions may have accepted it. */
  readonly #unanswered = new Set<string>();

  constructor(parts: CompletionsParts) {
    this.#parts = parts;
    this.#tasks = parts.store && new DeferredTasks(parts.store);
  }

  /**
   * Completes a task successfully.
   * @param task its id, or its token and its handler
   * @param output a value that its handler may return: it is checked as the handler's own result is
   * @throws Error named `Stepwright.InvalidOutput` or `Stepwright.OutputTooLarge` if the handler may not return this;
   * the task stays open
   */
  succeed(
    task: string | TaskByToken,
    output?: unknown,
    options: CompletionOptions = {},
  ): Promise<Completion> {
    const decide = async (handler: string): Promise<Outcome> => ({
      status: 'succeeded',
      output: await this.#encoderOf(handler)(output),
    });
    return this.#complete(task, decide, options);
  }

  /**
   * Completes a task with a failure.
   * @param error what the handler would throw, such as an `ActivityFailure`
   */
  fail(task: string | TaskByToken, error: unknown, options: CompletionOptions = {}): Promise<Completion> {
    const decide = async (handler: string): Promise<Outcome> =>
      failureOf(error, { handler, warn: (warning) => this.#parts.log.warn(warning) });
    return this.#complete(task, decide, options);
  }

  /** Sends a heartbeat, which is the way to find out if a task is still wanted. */
  async heartbeat(task: string | TaskByToken): Promise<Completion> {
    if (typeof task !== 'string') return this.#beat(this.#targetOf(task));
    const found = await this.#find(task);
    if (!found) return { status: 'unknown' };
    if (found.decided?.told === 'gone') return { status: 'gone' };
    if (found.decided) return completed(found.decided);
    const answer = await this.#beat({ token: found.task.token, activity: found.task.activityArn });
    if (answer.status === 'gone') await quietly(this.#named.remove(found));
    return answer;
  }

  async #beat({ token, activity }: { token: string; activity: string }): Promise<Completion> {
    const { port, clock } = await this.#parts.reportsOf(activity);
    const limit = new Abort();
    const cancel = limitCallAfter(clock, HEARTBEAT_MS, () =>
      limit.abort(new Error('no answer to a heartbeat')),
    );
    const answer = await port.heartbeat(token, limit);
    cancel();
    if (answer.kind === 'ok') return { status: 'accepted' };
    if (answer.kind !== 'gone') throw answer.error;
    return { status: 'gone' };
  }

  /** Returns the task that was deferred under an id; undefined if there is none. @throws StoreError */
  async get(id: string): Promise<WaitingTask | undefined> {
    const found = await this.#named.find(id);
    return found && shown(found.task, found.decided);
  }

  /**
   * Returns the tasks that were deferred under an id, and whose end Step Functions does not know. Some may have timed out:
   * {@link heartbeat} tells. @throws StoreError
   */
  async list(): Promise<WaitingTask[]> {
    return (await this.#named.waiting()).map(({ task, decided }) => shown(task, decided));
  }

  /** Closes the connections. */
  close(): void {
    this.#parts.store?.close();
    this.#parts.payloads?.close();
    this.#parts.close();
  }

  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  get #named(): DeferredTasks {
    if (this.#tasks) return this.#tasks;
    throw new TypeError(
      'the config names no store for the ids of deferred tasks: set deferred: { store }, or name a task by { token, handler }',
    );
  }

  async #complete(
    task: string | TaskByToken,
    decide: (handler: string) => Promise<Outcome>,
    { by }: CompletionOptions,
  ): Promise<Completion> {
    if (typeof task === 'string') return this.#completeNamed(task, decide, by);
    const { token, activity } = this.#targetOf(task);
    const { told } = await this.#send(token, activity, await decide(task.handler));
    return { status: told };
  }

  /** Writes what is decided before it is sent, so that nobody else decides. */
  async #completeNamed(
    id: string,
    decide: (handler: string) => Promise<Outcome>,
    by: string | undefined,
  ): Promise<Completion> {
    const { clock } = this.#parts;
    for (;;) {
      const found = await this.#find(id);
      if (!found) return { status: 'unknown' };
      const outcome = await decide(found.task.handler);
      const { decided } = found;
      if (decided) {
        if (decided.told === 'gone') return { status: 'gone' };
        if (decided.told) return completed(decided);
        const isOwn = decided.by === by && isSame(decided.outcome, outcome);
        if (!isOwn && Math.abs(clock.date() - decided.at) < SENDING_MS) {
          await clock.sleep(LOOK_AGAIN_MS, this.#parts.store?.closed);
          continue;
        }
        // Who has decided it may not have lived to send it, or this is its next attempt.
        const status = await this.#tell(found, decided);
        return isOwn ? { status } : completed(decided);
      }
      const own = { outcome, at: clock.date(), ...(by !== undefined && { by }) };
      const written = await this.#named.decide(found, own);
      if (written) return { status: await this.#tell(written, own) };
    }
  }

  async #tell(found: FoundTask, decided: Decided): Promise<'accepted' | 'gone'> {
    const { task } = found;
    const { told, accepted } = await this.#send(task.token, task.activityArn, decided.outcome);
    // The next completion tells it again if this fails.
    const written = await quietly(this.#named.decide(found, { ...decided, told }));
    if (accepted?.status === 'succeeded') await this.#removeCheckpoint(task);
    if (written || told === 'accepted') return told;
    // Somebody else may have told it meanwhile.
    const now = await quietly(this.#named.find(task.id));
    return now?.decided?.told ?? told;
  }

  /**
   * Sends an outcome. `accepted`: what the service has said yes to, which is a failure where it has refused a success.
   * @throws the error by which the service could not be reached
   */
  async #send(
    token: string,
    activity: string,
    outcome: Outcome,
  ): Promise<{ readonly told: 'accepted' | 'gone'; readonly accepted?: Outcome }> {
    const end = await new Report(token, await this.#parts.reportsOf(activity), () => {}).send(outcome);
    if (end.kind === 'lost') {
      if (end.mayHaveArrived) this.#unanswered.add(token);
      throw end.error;
    }
    const mayHaveArrived = this.#unanswered.delete(token);
    if (end.kind === 'accepted') return { told: 'accepted', accepted: end.outcome };
    return mayHaveArrived || end.probablyDelivered
      ? { told: 'accepted', accepted: outcome }
      : { told: 'gone' };
  }

  /** @throws Error if the task comes from another endpoint, account or region than these completions report to */
  async #find(id: string): Promise<FoundTask | undefined> {
    const found = await this.#named.find(id);
    if (!found) return undefined;
    const { scope, activityArn } = found.task;
    const own = this.#parts.scopeOf(activityArn);
    if (scope === own) return found;
    throw new Error(
      `the task ${id} comes from ${scope}, and this config reports to ${own}: set the endpoint of its worker`,
    );
  }

  async #removeCheckpoint({ handler, checkpoint }: DeferredTask): Promise<void> {
    const store = checkpoint && this.#parts.checkpointsOf(handler);
    // It stays for the time in `keep` if its store fails now.
    if (store) await quietly(removeCheckpoint(store, checkpoint));
  }

  #targetOf({ token, handler }: TaskByToken): { readonly token: string; readonly activity: string } {
    const { activity } = this.#definitionOf(handler);
    return { token, activity: activity.kind === 'arn' ? activity.arn : activity.name };
  }

  #encoderOf(handler: string): Encode {
    return getOrMake(this.#encoders, handler, () =>
      outputOf(this.#definitionOf(handler), this.#parts.payloads),
    );
  }

  #definitionOf(handler: string): HandlerDefinition {
    const { definitions } = this.#parts;
    const definition = definitions.find(({ name }) => name === handler);
    if (definition) return definition;
    const names = definitions.map(({ name }) => name);
    throw new Error(
      `this config has no handler ${handler}, so its output can't be checked: ${didYouMean(handler, names)}`,
    );
  }
}

/** Returns a function that checks and writes an output as the handler's own result is. */
function outputOf(definition: HandlerDefinition, payloads: Payloads | undefined): Encode {
  const encode = compileOutput(definition, payloads?.limit);
  if (!payloads) return encode;
  const { signal } = new AbortController();
  return async (output) => payloads.write(await encode(output), definition.inline, { signal });
}

const isSame = (one: Outcome, other: Outcome): boolean => JSON.stringify(one) === JSON.stringify(other);

const completed = (decided: Decided): Completion => ({ status: 'completed', decided: shownDecided(decided) });

const shownDecided = ({ outcome, by, at }: Decided): CompletedTask => ({
  status: outcome.status,
  ...(outcome.status === 'succeeded'
    ? { output: JSON.parse(outcome.output) as unknown }
    : { error: outcome.error }),
  by,
  at: new Date(at),
});

const shown = (
  { id, note, handler, activityArn, deferredAt }: DeferredTask,
  decided?: Decided,
): WaitingTask => ({
  id,
  note,
  handler,
  activityArn,
  deferredAt: new Date(deferredAt),
  ...(decided && { decided: shownDecided(decided) }),
});
