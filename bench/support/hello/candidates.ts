import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ACTIVITY_ARN } from '../service/service.js';
import { sdkEnvironment } from '../workers/workers.js';
import { packProject, type Packed } from './packed.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** The measured workers, ours first. */
export const CANDIDATES = [
  'Stepwright',
  'bare loop',
  'step-function-worker',
  'aws4 + undici',
  'the floor',
] as const;
/** The bare loop that checks its inputs by class-validator itself. It is measured at the start alone. */
export const WITH_DTO = 'bare loop with a DTO';
export type Candidate = (typeof CANDIDATES)[number] | typeof WITH_DTO;

const RIVAL_FILES: Readonly<Record<Exclude<Candidate, 'Stepwright'>, readonly string[]>> = {
  'bare loop': ['bare-loop.js'],
  [WITH_DTO]: ['bare-loop.js', '--dto'],
  'step-function-worker': ['step-function-worker.js'],
  'aws4 + undici': ['loop-aws4.js'],
  'the floor': ['loop-floor.js'],
};

export interface Run {
  readonly url: string;
  /** Tasks at once. */
  readonly inFlight: number;
  /** A file of certificates to trust. */
  readonly ca?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node's own. */
  readonly node?: readonly string[];
}

/** A worker that runs in a process of its own. */
export interface Running {
  readonly pid: number;
  /** Resident memory, in megabytes. */
  rssMb(): number;
  /** The most resident memory so far, in megabytes. */
  peakMb(): number;
  /** True once the process has ended, by itself or not. */
  hasEnded(): boolean;
  /** @param signal @default 'SIGKILL' */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

let packed: Packed | undefined;

/** Packs the framework at the first call. */
export const project = (): Packed => (packed ??= packProject());
export const removeProject = (): void => packed?.remove();

/** Starts a worker; what it logs goes through a pipe, as in a container, and is thrown away. */
export function start(candidate: Candidate, { url, inFlight, ca, env = {}, node = [] }: Run): Running {
  const ours = candidate === 'Stepwright';
  const args = ours ? project().start : rivalArgs(RIVAL_FILES[candidate]);
  const child = spawn(process.execPath, [...node, ...args], {
    cwd: ours ? project().dir : root,
    env: { ...process.env, ...environment(url, inFlight), ...(ca && { NODE_EXTRA_CA_CERTS: ca }), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.resume();
  const killIt = (): void => void child.kill('SIGKILL');
  process.once('exit', killIt);
  const ended = once(child, 'exit');
  const pid = child.pid ?? -1;
  return {
    pid,
    rssMb: () => megabytes(pid, 'VmRSS'),
    peakMb: () => megabytes(pid, 'VmHWM'),
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    stop: async (signal = 'SIGKILL') => {
      child.kill(signal);
      process.off('exit', killIt);
      await ended;
    },
  };
}

const rivalArgs = ([file, ...flags]: readonly string[]): string[] => [`bench/rivals/${file}`, ...flags];

/** Returns a number of `/proc/PID/status`. A process that has ended has none. */
function megabytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const [, kilobytes] = new RegExp(`${field}:\\s+(\\d+) kB`).exec(status) ?? [];
  return Number(kilobytes) / 1_024;
}

const environment = (url: string, inFlight: number): Record<string, string> => ({
  ...sdkEnvironment(url),
  BENCH_ACTIVITY_ARN: ACTIVITY_ARN,
  BENCH_WORKER_NAME: 'hello',
  BENCH_CONCURRENCY: String(inFlight),
  BENCH_HEARTBEAT_MS: '20000',
  BENCH_HELLO: 'true',
  STEPWRIGHT_CONCURRENCY: String(inFlight),
});
