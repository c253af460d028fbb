import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** The other end of a standard stream. `fine` is a file that can be read, `stopped` a pipe that is full. */
export type End = 'fine' | 'closed' | 'full' | 'gone' | 'stopped';

/** A terminal that hangs up, or whose reader is stopped. */
export type Terminal = 'terminal-gone' | 'terminal-stopped';

/** All three streams of a process. */
export type Streams = readonly [stdin: End, stdout: End, stderr: End] | 'tmpfs' | Terminal;

/** A `stepwright` process whose streams are in trouble. */
export interface Victim {
  /** Returns the text that it has written to a stream that is `fine`. */
  said(fd: 1 | 2): string;
  /** Resolves with its exit code; null for a signal. */
  readonly ended: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
  /** Stops the reader where that is asked for, and then the process: by SIGTERM, or by the end of its terminal. */
  stop(): void;
  /** Kills every process that is left, and removes the files. */
  bury(): void;
}

const MAIN = resolve('dist/src/framework/cli/main.js');
const AS_PROCESS_1 = ['--pid', '--fork', '--kill-child=SIGKILL'];
const TINY_DISK = 'mount -t tmpfs -o size=16k none "$0" && exec "$@" >"$0/out" 2>"$0/err"';
/** A shell that hands a hang-up of its terminal on to its job. */
const AT_TERMINAL = `node "$MAIN" $ARGS & job=$!
trap 'kill -HUP $job' HUP
wait $job; code=$?
while kill -0 $job 2>&-; do wait $job; code=$?; done
echo $code >"$CODE.new"; mv "$CODE.new" "$CODE"`;

const living = new Set<Victim>();

/** Ends the processes that a failed test has left. */
export function buryAll(): void {
  for (const victim of living) victim.bury();
}

const works = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;

/** True where this machine lets a process be the first of its own namespace and mount there. */
export const CAN_UNSHARE = works(
  'unshare',
  '-Urm',
  ...AS_PROCESS_1,
  'mount',
  '-t',
  'tmpfs',
  'none',
  tmpdir(),
);
export const HAS_TERMINALS = existsSync('/proc/self/fd') && works('script', '-qefc', 'true', '/dev/null');

/** Starts `stepwright`. */
export function start(
  args: readonly string[],
  env: Record<string, string>,
  streams: Streams,
  options: { process1?: boolean } = {},
): Victim {
  const victim = spawnVictim(args, env, streams, options);
  living.add(victim);
  void victim.ended.then(() => living.delete(victim));
  return victim;
}

function spawnVictim(
  args: readonly string[],
  env: Record<string, string>,
  streams: Streams,
  { process1 = false }: { process1?: boolean },
): Victim {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-deaths-'));
  const { PATH = '', HOME = '' } = process.env;
  const clean = { PATH, HOME, ...env };
  if (isTerminal(streams)) return atTerminal(args, clean, streams, dir);
  const { command, stdio, close } = streams === 'tmpfs' ? tinyDisk(dir) : plumbed(streams, dir);
  const apart = process1
    ? ['unshare', '-Urm', ...AS_PROCESS_1]
    : streams === 'tmpfs'
      ? ['unshare', '-Urm']
      : [];
  const [name = '', ...rest] = [...apart, ...command, process.execPath, MAIN, ...args];
  const child = spawn(name, rest, { env: clean, stdio });
  const pid = process1 ? nodeBelow(child.pid) : (): number | undefined => child.pid;
  return {
    said: (fd) => readFileSync(join(dir, String(fd)), 'utf8'),
    ended: new Promise((done) => child.on('exit', done)),
    signal: (signal) => kill(pid(), signal),
    stop: () => kill(pid(), 'SIGTERM'),
    bury: () => {
      for (const each of [pid(), child.pid]) kill(each, 'SIGKILL');
      close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const isTerminal = (streams: Streams): streams is Terminal =>
  streams === 'terminal-gone' || streams === 'terminal-stopped';

function atTerminal(
  args: readonly string[],
  env: Record<string, string>,
  streams: Terminal,
  dir: string,
): Victim {
  const code = join(dir, 'code');
  const terminal = spawn('script', ['-qfc', AT_TERMINAL, '/dev/null'], {
    env: { ...env, MAIN, ARGS: args.join(' '), CODE: code },
    stdio: 'ignore',
  });
  const pid = nodeBelow(terminal.pid);
  return {
    said: () => '',
    ended: appears(code).then(Number),
    signal: (name) => kill(pid(), name),
    stop: () => {
      const its = pid();
      terminal.kill(streams === 'terminal-gone' ? 'SIGKILL' : 'SIGSTOP');
      if (streams === 'terminal-gone') return;
      fill(`/proc/${its}/fd/1`);
      kill(its, 'SIGTERM');
    },
    bury: () => {
      for (const each of [pid(), terminal.pid]) kill(each, 'SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The command around a process, and its standard streams. */
interface Plumbing {
  readonly command: readonly string[];
  readonly stdio: ('ignore' | number)[];
  readonly close: () => void;
}

const tinyDisk = (dir: string): Plumbing => ({
  command: ['sh', '-c', TINY_DISK, dir],
  stdio: ['ignore', 'ignore', 'ignore'],
  close: () => {},
});

function plumbed(ends: readonly End[], dir: string): Plumbing {
  const closed = ends.flatMap((end, fd) => (end === 'closed' ? [`${fd}>&-`] : []));
  const opened: number[] = [];
  const open = (path: string, flags: number): number => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return fd;
  };
  /** Opens the process's end of a pipe. The other end is closed, or open and never read. */
  const pipe = (path: string, fd: number, end: End): number => {
    execFileSync('mkfifo', [path]);
    const reader = open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = open(path, constants.O_WRONLY);
    const [its, other] = fd === 0 ? [reader, writer] : [writer, reader];
    if (end === 'gone') closeSync(opened.splice(opened.indexOf(other), 1)[0] ?? -1);
    else if (fd > 0) fill(path);
    return its;
  };
  const stdio = ends.map((end, fd): 'ignore' | number => {
    const path = join(dir, String(fd));
    if (end === 'closed' || (end === 'fine' && fd === 0)) return 'ignore';
    if (end === 'fine') return open(path, constants.O_WRONLY | constants.O_CREAT);
    return end === 'full' ? open('/dev/full', constants.O_RDWR) : pipe(path, fd, end);
  });
  return {
    command: ['sh', '-c', `exec "$@" ${closed.join(' ')}`, 'sh'],
    stdio,
    close: () => opened.splice(0).forEach((fd) => closeSync(fd)),
  };
}

/** Writes until the pipe is full. */
function fill(path: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096));
  } catch {
    closeSync(fd);
  }
}

function kill(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, name);
  } catch {
    // The process has exited.
  }
}

function descendants(pid: number | undefined): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number);
    return children.flatMap((child) => [...descendants(child), child]);
  } catch {
    return [];
  }
}

/** Finds the Node process below this one, and keeps its id: it may lose its parents. */
function nodeBelow(pid: number | undefined): () => number | undefined {
  let found: number | undefined;
  const isNode = (each: number): boolean =>
    /^node|^MainThread/.test(readFileSync(`/proc/${each}/comm`, 'utf8'));
  return () => (found ??= descendants(pid).find(isNode));
}

/** Resolves with the content of a file once it exists; with undefined where its folder is removed first. */
async function appears(path: string): Promise<string | undefined> {
  while (existsSync(dirname(path))) {
    if (existsSync(path)) return readFileSync(path, 'utf8');
    await new Promise((next) => setTimeout(next, 20));
  }
  return undefined;
}
