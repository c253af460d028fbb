import { lstatSync, statSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Problem, StartError } from '../base/errors.js';
import { type Clock, systemClock } from '../base/time/clock.js';
import { isPlainObject, parseJson } from '../base/json.js';
import { show } from '../base/show.js';
import type { HandlerStatus } from '../base/worker-status.js';
import type { Configurable } from '../worker/reconfiguration.js';

/** A Unix socket over which a running worker accepts commands such as `pause`. */
export interface ControlSocket {
  close(): void;
}

/** The milliseconds after which a connection is closed, even if its request or the response is not complete. */
const LIMIT_MS = 5_000;
const MOST_CONNECTIONS = 16;
const LONGEST_REQUEST = 65_536;

/**
 * Listens on a Unix socket that only this user may use, and responds to the requests there. Replaces a socket that a
 * killed worker of this user has not removed.
 * @param apply carries out a request. If it throws, the response is the error's message.
 * @throws StartError if the path can't be used: a file that is no such socket exists there, or another process listens
 * there
 */
export async function openControl(
  path: string,
  apply: (request: ControlRequest) => Promise<ControlAnswer>,
  clock: Clock = systemClock,
): Promise<ControlSocket> {
  checkPath(path);
  await removeStale(path);
  const open = new Set<Socket>();
  // A client may end its side once it has asked.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    serve(socket, apply, clock);
  });
  server.maxConnections = MOST_CONNECTIONS;
  await listen(server, path);
  // The worker keeps the process alive.
  server.unref();
  return {
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

async function listen(server: Server, path: string): Promise<void> {
  const listening = new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(refused(path, error.message, 'name a file in a folder that this user may write to')),
    );
  });
  // The file is made within this call, and nobody else may use it for a moment either.
  const before = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await listening;
  // A broken connection harms nobody.
  server.on('error', () => {});
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

function serve(
  socket: Socket,
  apply: (request: ControlRequest) => Promise<ControlAnswer>,
  clock: Clock,
): void {
  const cancel = clock.after(LIMIT_MS, () => socket.destroy());
  socket.on('close', cancel);
  socket.on('error', () => {});
  socket.setEncoding('utf8');
  let text = '';
  let isAnswered = false;
  const answer = (line: string): void => {
    isAnswered = true;
    void answerOf(line, apply).then((told) => socket.end(`${JSON.stringify(told)}\n`));
  };
  socket.on('data', (chunk: string) => {
    if (isAnswered) return;
    text += chunk;
    const end = text.indexOf('\n');
    if (end >= 0 || text.length > LONGEST_REQUEST) answer(text.slice(0, end >= 0 ? end : 100));
    // Many programs send no line feed.
    else if (text.endsWith('}') && parseJson(text) !== undefined) answer(text);
  });
  socket.on('end', () => {
    if (!isAnswered) answer(text);
  });
}

async function answerOf(
  line: string,
  apply: (request: ControlRequest) => Promise<ControlAnswer>,
): Promise<ControlAnswer> {
  try {
    return await apply(readRequest(line));
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

const refused = (path: string, what: string, fix: string): StartError => {
  const problem: Problem = { code: 'CONFIG_BAD_VALUE', where: `--control ${path}`, what, fix };
  return new StartError([problem]);
};

/** A request to a running worker over its control socket: one line of JSON. */
export type ControlRequest =
  | { readonly do: 'status' }
  | { readonly do: 'pause' | 'resume'; readonly handler: string }
  | { readonly do: 'configure'; readonly handler: string; readonly options: Configurable };

/** The worker's response to a request: one line of JSON. */
export type ControlAnswer =
  | { readonly handlers: readonly HandlerStatus[] }
  /** The reason for which the request was refused. Nothing was changed. */
  | { readonly error: string };

const EXPECTED =
  'expected a line of JSON such as {"do":"pause","handler":"Class.method"}, with pause, resume, configure or status';

/**
 * The worker checks the values of the options of `configure`.
 * @throws Error if the text is not a valid request
 */
function readRequest(line: string): ControlRequest {
  const request = parseJson(line);
  if (!isPlainObject(request)) throw new Error(`${EXPECTED}, got ${show(line.slice(0, 100))}`);
  const { do: verb, handler, options } = request;
  if (verb === 'status') return { do: verb };
  if (typeof handler !== 'string') throw new Error(`${EXPECTED}, got the handler ${show(handler)}`);
  if (verb === 'pause' || verb === 'resume') return { do: verb, handler };
  if (verb === 'configure' && isPlainObject(options)) return { do: verb, handler, options };
  throw new Error(`${EXPECTED}, got ${show(verb)}`);
}
