import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ACTIVITY_ARN } from './stub.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const CLI = 'node_modules/stepwright/dist/src/framework/cli/main.js';

/** The workers, by their names in the figures. */
export const CANDIDATES = {
  Stepwright: [CLI, 'start', '--config', 'worker.config.js'],
  'Stepwright exec': [
    CLI,
    'exec',
    '--activity',
    '${BENCH_ACTIVITY_ARN}',
    '--',
    'sh',
    '-c',
    // The same job as a script: its number, after a while.
    'read -r input; n=${input#*\\"n\\":}; sleep 0.3; echo "{\\"done\\":${n%%[,\\}]*}}"',
  ],
  'bare loop': ['bench/rivals/bare-loop.js'],
  'bare loop that drains': ['bench/rivals/bare-loop.js', '--drain'],
  'bare loop with a DTO': ['bench/rivals/bare-loop.js', '--dto'],
  'step-function-worker': ['bench/rivals/step-function-worker.js'],
  'the floor': ['bench/rivals/loop-floor.js'],
} as const;

export type Candidate = keyof typeof CANDIDATES;

/** A project that has installed the packed framework, as a user's. It finds what that depends on in the folders above. */
const project = `${root}dist/bench/packed/`;
let isPacked = false;
function pack(): void {
  const commands = `rm -rf "$1" && mkdir -p "$1/node_modules/stepwright" && cd "$1" && npm pack "$0" --ignore-scripts &&
    tar -xzf *.tgz --strip-components=1 -C node_modules/stepwright && echo '{ "type": "module" }' >package.json`;
  const { status, stderr } = spawnSync('sh', ['-ec', commands, root, project], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm pack failed: ${stderr}`);
  const config = readFileSync(new URL('worker.config.js', import.meta.url), 'utf8');
  writeFileSync(`${project}worker.config.js`, config.replace('../../src/framework/index.js', 'stepwright'));
  isPacked = true;
}

const rivals = `${root}bench/rivals/`;
const FROM_NPM: readonly string[] = ['step-function-worker', 'stepfunctions-local', 'the floor'];

/**
 * Installs the rivals from npm where they are not yet. They are nobody's dependencies.
 * @returns those of the candidates that can be had. Says aloud why others can't
 */
export function install<T extends string>(candidates: readonly T[]): readonly T[] {
  const { dependencies } = JSON.parse(readFileSync(`${rivals}package.json`, 'utf8')) as {
    dependencies: object;
  };
  if (Object.keys(dependencies).every((name) => existsSync(`${rivals}node_modules/${name}`)))
    return candidates;
  console.error('installing the rivals into bench/rivals/node_modules …');
  const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts'];
  const { status, stderr } = spawnSync('npm', [...args, '--loglevel=error'], {
    cwd: rivals,
    encoding: 'utf8',
  });
  if (status === 0) return candidates;
  console.error(
    `*** npm install failed in bench/rivals: ${stderr.trim()}\n*** Going on without npm's rivals.`,
  );
  return candidates.filter((each) => !FROM_NPM.includes(each));
}

export interface WorkerSettings {
  readonly url: string;
  readonly name: string;
  /** Tasks at once. */
  readonly concurrency: number;
  readonly heartbeatMs: number;
  /** Further variables of the environment; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A file for what it prints, or `pipe` for a pipe that is read and thrown away. @default nowhere */
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
  readonly ended: Promise<unknown>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** Starts one. It polls as soon as it has loaded. */
export function startWorker(candidate: Candidate, settings: WorkerSettings): WorkerProcess {
  const { log = '/dev/null', name } = settings;
  const ours = candidate.startsWith('Stepwright');
  if (ours && !isPacked) pack();
  const out = log === 'pipe' ? log : openSync(log, 'a');
  const child: ChildProcess = spawn(process.execPath, CANDIDATES[candidate], {
    cwd: ours ? project : root,
    env: { ...process.env, ...environment(settings) },
    stdio: ['ignore', out, out],
  });
  if (typeof out === 'number') closeSync(out);
  child.stdout?.resume();
  child.stderr?.pipe(process.stderr);
  // No child outlives this process, however it ends.
  const killIt = (): void => void child.kill('SIGKILL');
  process.once('exit', killIt);
  child.once('exit', () => process.off('exit', killIt));
  return {
    name,
    pid: child.pid ?? -1,
    ended: once(child, 'exit'),
    kill: (signal) => void child.kill(signal),
  };
}

/** Starts one that does HelloWorld, with its log on, which goes through a pipe as in a container and is thrown away. */
export const startHello = (
  candidate: Candidate,
  url: string,
  concurrency: number,
  env: WorkerSettings['env'] = {},
): WorkerProcess =>
  startWorker(candidate, {
    url,
    name: 'hello',
    concurrency,
    heartbeatMs: 20_000,
    log: 'pipe',
    env: { BENCH_HELLO: 'true', STEPWRIGHT_LOG_LEVEL: undefined, ...env },
  });

/** The same for all; each reads what it knows. An SDK of either version finds the service's address. */
function environment(settings: WorkerSettings): Record<string, string | undefined> {
  const { url, name, concurrency, heartbeatMs, env } = settings;
  return {
    AWS_ENDPOINT_URL_SFN: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: 'true',
    BENCH_ACTIVITY_ARN: ACTIVITY_ARN,
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
