import { AsyncResource } from 'node:async_hooks';
import { Worker } from 'node:worker_threads';
import type { Cancel, Clock } from '../../base/time/clock.js';
import { entryUrl } from '../../base/entry-url.js';
import { turn } from '../../base/time/turn.js';
import { showError } from '../../base/show.js';
import type { Logger } from '../../base/log/log.js';
import { ThreadHealthClient } from '../health/thread-health-client.js';
import type { AsOf, Renewal } from '../../aws/activity-calls.js';
import type { Identity, Recipes } from '../../aws/lean/recipe.js';
import type { ActivityPort } from '../../aws/activity-port.js';
import type { Heartbeat, TrackedLease } from '../heartbeat/heartbeats.js';
import type { SchedulerOptions } from '../heartbeat/heartbeat-scheduler.js';
import { LeaseLedger, ledgerMemory } from './lease-ledger.js';
import { ThreadHeartbeat } from './thread-heartbeat.js';
import { type FromThread, type ThreadOptions, toError, type ToThread, TURN_MS } from './thread-messages.js';

/** A region whose heartbeats the thread can send, since the calls need no SDK. */
export interface LeanRegion {
  readonly region: string;
  readonly port: ActivityPort;
  readonly recipes: Recipes;
}

/** The credentials of calls. */
export interface IdentitySource extends Pick<Renewal, 'asOf' | 'refused'> {
  /** Returns the credentials that the next call is signed with. */
  current(): Identity | Promise<Identity>;
}

export interface HeartbeatThreadOptions {
  /** The system clock, which the heartbeat thread reads as well. */
  readonly clock: Clock;
  readonly log: Logger;
  readonly rate: number;
  readonly stallAfterMs: number | false;
  /**
   * Called once, when the thread has ended.
   * @param left the heartbeats that the thread sent and that are not released
   */
  readonly onEnded: (error: Error, left: Iterable<ThreadHeartbeat>) => void;
}

/** Listens to the heartbeats of a worker. */
export interface HeartbeatListener extends Pick<SchedulerOptions, 'onStretch' | 'onAnswer' | 'onSent'> {
  /** Called when the main thread turns again after a block. `gaveUp`: true where it had been taken for stuck. */
  readonly onBlocked: (blockedMs: number, gaveUp: boolean) => void;
  /** Called every {@link TURN_MS} while the main thread turns. */
  readonly onTurn: () => void;
}

/** For an interval below this, the heartbeat thread is sent a message to read the ledger at once. */
const SOON_MS = 5_000;
/** The interval at which the main thread looks for new credentials, which it sends to the heartbeat thread. */
const HAND_OVER_MS = 10_000;

const ENTRY = entryUrl('./heartbeat-thread-entry.js', import.meta.url);

/**
 * Starts the heartbeat thread, and exchanges messages with it, on the main thread. The heartbeat thread sends
 * heartbeats and serves the health port.
 */
export class HeartbeatThread {
  /** The main thread's access to the health port, which the heartbeat thread serves. */
  readonly health = new ThreadHealthClient((message) => {
    this.#send(message);
    this.#start();
  });
  readonly #options: HeartbeatThreadOptions;
  readonly #turns = new SharedArrayBuffer(4);
  readonly #ledgerMemory = ledgerMemory();
  readonly #ledger = new LeaseLedger(this.#ledgerMemory);
  /**
   * Undefined until the first task, the health port, or the worker's first turn needs the thread: the first polls are
   * then open sooner.
   */
  #thread: Worker | undefined;
  /** Messages that wait until the thread is started. */
  #unsent: ToThread[] = [];
  /** The asynchronous context in which the thread's messages are handled, so that none belongs to a task. */
  readonly #context = new AsyncResource('stepwright:heartbeats');
  /** The regions by port, each with its index in the order in which regions were opened. */
  readonly #regions = new Map<ActivityPort, LeanRegion & { readonly index: number }>();
  readonly #beats = new Map<number, ThreadHeartbeat>();
  readonly #timers: Cancel[] = [];
  #lastId = 0;
  #released: number[] = [];
  #listener: HeartbeatListener | undefined;
  #credentials: IdentitySource | undefined;
  /** The credentials that the thread has; undefined before the first. */
  #handed: { readonly identity: Identity; readonly number: number; readonly asOf: AsOf } | undefined;
  #closed = false;
  #ended = false;

