import { lstatSync } from 'node:fs';
import { isPlainObject } from '../base/json.js';
import { systemClock } from '../base/time/clock.js';
import type { HandlerStatus } from '../base/worker-status.js';
import { write } from './output/stdio.js';
import type { ControlVerb } from './control-socket.js';
import { callPage } from './workers/ask-workers.js';

/**
 * Sends one request to a worker's control socket, and prints the state of the worker's handlers.
 * @param words the handler, and options of `configure`, each as `key=value`
 * @returns the exit code
 * @throws Error with the worker's error message, or with the reason why there was no response
 */
export async function control(path: string, verb: ControlVerb, words: readonly string[]): Promise<number> {
  checkSocket(path);
  const page = [verb, ...words].map((word) => `/${encodeURIComponent(word)}`).join('');
  const call = callPage({ socketPath: path, path: page, method: 'POST' }, systemClock);
  const { value } = await call.catch((error: Error) => {
    throw new Error(`${path}: ${error.message}`, { cause: error });
  });
  const { handlers, error } = isPlainObject(value) ? value : {};
  if (typeof error === 'string') throw new Error(error);
  if (!Array.isArray(handlers)) throw new Error(`${path}: what answers there is no worker`);
  await write((handlers as HandlerStatus[]).map(lineOf).join(''));
  return 0;
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
