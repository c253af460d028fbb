import { AsyncResource } from 'node:async_hooks';
import type { ActivityPort } from '../../aws/activity-port.js';
import type { Recipes } from '../../aws/lean/recipe.js';
import type { Logger } from '../../base/log/log.js';
import { showError } from '../../base/show.js';
import type { Settings } from '../../config/resolve.js';
import { type Cancel, type Clock, systemClock } from '../../base/time/clock.js';
import { turn } from '../../base/time/turn.js';
import { type Resolvers, withResolvers } from '../../base/time/wait.js';
import type { servePages } from '../health/page-server.js';
import { HealthClient } from '../health/health-port.js';
import type { Heartbeat, Heartbeats, Lease } from '../heartbeat/heartbeats.js';
import type { SchedulerOptions } from '../heartbeat/heartbeat-scheduler.js';
import type { Platform } from '../protect/platform.js';
import { Protection } from '../protect/protection.js';
import { Sidecar } from './sidecar.js';
import { CredentialsHandOver, type CurrentCredentials } from './handed-credentials.js';
import type {
  FromThread,
  Results,
  SidecarOptions,
  StartedThread,
  StartThread,
  ToThread,
  SentLease,
} from './heartbeat-thread.js';
import { hasThreadFile, startThread, toError, TURN_MS } from './heartbeat-thread.js';

interface WorkerHeartbeatsOptions extends Pick<Settings, 'heartbeatRate' | 'stallAfterMs'> {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** The thread makes lean calls only, since it doesn't load the SDK. @default 'lean' */
  readonly calls?: Settings['calls'];
  /**
   * Starts the thread that sends heartbeats. @default a worker thread of this process; if a clock was passed in, no
   * thread is started
   */
  readonly startHeartbeatThread?: StartThread | undefined;
  /** Opens the health port where the main thread serves it. @default over HTTP */
  readonly servePages?: typeof servePages | undefined;
  /** The platform that is asked for protection, from the main thread. @default the one that the variables show */
  readonly platform?: Platform | undefined;
}

/** An AWS region in which handlers poll for tasks. The tasks' heartbeats are sent to the same region. */
interface HeartbeatRegion {
  readonly region: string;
  readonly port: ActivityPort;
  /** The parts that all requests of the region have in common. Undefined if calls go through the AWS SDK. */
  readonly recipes: Recipes | undefined;
}

/** Callbacks for what happens to a worker's heartbeats, and for blocks of its main thread. */
export interface HeartbeatListener extends Pick<SchedulerOptions, 'onLate' | 'onAnswer' | 'onSent'> {
  /**
   * Called when the main thread's event loop runs again after it was blocked. `gaveUp`: true if it was blocked for so
   * long that the heartbeat thread had stopped sending heartbeats.
   */
  readonly onBlocked: (blockedMs: number, gaveUp: boolean) => void;
  /** Called when the thread has ended twice within a minute: the worker should stop. */
  readonly onFailed: (error: Error) => void;
}

/** A thread that ends again within this time after it ended once isn't started again. */
const AGAIN_MS = 60_000;
/** The interval at which the main thread checks if its credentials have changed, and hands them over. */
const HAND_OVER_MS = 10_000;

/**
 * The main thread's side of a worker's heartbeats: it has the map of all leases, and tells the sidecar which tasks begin
 * and end. The sidecar is a thread, which is started again from the map if it ends; after a second end within a minute
 * the worker stops with an error. The sidecar runs on the main thread then, and with the SDK's calls, a clock that was
 * passed in, or a bundle without the thread's file.
 */
