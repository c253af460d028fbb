import { lstatSync, statSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { type Problem, StartError } from '../base/errors.js';
import { readText } from '../config/sources.js';
import { HANDLER_OPTIONS } from '../declare/handler-options.js';
import { type Answerer, jsonPage, type PageServer, servePages } from '../worker/health/page-server.js';
import type { Worker } from '../worker/worker.js';

/**
 * Listens on a Unix socket that only this user may use, and carries out the requests there. Replaces a socket that a
 * killed worker of this user has not removed.
 *
 * A request is `POST /VERB`, `POST /VERB/HANDLER` or `POST /configure/HANDLER/KEY=VALUE/…` over HTTP. The response has
 * the status of the worker's handlers, or the error's message.
 * @throws StartError if the path can't be used: a file that is no such socket exists there, or another process listens
 * there
 */
export async function openControl(
  path: string,
  worker: Pick<Worker, 'pause' | 'resume' | 'configure' | 'status'>,
): Promise<PageServer> {
  checkPath(path);
  await removeStale(path);
  return listenAt(path, answererOf(worker)).catch((error: Error) => {
    throw refused(path, error.message, 'name a file in a folder that this user may write to');
  });
}

/** The umask is that of the whole process, so it has its own value again before anything is awaited. */
function listenAt(path: string, answer: Answerer): Promise<PageServer> {
  // The file is made within this call, and nobody else may use it for a moment either.
  const before = process.umask(0o177);
  try {
    return servePages({ path }, answer);
  } finally {
    process.umask(before);
  }
}

export type ControlVerb = 'status' | 'pause' | 'resume' | 'configure';

const answererOf =
  (worker: Parameters<typeof openControl>[1]): Answerer =>
  async (method, path) => {
    try {
      const [verb, handler = '', ...options] = path.slice(1).split('/').map(decodeURIComponent);
      if (method !== 'POST') throw new Error('there is only POST');
      if (verb === 'pause' || verb === 'resume') worker[verb](handler);
      else if (verb === 'configure') worker.configure(handler, optionsIn(options));
      else if (verb !== 'status') throw new Error('expected /status, /pause, /resume or /configure');
      return jsonPage(200, { handlers: worker.status().handlers });
    } catch (error) {
      return jsonPage(400, { error: (error as Error).message });
    }
  };

/** Reads words such as `concurrency=5`, `pollers=1-3` and `rate=10/s`. The worker checks the values. */
function optionsIn(words: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    words.map((word) => {
      const [, key = '', text = ''] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
      if (key === '') throw new Error(`expected key=value, such as concurrency=5, got '${word}'`);
      return [key, readText(HANDLER_OPTIONS, key, text)];
    }),
  );
}

/** The longest path of a socket, in bytes, that every system accepts. A system cuts a longer path. */
const LONGEST_PATH = 103;

/** @throws StartError if no socket can be made at the path */
function checkPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes > LONGEST_PATH)
    throw refused(
      path,
      `expected a path of ${LONGEST_PATH} bytes at most, got ${bytes}`,
      'name a shorter path, such as /run/worker.sock',
    );
  const folder = dirname(path);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw refused(path, `there is no folder ${folder}`, 'make it, or name a path in a folder that is there');
}

/**
 * Removes the socket that a killed worker of this user has not removed.
 * @throws StartError if anything else exists at the path
 */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket())
    throw refused(path, 'something that is not a socket exists there', 'name another path');
  if (process.getuid && found.uid !== process.getuid())
    throw refused(path, `a socket of user ${found.uid} exists there`, 'name another path');
  if (await answers(path))
    throw refused(path, 'another process listens there', 'give each worker a path of its own');
  unlinkSync(path);
}

/** Resolves to true if a process listens on the socket. */
const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    const end = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => end(true));
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      end(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
    );
  });

const refused = (path: string, what: string, fix: string): StartError => {
  const problem: Problem = { code: 'CONFIG_BAD_VALUE', where: `--control ${path}`, what, fix };
  return new StartError([problem]);
};
