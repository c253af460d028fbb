import type { ServerResponse } from 'node:http';
import type { Clock } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import type { Mark, Message, Topic } from './topics/topic.js';

/** How often a tab is told what has changed, at most: nobody reads faster, and the engine may do thousands a second. */
const TELL_EVERY_MS = 100;
/** Where so much changes that nobody could follow it, a tab has time to paint: 50 bytes a millisecond, half a second at most. */
const PAINTED_BYTES_A_MS = 50;
const LONGEST_PAUSE_MS = 500;
/** How often a silent stream says that it is still there. */
const SIGN_EVERY_MS = 15_000;
/** How soon a tab comes back that has lost its stream. */
const RETRY_MS = 1_000;

/**
 * Tells a tab of a topic, as server-sent events: a snapshot, then changes, each with an id that says how far the tab is
 * then. What changes between two messages goes out as one. Ends with the connection.
 * @param seen where the tab was, if it comes back
 * @param options.born tells the ids of this service from those of one that had its place before
 */
export function streamTopic(
  response: ServerResponse,
  topic: Topic,
  seen: Mark | undefined,
  { clock, log, born }: { readonly clock: Clock; readonly log: Logger; readonly born: number },
): void {
  let mark = seen;
  let nextAt = 0;
  const tell = (): void => {
    // A tab that does not read is told the rest at once when it does.
    const now = clock.now();
    if (response.writableNeedDrain || now < nextAt) return;
    const message = topic(mark);
    if (!message) return;
    mark = message.mark;
    const text = textOf(message, idOf(born, message.mark), now);
    // What is told all at once is waited for.
    if (message.kind === 'change')
      nextAt = now + Math.min(LONGEST_PAUSE_MS, text.length / PAINTED_BYTES_A_MS);
    response.write(text);
  };
  const tellOrEnd = (): void => {
    try {
      tell();
    } catch (error) {
      log.error({ err: error }, 'the console failed to tell a tab what has changed');
      response.destroy();
    }
  };
  response.write(`retry: ${RETRY_MS}\n\n`);
  tellOrEnd();
  const ends = [
    clock.every(TELL_EVERY_MS, tellOrEnd),
    clock.every(SIGN_EVERY_MS, () => response.write(': still here\n\n')),
  ];
  response.on('close', () => {
    for (const end of ends) end();
  });
}

/** JSON has no line break, so that one line of data holds all of it. */
function textOf({ kind, data }: Message, id: string, now: number): string {
  return `event: ${kind}\nid: ${id}\ndata: ${JSON.stringify({ now, ...data })}\n\n`;
}

const idOf = (born: number, mark: Mark): string => [born, ...mark].join('.');

/** The mark of a Last-Event-ID; undefined where it is none, or another service gave it. */
export function readMark(id: string | undefined, born: number): Mark | undefined {
  if (id === undefined || !/^\d+(\.\d+)+$/.test(id)) return undefined;
  const [from, ...mark] = id.split('.').map(Number);
  return from === born ? mark : undefined;
}
