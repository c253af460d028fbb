import { activityPort, type ActivityPort } from '../../aws/activity-port.js';
import type { LeanCalls, LeanSettings } from '../../aws/lean/lean-calls.js';
import type { Cancel, Clock } from '../../base/time/clock.js';
import { showDuration } from '../../base/time/duration.js';
import { turn } from '../../base/time/turn.js';
import type { servePages } from '../health/page-server.js';
import { HealthServer } from '../health/health-server.js';
import type { Heartbeat } from '../heartbeat/heartbeats.js';
import { HeartbeatScheduler } from '../heartbeat/heartbeat-scheduler.js';
import { AskedProtection, type ToProtection } from '../protect/protection.js';
import type { Platform } from '../protect/platform.js';
import { HandedIdentity } from './handed-identity.js';
import type {
  FromThread,
  Results,
  SidecarOptions,
  ThreadOptions,
  ToThread,
  SentLease,
} from './heartbeat-thread.js';
import { toText, TURN_MS } from './heartbeat-thread.js';

/** Everything outside of the sidecar that its code uses. */
interface SidecarHost {
  readonly clock: Clock;
  readonly random: () => number;
  /** Sends a message to the main thread. */
  readonly send: (message: FromThread) => void;
  /**
   * Writes a line to standard error or output directly. Needed while the main thread, which normally writes the log, is
   * blocked.
   */
  readonly writeLine: (line: string) => void;
  /** Returns the main thread's own connection to a region. @default calls of the sidecar's own, by the recipes */
  readonly portOf?: (region: string) => ActivityPort | undefined;
  /** Makes the calls where there is no connection of the main thread. A test bed must not load it, so it comes in. */
  readonly leanCalls?: (settings: LeanSettings) => Pick<LeanCalls, 'begin'>;
  /** Opens the health port. @default over HTTP */
  readonly servePages?: typeof servePages | undefined;
  /** The platform that is asked for protection. @default the one that the environment variables show */
  readonly platform?: Platform | undefined;
}

type Protect = Extract<ToProtection, { kind: 'protect' }>;

/**
 * What runs beside the main thread of a worker: it sends the heartbeats, serves the health port, and asks the platform
 * for protection. It is in the heartbeat thread, where handlers can't block it, or on the main thread if there is none.
 * Beside messages, it shares a counter of the main thread's turns.
 */
export class Sidecar {
  readonly #mainLoop: MainLoopWatch;
  readonly #health: HealthServer;
  readonly #scheduler: HeartbeatScheduler;
  readonly #identity: HandedIdentity;
  readonly #ports = new Map<string, ActivityPort>();
  readonly #beats = new Map<number, Heartbeat & { readonly since: number }>();
  #protection: Promise<AskedProtection | undefined> | undefined;
  /** The results that are sent at the end of this turn of the event loop; undefined if there are none. */
  #results: Results | undefined;

