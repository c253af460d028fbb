import { AsyncResource } from 'node:async_hooks';
import { Worker } from 'node:worker_threads';
import type { Cancel, Clock } from '../../base/time/clock.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import { entryUrl } from '../../base/entry-url.js';
import { turn } from '../../base/time/turn.js';
import { showError } from '../../base/show.js';
import type { Logger } from '../../base/log/log.js';
import { ThreadHealthClient } from '../health/thread-health-client.js';
import type { Identity, Recipes } from '../../aws/lean/recipe.js';
import type { ActivityPort } from '../../aws/port.js';
import type { Heartbeat, TrackedLease } from '../heartbeat/heartbeats.js';
import type { SchedulerOptions } from '../heartbeat/heartbeat-scheduler.js';
import { LeaseLedger, ledgerMemory } from './lease-ledger.js';
import { ThreadHeartbeat } from './thread-heartbeat.js';
import {
  answerToText,
  type FromThread,
  type ThreadOptions,
  toError,
  type ToThread,
  TURN_MS,
} from './thread-messages.js';

/** A region whose heartbeats the thread sends. */
export interface LeanRegion {
  readonly region: string;
  readonly port: ActivityPort;
  readonly recipes: Recipes;
}

export interface HeartbeatThreadOptions {
  /** The machine's, which is the thread's as well. */
  readonly clock: Clock;
  readonly log: Logger;
  readonly rate: number;
  readonly stallAfterMs: number | false;
  /** Called once, when the thread has ended. @param left the heartbeats that it sent */
  readonly onEnded: (error: Error, left: Iterable<ThreadHeartbeat>) => void;
}

/** Listens to the heartbeats of a worker. */
export interface HeartbeatListener extends Pick<SchedulerOptions, 'onStretch' | 'onAnswer' | 'onSent'> {
  /** The main loop was blocked, and turns again. */
  readonly onBlocked: (blockedMs: number, gaveUp: boolean) => void;
  /** Called in each turn that shows that the main loop turns. */
  readonly onTurn: () => void;
}

/** What is to be beaten sooner than that is not left until the ledger is read next. */
const SOON_MS = 5_000;
/** How often the credentials are looked at, to be handed over as soon as the provider has new ones. */
const HAND_OVER_MS = 10_000;

const ENTRY = entryUrl('./heartbeat-thread-entry.js', import.meta.url);

