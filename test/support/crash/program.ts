import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { plumb, type Streams } from './streams.js';

const PRELOAD = pathToFileURL(resolve('test/support/crash/file-calls.mjs')).href;

/**
 * What befalls a process at a call of the file system.
 *
 * - `kill`: SIGKILL before the call is made, or when half of a write is written
 * - `kill-after`: SIGKILL when the call is made, and its answer not seen
 * - `power-cut`: as `kill`, and of the folder only what was flushed is left (see {@link Ending.folder})
 * - `hold`: the call is made when the test calls {@link Program.release}. Not with calls that are synchronous
 * - an error code: the call fails with it. Of a write that fails with `ENOSPC`, half is written
 */
export type FileTrouble = 'kill' | 'kill-after' | 'power-cut' | 'hold' | 'EIO' | 'ENOSPC' | 'EACCES';

/** A trouble, and the call that it is for. */
export interface FilePlan {
  /** The absolute path of a folder. Calls elsewhere are neither counted nor touched. */
  readonly under: string;
  readonly trouble: FileTrouble;
  /** The number of the call, from 1. */
  readonly at: number;
  /** Whether every later call meets it as well. @default false */
  readonly onwards?: boolean;
  /** Counts only these, by their names in `node:fs`, without `Sync`. @default all but `close` */
  readonly calls?: readonly string[];
}

export interface FileCall {
  readonly n: number;
  readonly call: string;
  readonly path: string;
}

/** How a process has ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What the program told by `say` of `say.mjs`. */
  readonly said: readonly unknown[];
  /** The calls that the plan counts, in their order. */
  readonly calls: readonly FileCall[];
  /** The call that met the trouble; undefined if the program made fewer calls. */
  readonly reached: FileCall | undefined;
}

export interface ProgramOptions {
  readonly args?: readonly string[];
  /** Added to PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  readonly plan?: FilePlan;
  /** @default all are fine */
  readonly streams?: Streams;
}

/** A process that may meet trouble. */
export interface Program {
  readonly pid: number;
  readonly ended: Promise<Ending>;
  signal(name: NodeJS.Signals): void;
  said(): readonly unknown[];
  /** Resolves when this holds. It is looked at whenever the process says something. Rejects if it ends first. */
  until(holds: () => boolean): Promise<void>;
  /** Resolves when the call of the plan is reached. Rejects if the process ends first. */
  held(): Promise<FileCall>;
  /** Lets the held call go on. */
  release(): void;
}

const running = new Set<ChildProcess>();

/** Kills the processes that a test left running. */
export function killPrograms(): void {
  for (const child of running) child.kill('SIGKILL');
}

interface Line extends Partial<FileCall> {
  readonly said?: unknown;
  readonly reached?: number;
}

/** Starts a file of JavaScript in a process of its own. Everything but the plan is the product as it is built. */
export function startProgram(
  file: string,
  { args = [], env = {}, plan, streams }: ProgramOptions = {},
): Program {
  const { PATH = '', HOME = '' } = process.env;
  const { prefix, stdio, close } = plumb(streams ?? ['fine', 'fine', 'fine']);
  const preload = plan ? ['--import', PRELOAD] : [];
  const [command = '', ...rest] = [...prefix, process.execPath, ...preload, resolve(file), ...args];
  const child = spawn(command, rest, {
    env: { PATH, HOME, CRASH_REPORTS: '1', ...(plan && { CRASH_PLAN: JSON.stringify(plan) }), ...env },
    stdio: [...(stdio as []), 'pipe'],
  });
  running.add(child);
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => (text[name] += chunk));
  const said: unknown[] = [];
  const calls: FileCall[] = [];
  let reached: FileCall | undefined;
  const looks = new Set<() => void>();
  const reports = child.stdio[3] as Duplex;
  const read = (line: Line): void => {
    if ('said' in line) said.push(line.said);
    else if (line.reached !== undefined) reached = calls.at(-1);
    else calls.push(line as FileCall);
    for (const look of looks) look();
  };
  createInterface({ input: reports }).on('line', (line) => read(JSON.parse(line) as Line));
  let ending: Ending | undefined;
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child);
    close();
    ending = { code: code as number | null, signal: signal as null, ...text, said, calls, reached };
    for (const look of looks) look();
    return ending;
  });
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((done, fail) => {
      const look = (): void => {
        if (holds()) done();
        else if (ending) fail(new Error(`it ended before: ${JSON.stringify(ending)}`));
        else return;
        looks.delete(look);
      };
      looks.add(look);
      look();
    });
  return {
    pid: child.pid ?? -1,
    ended,
    until,
    said: () => said,
    signal: (name) => void child.kill(name),
    held: async () => {
      await until(() => reached !== undefined);
      return reached as FileCall;
    },
    release: () => void reports.write('\n'),
  };
}

export interface EveryCallOptions
  extends Omit<ProgramOptions, 'plan' | 'streams'>, Omit<FilePlan, 'under' | 'at'> {
  /** Tries each so many calls only. @default 1 */
  readonly each?: number;
}

/** A run of a program whose nth call has met trouble. */
export interface Trial extends Ending {
  readonly at: number;
  /** The program's folder, as it is left. */
  readonly folder: string;
}

/**
 * Runs a program again and again, with a new folder as its first argument. In the nth run its nth call below that folder
 * meets the trouble. Ends with a run that makes fewer calls, which is the whole program. A folder is removed when the next
 * run is asked for.
 */
export async function* atEveryCall(file: string, options: EveryCallOptions): AsyncGenerator<Trial> {
  const { each = 1, args = [], env = {}, ...plan } = options;
  for (let at = 1; ; at += each) {
    const root = mkdtempSync(join(tmpdir(), 'stepwright-crash-'));
    try {
      const under = join(root, 'folder');
      const ending = await startProgram(file, { args: [under, ...args], env, plan: { ...plan, under, at } })
        .ended;
      yield { ...ending, at, folder: plan.trouble === 'power-cut' ? `${under}.after` : under };
      if (!ending.reached) return;
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }
}
