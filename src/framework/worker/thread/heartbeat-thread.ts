import type { getDefaultResultOrder } from 'node:dns';
import { Worker } from 'node:worker_threads';
import type { FromHealthServer, ToHealthServer } from '../health/health-server.js';
import type { FromProtection, ToProtection } from '../protect/protection.js';
import type { Settings } from '../../config/resolve.js';
import type { SigningCredentials, Recipes } from '../../aws/lean/recipe.js';
import type { LateHeartbeats } from '../../declare/worker-events.js';
import type { Lease } from '../heartbeat/heartbeats.js';
import { entryUrl, isEntryThere } from '../../base/package.js';

/** The data with which a sidecar starts. */
export interface SidecarOptions extends Pick<Settings, 'heartbeatRate' | 'stallAfterMs'> {
  /** True if another sidecar has sent these heartbeats until now. */
  readonly takesOver: boolean;
}

/** The data with which the heartbeat thread starts. */
export interface ThreadOptions extends SidecarOptions {
  /**
   * The main thread's settings for network addresses, as Node's command line or the app's code has set them. The
   * heartbeat thread uses the same.
   */
  readonly addresses: {
    readonly order: ReturnType<typeof getDefaultResultOrder>;
    readonly autoSelectFamily: boolean;
  };
  /**
   * The certificates of the authorities that the main thread trusts, if they are not those that Node trusts in a thread
   * by itself: `--use-system-ca` and `tls.setDefaultCACertificates()` don't reach threads.
   */
  readonly certificates: readonly string[] | undefined;
  /**
   * A number that the main thread increases every {@link TURN_MS}. It shows the heartbeat thread that the main thread's
   * event loop is running.
   */
  readonly turns: SharedArrayBuffer;
}

/**
 * The interval, in milliseconds, at which the main thread increases the shared counter `turns`, and at which the
 * heartbeat thread checks if it has increased.
 */
export const TURN_MS = 250;

/** An error as plain data, since errors lose their class when they are sent between threads. */
interface ErrorText {
  readonly name: string;
  readonly message: string;
}

/** A lease as the sidecar is told of it. */
export interface SentLease extends Pick<Lease, 'token' | 'everyMs' | 'leasedAt'> {
  readonly id: number;
  readonly region: string;
  /** The time at which the last accepted heartbeat was sent; undefined before the first. */
  readonly lastAt: number | undefined;
}

/**
 * The messages to the sidecar, which runs in the heartbeat thread or, where there is none, on the main
 * thread. Times are epoch milliseconds of `systemClock`, which is the same in both threads.
 */
export type ToThread =
  /**
   * A region in which the thread has to send heartbeats, and the recipes of its requests: the parts that are the same
   * in each request. Undefined where the main thread sends the heartbeats by its own connections.
   */
  | { readonly kind: 'region'; readonly region: string; readonly recipes: Recipes | undefined }
  /** New credentials to sign heartbeats with. */
  | { readonly kind: 'credentials'; readonly credentials: SigningCredentials; readonly generation: number }
  /** The tasks that need heartbeats from now on, and those that need none any more. */
  | { readonly kind: 'tasks'; readonly tracked: readonly SentLease[]; readonly released: readonly number[] }
  /** The handler has requested a heartbeat. */
  | { readonly kind: 'send-now'; readonly id: number }
  | ToHealthServer
  | ToProtection;

/** The results of all heartbeats in one turn of the event loop. */
export interface Results {
  /** The ids of tasks with an accepted heartbeat, each with the time at which that heartbeat was sent. */
  readonly accepted: (readonly [id: number, at: number])[];
  /** The ids of tasks whose handler has requested a heartbeat that has now got its response, or has failed. */
  readonly answered: number[];
  /** For each heartbeat that was sent, the milliseconds since it became due. */
  readonly lateMs: number[];
  readonly failed: ErrorText[];
}

/** The messages of the sidecar. */
export type FromThread =
  | ({ readonly kind: 'results' } & Results)
  | { readonly kind: 'gone'; readonly id: number; readonly error: ErrorText }
  | { readonly kind: 'late'; readonly late: LateHeartbeats }
  /**
   * The service has refused a heartbeat that was signed with the credentials of this generation. The main thread may
   * have newer ones.
   */
  | {
      readonly kind: 'refused';
      readonly generation: number;
      readonly type: string | undefined;
      readonly error: ErrorText;
    }
  | { readonly kind: 'unblocked'; readonly blockedMs: number; readonly gaveUp: boolean }
  | FromHealthServer
  | FromProtection;

export const toText = ({ name, message }: Error): ErrorText => ({ name, message });

export const toError = ({ name, message }: ErrorText): Error => Object.assign(new Error(message), { name });

/** The functions of a running heartbeat thread that the main thread uses. */
export interface StartedThread {
  postMessage(message: ToThread): void;
  /** Ends the thread at once. Resolves when it has ended. */
  terminate(): Promise<unknown>;
}

export interface ThreadListener {
  readonly onMessage: (message: FromThread) => void;
  /** Called once, when the thread has ended. */
  readonly onExit: (error: Error) => void;
}

/** Starts the heartbeat thread. @throws Node's error if it can't be started */
export type StartThread = (options: ThreadOptions, listener: ThreadListener) => StartedThread;

const ENTRY = entryUrl('worker/thread/heartbeat-thread-entry.js');

/** Returns true if the file of the heartbeat thread is there. It isn't if a user's bundle contains this module. */
export const hasThreadFile = (): boolean => isEntryThere(ENTRY);

/** Matches the options of Node that load Yarn Plug'n'Play. */
const PLUG_N_PLAY =
  /(?:--require|-r|--experimental-loader|--loader)[ =](?:"[^"]*\.pnp\.[^"]*"|\S*\.pnp\.\S+)/g;

/** Starts the heartbeat thread as a worker thread of this process. */
export const startThread: StartThread = (workerData, { onMessage, onExit }) => {
  // Modules that NODE_OPTIONS preloads are for the app's own code: an SDK or an agent would be loaded twice, and export
  // twice. Without Yarn's loader the thread couldn't read its file in an archive.
  const preloads = [...process.execArgv, process.env['NODE_OPTIONS']].join(' ').match(PLUG_N_PLAY) ?? [];
  const env = { ...process.env, NODE_OPTIONS: preloads.join(' ') };
  const thread = new Worker(ENTRY, { workerData, execArgv: [], env });
  // The worker keeps the process alive, not this thread.
  thread.unref();
  thread.on('message', onMessage);
  let why = new Error('the thread ended');
  thread.on('error', (error: Error) => (why = error));
  // Not before the exit, since the health port is in use until then.
  thread.on('exit', () => onExit(why));
  return thread;
};
