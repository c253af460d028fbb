import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { resolve as resolvePath } from 'node:path';
import { spawn, type ChildProcess } from 'node:child_process';

/** A run of the compiled binary. */
export interface Run {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves to the first match in either stream. Rejects where the process exits before. */
  saw(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves when the process has exited. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const MAIN = resolvePath('dist/src/framework/cli/main.js');
const running = new Set<ChildProcess>();

/** Starts `stepwright` as a process, in a clean environment with `env` added. */
export function stepwright(args: readonly string[], env: Record<string, string> = {}, cwd?: string): Run {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: { PATH, HOME, ...env } });
  running.add(child);
  const text = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Buffer) => {
      text[stream] += chunk.toString();
      for (const check of waiting) check();
    });
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
      for (const check of waiting) check();
    }),
  );
  const saw = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const match = pattern.exec(text.stdout) ?? pattern.exec(text.stderr);
        if (match) resolve(match);
        else if (!running.has(child))
          reject(new Error(`it ended without ${pattern}: ${text.stdout}${text.stderr}`));
        else return;
        waiting.delete(check);
      };
      waiting.add(check);
      check();
    });
  return { child, ended, saw, stdout: () => text.stdout, stderr: () => text.stderr };
}

export const SLOW = ['--config', 'test/fixtures/slow/slow.config.mjs'];
export const WAITING = /Waiting for a task to start\. Press Ctrl-C to interrupt\./;

/** Resolves to the URL that a run prints. */
export const endpointOf = async (run: Run): Promise<string> =>
  (await run.saw(/Endpoint: (http:\/\/127\.0\.0\.1:\d+)/))[1] ?? '';

export const execute = (url: string, machine: string, input: string): Run =>
  stepwright(['execute', machine, input, '--endpoint', url]);

/** Starts a worker on a free port. Resolves once it waits for tasks. */
export async function started(
  args: string[] = ['--port', '0'],
  env: Record<string, string> = {},
): Promise<{ run: Run; url: string }> {
  const run = stepwright(['start', ...args], env);
  await run.saw(WAITING);
  return { run, url: await endpointOf(run) };
}

/** Kills the processes that a test left running. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** A local service in a process of its own for the tests of a file or a `describe`, and workers that end with each test. */
export function localService(): {
  url(): string;
  /** Starts a worker at it. Resolves once it waits for tasks. */
  worker(args?: string[]): Promise<Run>;
} {
  let url: string;
  let workers: Run[] = [];
  beforeAll(async () => {
    url = await endpointOf(stepwright(['local', ...SLOW, '--port', '0']));
  });
  afterEach(() => {
    for (const { child } of workers) child.kill('SIGKILL');
    workers = [];
  });
  afterAll(killAll);
  return {
    url: () => url,
    worker: async (args = []) => {
      const worker = stepwright(['start', ...SLOW, ...args], { AWS_ENDPOINT_URL_SFN: url });
      workers.push(worker);
      await worker.saw(WAITING);
      return worker;
    },
  };
}

/** The handler whose options {@link configOfHello} sets. */
export const HELLO = 'HelloWorldActivity.hello';
/** Runs `config` with options from flags and the environment, and a password in the endpoint. */
export const configOfHello = (...flags: string[]): Run =>
  stepwright(
    [
      'config',
      '--handler',
      `${HELLO}.concurrency=5`,
      '--grace',
      '5s',
      '--endpoint',
      'http://me:s3cret@h',
      ...flags,
    ],
    {
      STEPWRIGHT_DRAIN: 'fail',
      STEPWRIGHT_HANDLERS: JSON.stringify({ [HELLO]: { timeout: '5m' } }),
    },
  );