export class WorkerHeartbeats implements Heartbeats {
  /** Tells the sidecar what the health port shows; the sidecar serves it. */
  readonly health: HealthClient;
  /** Makes the sidecar request scale-in protection. */
  readonly protection: Protection;
  readonly #turns = new Int32Array(new SharedArrayBuffer(4));
  /**
   * The async context in which messages of the sidecar are handled: outside of any task, also if the sidecar was started
   * for one.
   */
  readonly #context = new AsyncResource('stepwright:heartbeats');
  readonly #regions = new Map<ActivityPort, HeartbeatRegion>();
  readonly #heartbeats = new Map<number, RemoteHeartbeat>();
  readonly #timers: Cancel[] = [];
  /** Undefined until it is needed: for the health port, for protection, or for the first task. */
  #sidecar: StartedThread | undefined;
  #isOnMain: boolean;
  #endedAt = Number.NEGATIVE_INFINITY;
  #lastId = 0;
  /** The tasks of which the sidecar is told at the end of this turn of the event loop, and the promise for that. */
  #tracked: SentLease[] = [];
  #released: number[] = [];
  #told: Promise<void> | undefined;
  #listener: HeartbeatListener | undefined;
  /** Hands the credentials over to the thread. */
  #handOver: CredentialsHandOver | undefined;
  #closed = false;