  /** @param options `turns`: left out on the main thread itself, which is never blocked for its own eyes */
  constructor(
    options: SidecarOptions & Partial<Pick<ThreadOptions, 'turns'>>,
    private readonly host: SidecarHost,
  ) {
    const { clock, random, send, servePages } = host;
    const { heartbeatRate, takesOver } = options;
    this.#mainLoop = new MainLoopWatch({
      ...options,
      clock,
      onStuck: (blockedMs) => host.writeLine(stuckLine(blockedMs)),
      onUnblocked: (blockedMs, gaveUp) => send({ kind: 'unblocked', blockedMs, gaveUp }),
    });
    this.#health = new HealthServer(this.#mainLoop, clock, send, servePages);
    this.#scheduler = new HeartbeatScheduler({
      clock,
      rate: heartbeatRate,
      random,
      takesOver,
      isStopped: () => this.#mainLoop.stuck,
      onLate: (late) => send({ kind: 'late', late }),
      onAnswer: (error) => {
        if (error) this.#toSend.failed.push(toText(error));
      },
      onSent: (lateMs) => this.#toSend.lateMs.push(lateMs),
    });
    this.#identity = new HandedIdentity(clock, ({ type, error }, asOf) =>
      send({ kind: 'refused', asOf, type, error: toText(error) }),
    );
  }

  /** Handles a message from the main thread. */
  take(message: ToThread): void {
    if (message.kind === 'region') this.#open(message);
    else if (message.kind === 'identity') this.#identity.take(message.identity, message.asOf);
    else if (message.kind === 'tasks') this.#takeTasks(message);
    else if (message.kind === 'send-now') this.#sendNow(message.id);
    else if (message.kind === 'protect') this.#protection = this.#protect(message);
    else if (message.kind === 'unprotect') void this.#unprotect();
    else this.#health.take(message);
  }

  /** Ends everything. Where the sidecar is a thread, the end of the thread does that. */
  close(): void {
    this.#scheduler.close();
    this.#mainLoop.close();
    this.#health.close();
    void this.#protection?.then((protection) => protection?.stop());
  }

  async #protect({ protect, protectAfterMs: afterMs, mayBeHeld }: Protect) {
    const { clock, random, send } = this.host;
    const { findPlatform } = await import('../protect/find-platform.js');
    const platform = this.host.platform ?? findPlatform(protect, process.env);
    return (
      platform &&
      new AskedProtection({
        platform,
        afterMs,
        mayBeHeld,
        clock,
        random,
        oldest: () => this.#oldest,
        tell: (status, change) => send({ kind: 'protection', status, change }),
      })
    );
  }

  async #unprotect(): Promise<void> {
    await (await this.#protection)?.close();
    this.host.send({ kind: 'unprotected' });
  }

  /** The time since which the oldest task runs. A stuck main thread has none: the service gives its tasks to others. */
  get #oldest(): number | undefined {
    if (this.#mainLoop.stuck || this.#beats.size === 0) return undefined;
    return Math.min(...Array.from(this.#beats.values(), ({ since }) => since));
  }

  #open({ region, recipes }: Extract<ToThread, { kind: 'region' }>): void {
    const calls = recipes && this.host.leanCalls?.({ recipes, credentials: this.#identity });
    const port = this.host.portOf?.(region) ?? (calls && activityPort(calls, this.#identity));
    if (port) this.#ports.set(region, port);
  }

  #takeTasks({ tracked, released }: Extract<ToThread, { kind: 'tasks' }>): void {
    for (const task of tracked) this.#track(task);
    for (const id of released) {
      this.#beats.get(id)?.release();
      this.#beats.delete(id);
    }
  }

  #track({ id, region, token, everyMs, leasedAt: since, lastAt }: SentLease): void {
    const port = this.#ports.get(region);
    if (!port) return;
    const onGone = (error: Error): void => {
      this.#beats.delete(id);
      this.host.send({ kind: 'gone', id, error: toText(error) });
    };
    const onAccepted = (sentAt: number): void => void this.#toSend.accepted.push([id, sentAt]);
    const lease = { token, everyMs, leasedAt: lastAt ?? since, port, onGone, onAccepted };
    this.#beats.set(id, Object.assign(this.#scheduler.track(lease), { since }));
  }

  #sendNow(id: number): void {
    void (this.#beats.get(id)?.now() ?? Promise.resolve()).then(() => this.#toSend.answered.push(id));
  }

  get #toSend(): Results {
    if (this.#results) return this.#results;
    turn.after(() => {
      const results = this.#results;
      this.#results = undefined;
      if (results) this.host.send({ kind: 'results', ...results });
    });
    return (this.#results = { accepted: [], answered: [], lateMs: [], failed: [] });
  }
}

const stuckLine = (blockedMs: number): string =>
  `The event loop has been blocked for ${showDuration(blockedMs)}: it counts as stuck. No heartbeats are sent any more, so that other workers get its tasks.`;

interface MainLoopWatchOptions {
  /** The counter of the main thread's turns. Left out on the main thread itself. @default it is never blocked */
  readonly turns?: SharedArrayBuffer | undefined;
  readonly stallAfterMs: number | false;
  readonly clock: Clock;
  /**
   * Called when the main thread's event loop has been blocked for `stallAfterMs`, so that it counts as stuck. Called
   * once for each such block.
   */
  readonly onStuck: (blockedMs: number) => void;
  /** Called when the main thread's event loop runs again after it was blocked for {@link REPORTED_MS} or longer. */
  readonly onUnblocked: (blockedMs: number, wasStuck: boolean) => void;
}

/** A block of the main thread's event loop is reported if it lasted at least this long. */
const REPORTED_MS = 1_000;

/**
 * Checks in the heartbeat thread if the main thread's event loop is running. It measures a block in turns of its own
 * event loop, which doesn't turn either while the whole process is stopped.
 */
export class MainLoopWatch {
  readonly #cancel: Cancel;
  #seen = -1;
  #blocked = 0;
  #stuck = false;

  constructor(private readonly options: MainLoopWatchOptions) {
    const turns = options.turns && new Int32Array(options.turns);
    this.#cancel = turns ? options.clock.every(TURN_MS, () => this.#look(turns)) : () => {};
  }

  /** The milliseconds for which the main thread's event loop has been blocked; 0 while it is running. */
  get blockedMs(): number {
    return this.#blocked * TURN_MS;
  }

  /** True while the main thread counts as stuck: its event loop has been blocked for `stallAfterMs` or longer. */
  get stuck(): boolean {
    return this.#stuck;
  }

  close(): void {
    this.#cancel();
  }

  #look(counter: Int32Array): void {
    const turns = Atomics.load(counter, 0);
    const { stallAfterMs, onStuck, onUnblocked } = this.options;
    // Before its first turn, the main thread may still be starting.
    if (turns === this.#seen && turns > 0) {
      this.#blocked++;
      if (this.#stuck || stallAfterMs === false || this.blockedMs < stallAfterMs) return;
      this.#stuck = true;
      return onStuck(this.blockedMs);
    }
    if (this.blockedMs >= REPORTED_MS) onUnblocked(this.blockedMs, this.#stuck);
    this.#seen = turns;
    this.#blocked = 0;
    this.#stuck = false;
  }
}
