import { activityPort, type ActivityPort } from '../../aws/activity-port.js';
import type { LeanCalls, LeanSettings } from '../../aws/lean/lean-calls.js';
import type { Clock } from '../../base/time/clock.js';
import { showDuration } from '../../base/time/duration.js';
import { turn } from '../../base/time/turn.js';
import type { servePages } from '../health/page-server.js';
import { HealthServer } from '../health/health-server.js';
import type { Heartbeat } from '../heartbeat/heartbeats.js';
import { HeartbeatScheduler } from '../heartbeat/heartbeat-scheduler.js';
import { AskedProtection, type ToProtection } from '../protect/protection.js';
import type { Platform } from '../protect/platform.js';
import { HandedCredentials } from './handed-credentials.js';
import type {
  FromThread,
  Results,
  SidecarOptions,
  ThreadOptions,
  ToThread,
  SentLease,
} from './heartbeat-thread.js';
import { toText } from './heartbeat-thread.js';
import { MainLoopWatch } from './main-loop-watch.js';

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
  readonly #credentials: HandedCredentials;
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
        if (error) this.#turnResults().failed.push(toText(error));
      },
      onSent: (lateMs) => this.#turnResults().lateMs.push(lateMs),
    });
    this.#credentials = new HandedCredentials(clock, ({ type, error }, generation) =>
      send({ kind: 'refused', generation, type, error: toText(error) }),
    );
  }

  /** Handles a message from the main thread. */
  take(message: ToThread): void {
    if (message.kind === 'region') this.#open(message);
    else if (message.kind === 'credentials') this.#credentials.take(message.credentials, message.generation);
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
    const calls = recipes && this.host.leanCalls?.({ recipes, credentials: this.#credentials });
    const port = this.host.portOf?.(region) ?? (calls && activityPort(calls, this.#credentials));
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
    const onAccepted = (sentAt: number): void => void this.#turnResults().accepted.push([id, sentAt]);
    const lease = { token, everyMs, leasedAt: lastAt ?? since, port, onGone, onAccepted };
    this.#beats.set(id, Object.assign(this.#scheduler.track(lease), { since }));
  }

  #sendNow(id: number): void {
    void (this.#beats.get(id)?.now() ?? Promise.resolve()).then(() => this.#turnResults().answered.push(id));
  }

  /** Returns the results of this turn of the event loop, which are sent when it is over. */
  #turnResults(): Results {
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
