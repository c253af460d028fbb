import type { ServerResponse } from 'node:http';
import type { Clock } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import type { Position, Message, Topic } from './topics/topic.js';

/**
 * The shortest time between two messages to a tab, in milliseconds. A person can't read faster, although thousands of
 * events may happen in a second.
 */
const SEND_EVERY_MS = 100;
/**
 * After a change, the next message is delayed so that the tab has time to paint: by one millisecond for each
 * PAINTED_BYTES_A_MS bytes of the change, but at most by LONGEST_PAUSE_MS.
 */
const PAINTED_BYTES_A_MS = 50;
const LONGEST_PAUSE_MS = 500;
/**
 * A comment is sent at this interval, in milliseconds, so that a connection without messages isn't closed for being
 * idle.
 */
const KEEP_ALIVE_EVERY_MS = 15_000;
/** The milliseconds that a browser must wait before it reconnects a broken stream. */
const RETRY_MS = 1_000;

/**
 * Sends a topic to a tab as server-sent events: a snapshot first, then changes. All changes since the last message are
 * sent as one. The id of a message contains the tab's position in the topic, for when the tab reconnects. Ends when the
 * connection closes.
 * @param seen the position of a tab that reconnects; undefined for a new tab
 * @param options.born a random number in each id, which shows that the id comes from this service and not from an
 * earlier one at the same address
 */
export function streamTopic(
  response: ServerResponse,
  topic: Topic,
  seen: Position | undefined,
  { clock, log, born }: { readonly clock: Clock; readonly log: Logger; readonly born: number },
): void {
  let position = seen;
  let nextAt = 0;
  const send = (): void => {
    // If a tab stops reading for a while, it then gets all changes in one message.
    const now = clock.now();
    if (response.writableNeedDrain || now < nextAt) return;
    const message = topic(position);
    if (!message) return;
    position = message.position;
    const text = textOf(message, idOf(born, message.position), now);
    // There is no pause before a snapshot, since the reader is waiting for it.
    if (message.kind === 'change')
      nextAt = now + Math.min(LONGEST_PAUSE_MS, text.length / PAINTED_BYTES_A_MS);
    response.write(text);
  };
  const sendOrEnd = (): void => {
    try {
      send();
    } catch (error) {
      log.error({ err: error }, 'the console failed to send a change to a tab');
      response.destroy();
    }
  };
  response.write(`retry: ${RETRY_MS}\n\n`);
  sendOrEnd();
  const ends = [
    clock.every(SEND_EVERY_MS, sendOrEnd),
    clock.every(KEEP_ALIVE_EVERY_MS, () => response.write(': still here\n\n')),
  ];
  response.on('close', () => {
    for (const end of ends) end();
  });
}

/**
 * Returns the text of a message as a server-sent event. One `data` line is enough, since JSON.stringify writes no line
 * breaks.
 */
function textOf({ kind, data }: Message, id: string, now: number): string {
  return `event: ${kind}\nid: ${id}\ndata: ${JSON.stringify({ now, ...data })}\n\n`;
}

const idOf = (born: number, position: Position): string => [born, ...position].join('.');

/**
 * Returns the position in a Last-Event-ID header. Returns undefined if the id contains none, or comes from another
 * service.
 */
export function readPosition(id: string | undefined, born: number): Position | undefined {
  if (id === undefined || !/^\d+(\.\d+)+$/.test(id)) return undefined;
  const [from, ...position] = id.split('.').map(Number);
  return from === born ? position : undefined;
}
