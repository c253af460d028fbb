import { lstatSync } from 'node:fs';
import { isPlainObject } from '../base/json.js';
import { type Clock, systemClock } from '../base/time/clock.js';
import type { HandlerStatus } from '../base/worker-status.js';
import { write } from './output/stdio.js';
import type { ControlVerb } from './control-socket.js';
import { callPage, NoAnswer } from './workers/ask-workers.js';

/** A worker that is busy responds late, and yet does what it is asked. */
const ANSWER_MS = 5_000;

/**
 * Sends one request to a worker's control socket, and prints the state of the worker's handlers.
 * @param words the handler, and options of `configure`, each as `key=value`
 * @returns the exit code
 * @throws Error with the worker's error message, or with the reason why there was no response
 */
export async function control(
  path: string,
  verb: ControlVerb,
  words: readonly string[],
  clock: Clock = systemClock,
): Promise<number> {
  if (verb !== 'status' && words.length === 0) throw new Error(`${verb} needs a handler: ${USAGE[verb]}`);
  checkSocket(path);
  const page = [verb, ...words].map((word) => `/${encodeURIComponent(word)}`).join('');
  const call = callPage({ socketPath: path, path: page, method: 'POST' }, clock, ANSWER_MS);
  const { value } = await call.catch((error: Error) => {
    throw new Error(`${path}: ${reasonOf(error, verb)}`, { cause: error });
  });
  const { handlers, error } = isPlainObject(value) ? value : {};
  if (typeof error === 'string') throw new Error(error);
  if (!Array.isArray(handlers)) throw new Error(`${path}: what answers there is no worker`);
  await write((handlers as HandlerStatus[]).map(lineOf).join(''));
  return 0;
}

const USAGE = {
  pause: 'stepwright control PATH pause Class.method',
  resume: 'stepwright control PATH resume Class.method',
  configure: 'stepwright control PATH configure Class.method concurrency=5',
} as const;

const CLOSED =
  'the worker closed the connection, since too many are open or it has just ended: ask again in some seconds';

/** The meanings of a connection's errors at a control socket, by their codes. */
const MEANINGS: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'no worker listens there: the one that did has ended. Start the worker again with --control and this path',
  EPIPE: CLOSED,
  ECONNRESET: CLOSED,
};

/** Returns the reason why a worker gave no response to a request. */
function reasonOf({ message, cause }: Error, verb: ControlVerb): string {
  if (cause instanceof NoAnswer && verb !== 'status')
    return `${message}: the worker may still do it, so look with: stepwright control PATH`;
  return MEANINGS[String(Reflect.get(Object(cause), 'code'))] ?? message;
}

/** @throws Error if the path isn't a socket of this user: another user's responses can't be trusted */
function checkSocket(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) throw new Error(`${path}: there is no socket: start the worker with --control ${path}`);
  if (!found.isSocket()) throw new Error(`${path}: that is no socket`);
  if (process.getuid && found.uid !== process.getuid())
    throw new Error(
      `${path}: the socket is user ${found.uid}'s, and this is user ${process.getuid()}: run the command as that user`,
    );
}

function lineOf({ name, concurrency, running, polls, paused }: HandlerStatus): string {
  const until = paused?.until === undefined ? '' : ` until ${new Date(paused.until).toISOString()}`;
  const state = paused ? `paused (${paused.by})${until}` : 'takes tasks';
  return `${name}: ${state}, ${running} of ${concurrency} slots at work, open polls: ${polls.open}\n`;
}