  constructor(options: HeartbeatThreadOptions) {
    this.#options = options;
  }

  #start(): void {
    if (this.#thread || this.#closed || this.#ended) return;
    const { rate, stallAfterMs } = this.#options;
    const workerData: ThreadOptions = {
      turns: this.#turns,
      ledger: this.#ledgerMemory,
      rate,
      stallAfterMs,
      addresses: defaultAddresses(),
    };
    try {
      // Modules that NODE_OPTIONS preloads are for the app's own code: an SDK or an agent would be loaded twice, and
      // export twice.
      const env = { ...process.env, NODE_OPTIONS: '' };
      const thread = this.#context.runInAsyncScope(
        () => new Worker(ENTRY, { workerData, execArgv: [], env }),
      );
      this.#thread = thread;
      // The worker keeps the process alive, not this thread.
      thread.unref();
      thread.on('message', (message: FromThread) => this.#context.runInAsyncScope(() => this.#take(message)));
      let why = new Error('the thread ended');
      thread.on('error', (error: Error) => (why = error));
      // Only on exit: until then its port is in use.
      thread.on('exit', () => this.#end(why));
      for (const message of this.#unsent) thread.postMessage(message);
      this.#unsent = [];
    } catch (error) {
      this.#end(error as Error);
    }
  }

  /**
   * Lets the thread send the heartbeats of a region's port. Leases that are tracked before the thread has loaded wait
   * for the thread.
   */
  open(region: LeanRegion, credentials: IdentitySource): void {
    this.#regions.set(region.port, { ...region, index: this.#regions.size });
    this.#send({ kind: 'region', region: region.region, recipes: region.recipes });
    this.#credentials = credentials;
    void this.#handOver();
    region.port.onMended?.(() => void this.#handOver());
  }

  /** Begins to show the heartbeat thread that the main thread turns, and to report to the listener. */
  follow(listener: HeartbeatListener): void {
    this.#listener = listener;
    const turns = new Int32Array(this.#turns);
    const show = (): void => {
      Atomics.add(turns, 0, 1);
      listener.onTurn();
    };
    show();
    const { clock } = this.#options;
    this.#timers.push(
      clock.every(TURN_MS, () => {
        this.#start();
        show();
      }),
      clock.every(HAND_OVER_MS, () => void this.#handOver()),
    );
  }

  /**
   * Has the thread send the heartbeats of a lease. Undefined where the lease's port was not opened, and once the thread
   * has ended.
   */
  track(lease: TrackedLease): Heartbeat | undefined {
    const region = this.#regions.get(lease.port);
    if (!region) return undefined;
    this.#start();
    if (this.#ended) return undefined;
    const { token, everyMs, leasedAt } = lease;
    const id = ++this.#lastId;
    const written = this.#ledger.begin({ id, region: region.index, token, everyMs, leasedAt });
    const beat = new ThreadHeartbeat(lease, {
      ask: () => this.#send({ kind: 'send-now', id }),
      release: () => this.#release(id, written),
    });
    this.#beats.set(id, beat);
    if (!written) this.#send({ kind: 'track', id, region: region.region, token, everyMs, leasedAt });
    else if (everyMs < SOON_MS) this.#send({ kind: 'read-ledger' });
    return beat;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#timers) cancel();
    await this.#thread?.terminate();
  }

  async #handOver(): Promise<void> {
    try {
      const identity = await this.#credentials?.current();
      const asOf = this.#credentials?.asOf();
      if (!identity || !asOf || (this.#handed && isSame(identity, this.#handed.identity))) return;
      const { accessKeyId, secretAccessKey, sessionToken } = identity;
      const number = (this.#handed?.number ?? 0) + 1;
      this.#handed = { identity, number, asOf };
      this.#send({
        ...{ kind: 'identity', number },
        identity: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
      });
    } catch {
      // Calls report missing credentials. The thread keeps the last ones.
    }
  }

  /** Renews the credentials that the thread signs with, unless it has others by now. */
  async #refused({ number, type, error }: Extract<FromThread, { kind: 'refused' }>): Promise<void> {
    await this.#handOver();
    if (this.#handed?.number === number)
      this.#credentials?.refused({ type, error: toError(error) }, this.#handed.asOf);
  }

  #send(message: ToThread): void {
    if (this.#closed || this.#ended) return;
    if (this.#thread) this.#thread.postMessage(message);
    else this.#unsent.push(message);
  }

  /**
   * Ends a heartbeat in the thread: by the ledger, or, where the ledger has no room, by one message for all of a turn.
   */
  #release(id: number, written: boolean): void {
    if (!this.#beats.delete(id)) return;
    if (written && this.#ledger.end(id)) return;
    this.#released.push(id);
    if (this.#released.length > 1) return;
    this.#context.runInAsyncScope(() =>
      turn.after(() => {
        const ids = this.#released;
        this.#released = [];
        this.#send({ kind: 'release', ids });
      }),
    );
  }

  #take(message: FromThread): void {
    if (message.kind === 'results') this.#takeResults(message);
    else if (message.kind === 'gone') {
      const beat = this.#beats.get(message.id);
      this.#beats.delete(message.id);
      beat?.gone(toError(message.error));
    } else if (message.kind === 'load') this.#listener?.onStretch(message.stretched, message.load);
    else if (message.kind === 'unblocked') this.#listener?.onBlocked(message.blockedMs, message.gaveUp);
    else if (message.kind === 'refused') void this.#refused(message);
    else this.health.take(message);
  }

  #takeResults({ accepted, answered, lateMs, failed }: Extract<FromThread, { kind: 'results' }>): void {
    for (const [id, at] of accepted) {
      this.#beats.get(id)?.accepted(at);
      this.#listener?.onAnswer();
    }
    for (const id of answered) this.#beats.get(id)?.answered();
    for (const late of lateMs) this.#listener?.onSent?.(late);
    for (const error of failed) this.#listener?.onAnswer(toError(error));
  }

  #end(error: Error): void {
    if (this.#closed || this.#ended) return;
    this.#ended = true;
    this.#options.onEnded(error, this.#beats.values());
    this.#beats.clear();
    void this.#context.runInAsyncScope(() => this.#serveFromMain());
  }

  async #serveFromMain(): Promise<void> {
    const { log } = this.#options;
    try {
      if (await this.health.serveFromMain()) log.warn('probes are answered from the main thread from now on');
    } catch (error) {
      log.error(
        { error: showError(error as Error) },
        'the health port can not be opened again: no probe is answered',
      );
    }
  }
}

/**
 * Returns the way in which the main thread looks up addresses. Both modules are loaded here, since a test bed needs
 * neither.
 */
function defaultAddresses(): ThreadOptions['addresses'] {
  const { getDefaultResultOrder } = process.getBuiltinModule('node:dns');
  const { getDefaultAutoSelectFamily } = process.getBuiltinModule('node:net');
  return { order: getDefaultResultOrder(), autoSelectFamily: getDefaultAutoSelectFamily() };
}

const isSame = (one: Identity, other: Identity): boolean =>
  one.accessKeyId === other.accessKeyId &&
  one.sessionToken === other.sessionToken &&
  one.secretAccessKey === other.secretAccessKey;