  constructor(private readonly options: WorkerHeartbeatsOptions) {
    const { clock, startHeartbeatThread: start, calls, platform, log } = options;
    const isMissing = !start && clock === systemClock && !hasThreadFile();
    if (isMissing) log.info(NO_FILE);
    this.#isOnMain =
      calls === 'sdk' || isMissing || (!start && (clock !== systemClock || platform !== undefined));
    this.health = new HealthClient(log, (message) => void this.#send(message, message.kind === 'listen'));
    this.protection = new Protection(clock, (message) => this.#send(message, message.kind === 'protect'));
  }

  /**
   * Makes the connections to these regions known. Called once, with all regions of the worker.
   * @param credentials the credentials with which calls are signed
   */
  connect(regions: readonly HeartbeatRegion[], credentials: CurrentCredentials): void {
    for (const region of regions) this.#add(region);
    if (this.#isOnMain) return;
    const handOver = new CredentialsHandOver(credentials, (message) => this.#send(message, false));
    this.#handOver = handOver;
    for (const { port } of regions) port.onRenewed?.(() => void handOver.renew());
    void handOver.renew();
  }

  /** From now on calls the listener's callbacks, and shows the sidecar that the event loop runs. To be called once. */
  follow(listener: HeartbeatListener): void {
    this.#listener = listener;
    const { clock } = this.options;
    Atomics.add(this.#turns, 0, 1);
    this.#timers.push(clock.every(TURN_MS, () => void Atomics.add(this.#turns, 0, 1)));
    if (this.#handOver) this.#timers.push(clock.every(HAND_OVER_MS, () => void this.#handOver?.renew()));
  }

  track(lease: Lease): Heartbeat {
    const { port } = lease;
    if (this.#isOnMain && !this.#regions.has(port))
      this.#add({ region: `port ${this.#regions.size}`, port, recipes: undefined });
    if (!this.#sidecar) this.#start();
    const id = ++this.#lastId;
    const heartbeat = new RemoteHeartbeat(lease, id, this, this.#atTurnsEnd());
    this.#heartbeats.set(id, heartbeat);
    this.#track(id, heartbeat);
    return heartbeat;
  }

  /** Makes the sidecar send the heartbeat of a lease soon. */
  sendNow(id: number): void {
    this.#tell();
    this.#send({ kind: 'send-now', id }, true);
  }

  /** Makes the sidecar send no more heartbeats of a lease. */
  forget(id: number): void {
    if (!this.#heartbeats.delete(id)) return;
    this.#released.push(id);
    void this.#atTurnsEnd();
  }

  #add(region: HeartbeatRegion): void {
    this.#regions.set(region.port, region);
    this.#send({ kind: 'region', region: region.region, recipes: region.recipes }, false);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#timers) cancel();
    await this.#sidecar?.terminate();
  }

  #start(takesOver = false): void {
    if (this.#sidecar || this.#closed) return;
    const { heartbeatRate, stallAfterMs } = this.options;
    const options = { heartbeatRate, stallAfterMs, takesOver };
    try {
      this.#sidecar = this.#context.runInAsyncScope(() =>
        this.#isOnMain ? this.#startHere(options) : this.#startThread(options),
      );
    } catch (error) {
      return this.#ended(error as Error);
    }
    for (const region of this.#regions.values()) this.#add(region);
    this.#handOver?.again();
    this.#tracked = [];
    for (const [id, heartbeat] of this.#heartbeats) this.#track(id, heartbeat);
    this.#tell();
    for (const [id, { asked }] of this.#heartbeats) if (asked) this.sendNow(id);
    this.health.restart();
    this.protection.restart();
  }

  #startHere(options: SidecarOptions): StartedThread {
    const { clock, random, servePages, platform } = this.options;
    const sidecar = new Sidecar(options, {
      clock,
      random,
      servePages,
      platform,
      send: (message) => this.#take(message),
      writeLine: () => {},
      portOf: (name) => [...this.#regions.values()].find(({ region }) => region === name)?.port,
    });
    return {
      postMessage: (message) => this.#context.runInAsyncScope(() => sidecar.take(message)),
      terminate: async () => sidecar.close(),
    };
  }

  #startThread(options: SidecarOptions): StartedThread {
    const { startHeartbeatThread: start = startThread } = this.options;
    return start(
      {
        ...options,
        turns: this.#turns.buffer,
        addresses: defaultAddresses(),
        certificates: ownCertificates(),
      },
      {
        onMessage: (message) => this.#context.runInAsyncScope(() => this.#take(message)),
        onExit: (error) => this.#context.runInAsyncScope(() => this.#ended(error)),
      },
    );
  }

  /** Called when the thread has ended, or couldn't be started. */
  #ended(error: Error): void {
    if (this.#closed || this.#isOnMain) return;
    const { clock, log } = this.options;
    const now = clock.now();
    this.#isOnMain = now - this.#endedAt < AGAIN_MS;
    this.#endedAt = now;
    this.#sidecar = undefined;
    log.error({ error: showError(error) }, this.#isOnMain ? ENDED_AGAIN : ENDED);
    this.#start(true);
    if (this.#isOnMain) this.#listener?.onFailed(new Error(ENDED_AGAIN, { cause: error }));
  }

  /**
   * @param starts true if the sidecar is started for this message. What it has to know is sent to it when it starts.
   * @returns false if there is no sidecar
   */
  #send(message: ToThread, starts: boolean): boolean {
    if (this.#closed) return false;
    if (this.#sidecar) this.#sidecar.postMessage(message);
    else if (starts) this.#start();
    return this.#sidecar !== undefined;
  }

  #track(id: number, { lease, lastAt }: RemoteHeartbeat): void {
    const region = lease && this.#regions.get(lease.port)?.region;
    if (!lease || region === undefined) return;
    const { token, everyMs, leasedAt } = lease;
    this.#tracked.push({ id, region, token, everyMs, leasedAt, lastAt });
  }

  /** One message for all tasks that begin or end in a turn costs the two threads much less than one for each. */
  #atTurnsEnd(): Promise<void> {
    return (this.#told ??= new Promise((resolve) =>
      turn.after(() => {
        this.#told = undefined;
        this.#tell();
        resolve();
      }),
    ));
  }

  /** Tells the sidecar of the tasks that have begun or ended in this turn of the event loop. */
  #tell(): void {
    const [tracked, released] = [this.#tracked, this.#released];
    if (tracked.length + released.length === 0) return;
    [this.#tracked, this.#released] = [[], []];
    this.#send({ kind: 'tasks', tracked, released }, false);
  }

  #take(message: FromThread): void {
    if (this.#closed) return;
    if (message.kind === 'results') this.#takeResults(message);
    else if (message.kind === 'gone') {
      const heartbeat = this.#heartbeats.get(message.id);
      this.#heartbeats.delete(message.id);
      heartbeat?.gone(toError(message.error));
    } else if (message.kind === 'late') this.#listener?.onLate(message.late);
    else if (message.kind === 'unblocked') this.#listener?.onBlocked(message.blockedMs, message.gaveUp);
    else if (message.kind === 'refused') void this.#handOver?.refused(message);
    else if (message.kind === 'protection' || message.kind === 'unprotected') this.protection.take(message);
    else this.health.take(message);
  }

  #takeResults({ accepted, answered, lateMs, failed }: Results): void {
    for (const [id, at] of accepted) {
      const heartbeat = this.#heartbeats.get(id);
      if (heartbeat) heartbeat.lastAt = at;
      this.#listener?.onAnswer();
    }
    for (const id of answered) this.#heartbeats.get(id)?.answered();
    for (const late of lateMs) this.#listener?.onSent?.(late);
    for (const error of failed) this.#listener?.onAnswer(toError(error));
  }
}

/** The heartbeats of one task, which the sidecar sends, as the main thread knows them. */
class RemoteHeartbeat implements Heartbeat {
  /** The task; undefined once its heartbeats are released, so that its data isn't kept. */
  lease: Lease | undefined;
  lastAt: number | undefined;
  /** Set while the handler waits for a heartbeat that it has requested. */
  asked: Resolvers<void> | undefined;

  constructor(
    lease: Lease,
    private readonly id: number,
    private readonly heartbeats: WorkerHeartbeats,
    readonly known: Promise<void>,
  ) {
    this.lease = lease;
  }

  now(): Promise<void> {
    if (!this.lease) return Promise.resolve();
    if (!this.asked) {
      this.asked = withResolvers();
      this.heartbeats.sendNow(this.id);
    }
    return this.asked.promise;
  }

  release(): void {
    if (!this.lease) return;
    this.lease = undefined;
    this.heartbeats.forget(this.id);
    if (this.asked) this.answered();
  }

  answered(): void {
    this.asked?.resolve();
    this.asked = undefined;
  }

  gone(error: Error): void {
    const { lease } = this;
    this.lease = undefined;
    lease?.onGone(error);
    this.answered();
  }
}

/**
 * Returns the main thread's settings for network addresses, for use in the heartbeat thread. The two modules are loaded
 * only here, so that tests without a heartbeat thread don't load them.
 */
function defaultAddresses() {
  const { getDefaultResultOrder } = process.getBuiltinModule('node:dns');
  const { getDefaultAutoSelectFamily } = process.getBuiltinModule('node:net');
  return { order: getDefaultResultOrder(), autoSelectFamily: getDefaultAutoSelectFamily() };
}

interface NodeTls {
  /** Node has it from 22.15 on. Before, a thread trusts by itself what the main thread does. */
  readonly getCACertificates?: (type: 'default' | 'bundled' | 'extra') => string[];
}

/**
 * Returns the certificates of the authorities that the main thread trusts; undefined if a thread trusts the same by
 * itself. Threads use OpenSSL's own store where the main thread does (`--use-openssl-ca`), and no list has what is in it.
 */
function ownCertificates(): readonly string[] | undefined {
  const { getCACertificates: get } = process.getBuiltinModule('node:tls') as NodeTls;
  const nodeOptions = [...process.execArgv, process.env['NODE_OPTIONS']].join(' ');
  if (!get || nodeOptions.includes('--use-openssl-ca')) return undefined;
  const [trusted, byItself] = [get('default'), [...get('bundled'), ...get('extra')]];
  const isSame = trusted.length === byItself.length && trusted.every((each, at) => each === byItself[at]);
  return trusted.length === 0 || isSame ? undefined : trusted;
}

const NO_FILE =
  'the file of the heartbeat thread is missing, as in a bundle: heartbeats leave from the main thread, and code that blocks it for long costs leases';
const ENDED = 'the heartbeat thread ended: another is started';
const ENDED_AGAIN =
  'the heartbeat thread ended again within a minute: the worker stops, and heartbeats leave from the main thread until then';
