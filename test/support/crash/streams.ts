import { execFileSync, spawnSync, type StdioOptions } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The other end of a standard stream. `fine`: it is read. `closed`: the process has no such descriptor. `full`: a disk
 * without room. `gone`: a pipe whose reader has exited. `stopped`: a full pipe that nobody reads.
 */
export type End = 'fine' | 'closed' | 'full' | 'gone' | 'stopped';

/** The ends of standard input, output and error. */
export type Streams = readonly [stdin: End, stdout: End, stderr: End];

/** What a process is to be started with, so that its streams have these ends. */
export interface Plumbing {
  /** Goes before the command. */
  readonly prefix: readonly string[];
  readonly stdio: StdioOptions;
  /** To be called when the process has exited. */
  readonly close: () => void;
}

/** True where `script` can make a terminal. */
export const HAS_TERMINALS = spawnSync('script', ['-qefc', 'true', '/dev/null']).status === 0;

export function plumb(streams: Streams): Plumbing {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-streams-'));
  const opened: number[] = [];
  const open = (path: string, flags: number): number => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return fd;
  };
  const pipe = (path: string, fd: number, end: End): number => {
    execFileSync('mkfifo', [path]);
    const reader = open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = open(path, constants.O_WRONLY);
    const [its, other] = fd === 0 ? [reader, writer] : [writer, reader];
    if (end === 'gone') closeSync(opened.splice(opened.indexOf(other), 1)[0] ?? -1);
    else if (fd > 0) fill(path);
    return its;
  };
  const stdio = streams.map((end, fd) => {
    if (end === 'closed' || (end === 'fine' && fd === 0)) return 'ignore';
    if (end === 'fine') return 'pipe';
    return end === 'full' ? open('/dev/full', constants.O_RDWR) : pipe(join(dir, String(fd)), fd, end);
  });
  const closed = streams.flatMap((end, fd) => (end === 'closed' ? [`${fd}>&-`] : []));
  return {
    prefix: closed.length > 0 ? ['sh', '-c', `exec "$@" ${closed.join(' ')}`, 'sh'] : [],
    stdio,
    close: () => {
      for (const fd of opened.splice(0)) closeSync(fd);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Writes until the pipe is full. */
function fill(path: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096));
  } catch {
    closeSync(fd);
  }
}