/** The main thread's end of the thread that sends heartbeats and serves the health port. */
export class HeartbeatThread {
  /** The health port, which the thread answers as well. */
  readonly probes = new ThreadHealthClient((message) => {
    this.#send(message);
    this.#start();
  });
  readonly #options: HeartbeatThreadOptions;
  readonly #turns = new SharedArrayBuffer(4);
  readonly #ledgerMemory = ledgerMemory();
  readonly #ledger = new LeaseLedger(this.#ledgerMemory);
  /** Undefined until it is needed, or the worker has run for a turn: a start has its first polls open sooner. */
  #thread: Worker | undefined;
  /** What it is told when it starts. */
  #untold: ToThread[] = [];
  /** What runs here on behalf of the thread belongs to no task. */
  readonly #context = new AsyncResource('stepwright:heartbeats');
  /** With their places in the order in which they were opened. */
  readonly #regions = new Map<ActivityPort, LeanRegion & { readonly index: number }>();
  readonly #beats = new Map<number, ThreadHeartbeat>();
  readonly #timers: Cancel[] = [];
  #lastId = 0;
  #released: number[] = [];
  #listener: HeartbeatListener | undefined;
  #identity: Identity | undefined;
  #current: (() => Identity | Promise<Identity>) | undefined;
  #closed = false;
  /** The thread is no more. */
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
      // What an app has Node load first is for its own code: an SDK or an agent would be there, and export, twice.
      const env = { ...process.env, NODE_OPTIONS: '' };
      const thread = this.#context.runInAsyncScope(
        () => new Worker(ENTRY, { workerData, execArgv: [], env }),
      );
      this.#thread = thread;
      // The worker keeps the process, not this.
      thread.unref();
      thread.on('message', (message: FromThread) => this.#context.runInAsyncScope(() => this.#take(message)));
      let why = new Error('the thread ended');
      thread.on('error', (error: Error) => (why = error));
      // Not before: until then what it listens on is taken.
      thread.on('exit', () => this.#lost(why));
      for (const message of this.#untold) thread.postMessage(message);
      this.#untold = [];
    } catch (error) {
      this.#lost(error as Error);
    }
  }

  /**
   * Beats what comes from this port in the thread. What is tracked before that thread has loaded waits for it there, if
   * it ever needs a beat so soon.
   * @param current what calls are signed with, as it is now
   */
  open(region: LeanRegion, current: () => Identity | Promise<Identity>): void {
    this.#regions.set(region.port, { ...region, index: this.#regions.size });
    this.#send({ kind: 'region', region: region.region, recipes: region.recipes });
    this.#current = current;
    void this.#handOver();
    region.port.onMended?.(() => void this.#handOver());
  }

  /** Begins to show that the main loop turns, and tells what the thread tells. */
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

  /** Returns undefined once the thread has ended, and where the port was not opened. */
  track(lease: TrackedLease): Heartbeat | undefined {
    const region = this.#regions.get(lease.port);
    if (!region) return undefined;
    this.#start();
    if (this.#ended) return undefined;
    const { token, everyMs, leasedAt } = lease;
    const id = ++this.#lastId;
    const written = this.#ledger.begin({ id, region: region.index, token, everyMs, leasedAt });
    const beat = new ThreadHeartbeat(lease, {
      ask: () => this.#send({ kind: 'now', id }),
      release: () => this.#release(id, written),
    });
    this.#beats.set(id, beat);
    if (!written) this.#send({ kind: 'track', id, region: region.region, token, everyMs, leasedAt });
    else if (everyMs < SOON_MS) this.#send({ kind: 'read' });
    return beat;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#timers) cancel();
    await this.#thread?.terminate();
  }

  async #handOver(): Promise<void> {
    try {
      const identity = await this.#current?.();
      if (!identity) return;
      const { accessKeyId, secretAccessKey, sessionToken } = identity;
      const known = this.#identity;
      if (
        known?.accessKeyId === accessKeyId &&
        known.sessionToken === sessionToken &&
        known.secretAccessKey === secretAccessKey
      )
        return;
      this.#identity = identity;
      this.#send({
        kind: 'identity',
        identity: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
      });
    } catch {
      // Whoever makes a call says so. The thread goes on with the last ones.
    }
  }

  #send(message: ToThread): void {
    if (this.#closed || this.#ended) return;
    if (this.#thread) this.#thread.postMessage(message);
    else this.#untold.push(message);
  }

  /** What the ledger has no room for is told by messages, those of one turn in one. */
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
    if (message.kind === 'news') this.#news(message);
    else if (message.kind === 'gone') {
      const beat = this.#beats.get(message.id);
      this.#beats.delete(message.id);
      beat?.gone(toError(message.error));
    } else if (message.kind === 'stretch') this.#listener?.onStretch(message.stretched, message.load);
    else if (message.kind === 'turned') this.#listener?.onBlocked(message.blockedMs, message.gaveUp);
    else if (message.kind === 'refused') void this.#tryInstead(message);
    else this.probes.take(message);
  }

  #news({ taken, asked, lateMs, failed }: Extract<FromThread, { kind: 'news' }>): void {
    for (const [id, at] of taken) {
      this.#beats.get(id)?.taken(at);
      this.#listener?.onAnswer();
    }
    for (const id of asked) this.#beats.get(id)?.answered();
    for (const late of lateMs) this.#listener?.onSent?.(late);
    for (const error of failed) this.#listener?.onAnswer(toError(error));
  }

  async #tryInstead({ beat, region, token }: Extract<FromThread, { kind: 'refused' }>): Promise<void> {
    const port = [...this.#regions.values()].find((each) => each.region === region)?.port;
    if (!port) return;
    const limit = new AbortController();
    const cancel = limitCallAfter(this.#options.clock, INSTEAD_LIMIT_MS, () =>
      limit.abort(new Error(`no answer to a heartbeat within ${INSTEAD_LIMIT_MS} ms`)),
    );
    const answer = await port.heartbeat(token, limit.signal);
    cancel();
    this.#send({ kind: 'instead', beat, answer: answerToText(answer) });
  }

  #lost(error: Error): void {
    if (this.#closed || this.#ended) return;
    this.#ended = true;
    this.#options.onEnded(error, this.#beats.values());
    this.#beats.clear();
    void this.#context.runInAsyncScope(() => this.#answerProbes());
  }

  async #answerProbes(): Promise<void> {
    const { log } = this.#options;
    try {
      if (await this.probes.goOn()) log.warn('probes are answered from the main thread from now on');
    } catch (error) {
      log.error(
        { error: showError(error as Error) },
        'the health port can not be opened again: no probe is answered',
      );
    }
  }
}

const INSTEAD_LIMIT_MS = 10_000;

/** How the main thread looks addresses up. What makes no thread, as a bed, loads neither module. */
function defaultAddresses(): ThreadOptions['addresses'] {
  const { getDefaultResultOrder } = process.getBuiltinModule('node:dns');
  const { getDefaultAutoSelectFamily } = process.getBuiltinModule('node:net');
  return { order: getDefaultResultOrder(), autoSelectFamily: getDefaultAutoSelectFamily() };
}
