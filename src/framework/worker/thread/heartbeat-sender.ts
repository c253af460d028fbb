import type { ActivityPort, ReportAnswer } from '../../aws/activity-port.js';
import { activityPort } from '../../aws/activity-calls.js';
import type { OpenConnection } from '../../aws/lean/connections.js';
import { LeanCalls } from '../../aws/lean/lean-calls.js';
import type { Clock } from '../../base/time/clock.js';
import { showDuration } from '../../base/time/duration.js';
import type { servePages } from '../health/page-server.js';
import { ThreadHealthServer } from '../health/thread-health-server.js';
import type { Heartbeat } from '../heartbeat/heartbeats.js';
import { HeartbeatScheduler } from '../heartbeat/heartbeat-scheduler.js';
import { ThreadProtectionServer } from '../protect/thread-protection-server.js';
import { HandedIdentity } from './handed-identity.js';
import { HeartbeatResults } from './heartbeat-results.js';
import { LeaseLedger } from './lease-ledger.js';
import { MainLoopWatch } from './main-loop-watch.js';
import { type FromThread, type ThreadOptions, TURN_MS, toText, type ToThread } from './thread-messages.js';

/** Everything outside of the heartbeat thread that its code uses, so that tests can replace it. */
export interface HeartbeatSenderWorld {
  readonly clock: Clock;
  readonly random: () => number;
  /** Sends a message to the main thread. */
  readonly send: (message: FromThread) => void;
  /**
   * Writes a line to standard error or output directly. Needed while the main thread, which normally writes the log, is
   * blocked.
   */
  readonly writeLine: (line: string) => void;
  /** Opens the connections for heartbeats. @default connections over TCP and TLS */
  readonly open?: OpenConnection;
  /** Opens the health port. @default over HTTP */
  readonly servePages?: typeof servePages;
}

/**
 * The code of the heartbeat thread. It has its own connections and its own scheduler. It shares only two pieces of
 * memory with the main thread: a counter that shows if the main thread is running, and the ledger, from which it reads
 * which tasks need heartbeats. So handlers that block the main thread don't stop heartbeats.
 */
export class HeartbeatSender {
  readonly #world: HeartbeatSenderWorld;
  readonly #results: HeartbeatResults;
  readonly #mainLoop: MainLoopWatch;
  readonly #health: ThreadHealthServer;
  readonly #protection: ThreadProtectionServer;
  readonly #scheduler: HeartbeatScheduler;
  readonly #ledger: LeaseLedger;
  readonly #identity: HandedIdentity;
  /**
   * The AWS regions in the order in which they were opened. An entry of the ledger (the shared memory with the tasks
   * that need heartbeats) refers to its region by the index in this list.
   */
  readonly #regions: string[] = [];
  readonly #ports = new Map<string, ActivityPort>();
  readonly #beats = new Map<number, Heartbeat>();

  constructor({ turns, ledger, rate, stallAfterMs }: ThreadOptions, world: HeartbeatSenderWorld) {
    const { clock, random, send } = world;
    this.#world = world;
    this.#results = new HeartbeatResults(send);
    this.#mainLoop = new MainLoopWatch({
      ...{ turns, stallAfterMs, clock },
      onStuck: (blockedMs) => world.writeLine(stuckLine(blockedMs)),
      onUnblocked: (blockedMs, gaveUp) => send({ kind: 'unblocked', blockedMs, gaveUp }),
    });
    this.#health = new ThreadHealthServer(this.#mainLoop, clock, send, world.servePages);
    this.#protection = new ThreadProtectionServer({ clock, random, send, mainLoop: this.#mainLoop });
    this.#scheduler = new HeartbeatScheduler({
      ...{ clock, rate, random },
      onStretch: (stretched, load) => send({ kind: 'load', stretched, load }),
      onAnswer: (error) => {
        if (error) this.#results.failed(error);
      },
      onSent: (lateMs) => this.#results.sent(lateMs),
    });
    this.#ledger = new LeaseLedger(ledger);
    this.#identity = new HandedIdentity({
      clock,
      ask: ({ type, error }, number) => send({ kind: 'refused', number, type, error: toText(error) }),
      onRenewed: () => this.#scheduler.mended(),
    });
    clock.every(TURN_MS, () => this.#readLedger());
  }

  /** Handles a message from the main thread. */
  take(message: ToThread): void {
    // The ledger may contain entries that were written before this message was sent.
    this.#readLedger();
    if (message.kind === 'region') this.#open(message);
    else if (message.kind === 'identity') this.#identity.take(message.identity, message.number);
    else if (message.kind === 'track') this.#track(message);
    else if (message.kind === 'send-now') {
      const { id } = message;
      void (this.#beats.get(id)?.now() ?? Promise.resolve()).then(() => this.#results.answered(id));
    } else if (message.kind === 'release') this.#release(message.ids);
    else if (message.kind === 'protect' || message.kind === 'unprotect') this.#protection.take(message);
    else if (message.kind !== 'read-ledger') this.#health.take(message);
  }

  #open({ region, recipes }: Extract<ToThread, { kind: 'region' }>): void {
    this.#regions.push(region);
    const { open } = this.#world;
    const calls = new LeanCalls({ recipes, identity: () => this.#identity.current(), open });
    const port = activityPort((request, call, onEnd) => calls.begin(request, call, onEnd), this.#identity);
    const heartbeat: ActivityPort['heartbeat'] = async (...args) =>
      this.#mainLoop.stuck ? STUCK : port.heartbeat(...args);
    this.#ports.set(region, { ...port, heartbeat });
  }

  #readLedger(): void {
    // A region's message is sent before any of its leases is written, so there can't be any yet.
    if (this.#regions.length === 0) return;
    const { leases, over } = this.#ledger.read();
    this.#release(over);
    for (const { region, ...lease } of leases) this.#track({ ...lease, region: this.#regions[region] ?? '' });
  }

  #release(ids: readonly number[]): void {
    for (const id of ids) {
      this.#beats.get(id)?.release();
      this.#beats.delete(id);
    }
  }

  #track({ id, region, ...lease }: Omit<Extract<ToThread, { kind: 'track' }>, 'kind'>): void {
    const port = this.#ports.get(region);
    if (!port) return;
    const { clock, send } = this.#world;
    const heartbeat: ActivityPort['heartbeat'] = async (token, signal, isWanted) => {
      const sentAt = clock.now();
      const answer = await port.heartbeat(token, signal, () => {
        // The main thread may have written since the last turn that the lease has ended.
        this.#readLedger();
        return isWanted?.() !== false;
      });
      if (answer.kind === 'ok') this.#results.accepted(id, sentAt);
      return answer;
    };
    const onGone = (error: Error): void => {
      this.#beats.delete(id);
      send({ kind: 'gone', id, error: toText(error) });
    };
    this.#beats.set(id, this.#scheduler.track({ ...lease, port: { ...port, heartbeat }, onGone }));
  }
}

const stuckLine = (blockedMs: number): string =>
  `The event loop has been blocked for ${showDuration(blockedMs)}: it counts as stuck. No heartbeats are sent any more, so that other workers get its tasks.`;

const STUCK: ReportAnswer = {
  kind: 'retry',
  pace: 'slow',
  mayHaveArrived: false,
  error: new Error('the main thread counts as stuck'),
};
