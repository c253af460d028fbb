import { lstatSync } from 'node:fs';
import { connect } from 'node:net';
import { isPlainObject, parseJson } from '../base/json.js';
import { type Clock, systemClock } from '../base/time/clock.js';
import type { HandlerStatus } from '../base/worker-status.js';
import { readText } from '../config/sources.js';
import { HANDLER_OPTIONS } from '../declare/handler-options.js';
import { write } from './output/stdio.js';
import type { ControlRequest } from './control-socket.js';

const LIMIT_MS = 5_000;
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Sends one request to a worker's control socket, and prints the state of the worker's handlers.
 * @param words the options of `configure`, each as `key=value`
 * @returns the exit code
 * @throws Error with the worker's error message, or with the reason why there was no response
 */
export async function control(
  path: string,
  verb: ControlRequest['do'],
  handler: string | undefined,
  words: readonly string[],
): Promise<number> {
  const handlers = await askWorker(path, verb, handler, words);
  await write(handlers.map(lineOf).join(''));
  return 0;
}

/**
 * Sends one request to a worker's control socket.
 * @returns the status of each of the worker's handlers
 * @throws Error with the worker's error message, or with the reason why there was no response
 */
export async function askWorker(
  path: string,
  verb: ControlRequest['do'],
  handler: string | undefined,
  words: readonly string[],
  clock: Clock = systemClock,
): Promise<readonly HandlerStatus[]> {
  checkSocket(path);
  const answer = await ask(
    path,
    {
      do: verb,
      handler,
      ...(verb === 'configure' && { options: optionsIn(words) }),
    },
    clock,
  );
  if ('error' in answer) throw new Error(String(answer['error']));
  return (answer as { handlers: readonly HandlerStatus[] }).handlers;
}

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

function ask(path: string, request: object, clock: Clock): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const fail = (why: string): void => {
      socket.destroy();
      reject(new Error(`${path}: ${why}`));
    };
    const cancel = clock.after(LIMIT_MS, () => fail(`no answer within ${LIMIT_MS / 1000} s`));
    let text = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MOST_BYTES) fail('what answers there is no worker');
    });
    socket.on('error', ({ code = '', message }: NodeJS.ErrnoException) => fail(REASONS[code] ?? message));
    socket.on('end', () => {
      const answer = parseJson(text);
      if (isPlainObject(answer) && ('error' in answer || Array.isArray(answer['handlers']))) resolve(answer);
      else fail('what answers there is no worker');
    });
    socket.on('close', () => {
      cancel();
      fail('the connection was closed without an answer: too many are open, or the worker has ended');
    });
  });
}

const BUSY = 'the worker closed the connection, since too many are open: ask again in some seconds';
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'no worker listens there: the one that did has ended',
  EPIPE: BUSY,
  ECONNRESET: BUSY,
};

function lineOf({ name, concurrency, running, polls, paused }: HandlerStatus): string {
  const until = paused?.until === undefined ? '' : ` until ${new Date(paused.until).toISOString()}`;
  const state = paused ? `paused (${paused.by})${until}` : 'takes tasks';
  return `${name}: ${state}, ${running} of ${concurrency} slots at work, open polls: ${polls.open}\n`;
}
