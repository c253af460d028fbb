import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** The workers, by their names in the figures. */
export const CANDIDATES = {
  Stepwright: [
    'dist/src/framework/cli/main.js',
    'start',
    '--config',
    'dist/bench/support/workers/worker.config.js',
  ],
  'Stepwright exec': [
    ...['dist/src/framework/cli/main.js', 'exec', '--activity', '${BENCH_ACTIVITY_ARN}', '--', 'sh', '-c'],
    // The same job as a script: its number, after a while.
    'read -r input; n=${input#*\\"n\\":}; sleep 0.3; echo "{\\"done\\":${n%%[,\\}]*}}"',
  ],
  'bare loop': ['bench/rivals/bare-loop.js'],
  'bare loop that drains': ['bench/rivals/bare-loop.js', '--drain'],
  'step-function-worker': ['bench/rivals/step-function-worker.js'],
} as const;

export type Candidate = keyof typeof CANDIDATES;
export const RIVALS: readonly Candidate[] = ['bare loop', 'step-function-worker'];

export interface WorkerSettings {
  readonly url: string;
  readonly activityArn: string;
  readonly name: string;
  /** Tasks at once. */
  readonly concurrency: number;
  readonly heartbeatMs: number;
  /** Further variables of the environment; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A file for what it prints. @default nowhere */
  readonly log?: string;
}

process.setMaxListeners(0);

/** Makes an interrupted process exit, which takes its workers along. */
export function exitWhenInterrupted(): void {
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}

/** A worker in a process of its own. */
export interface WorkerProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process has ended. */
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
}

/** Starts one. It polls as soon as it has loaded. */
export function startWorker(candidate: Candidate, settings: WorkerSettings): WorkerProcess {
  const out = settings.log === undefined ? 'ignore' : openSync(settings.log, 'a');
  const child = spawn(process.execPath, CANDIDATES[candidate], {
    cwd: root,
    env: { ...process.env, ...environment(settings) },
    stdio: ['ignore', out, out],
  });
  if (typeof out === 'number') closeSync(out);
  // No child outlives this process, however it ends.
  const killIt = (): void => void child.kill('SIGKILL');
  process.once('exit', killIt);
  child.once('exit', () => process.off('exit', killIt));
  return {
    name: settings.name,
    pid: child.pid ?? -1,
    ended: endOf(child),
    kill: (signal) => void child.kill(signal),
  };
}

async function endOf(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return { code, signal };
}

/** Returns the environment for an SDK of either version: the service's address, and no warning about its age. */
export const sdkEnvironment = (url: string): Record<string, string> => ({
  AWS_ENDPOINT_URL_SFN: url,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: 'true',
});

/** The same for all; each reads what it knows. */
function environment({
  url,
  activityArn,
  name,
  concurrency,
  heartbeatMs,
  env,
}: WorkerSettings): Record<string, string | undefined> {
  return {
    ...sdkEnvironment(url),
    BENCH_ACTIVITY_ARN: activityArn,
    BENCH_WORKER_NAME: name,
    BENCH_CONCURRENCY: String(concurrency),
    BENCH_HEARTBEAT_MS: String(heartbeatMs),
    STEPWRIGHT_CONCURRENCY: String(concurrency),
    STEPWRIGHT_HEARTBEAT: `${heartbeatMs}ms`,
    STEPWRIGHT_WORKER_NAME: name,
    STEPWRIGHT_LOG_LEVEL: 'warn',
    ...env,
  };
}
