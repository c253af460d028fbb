import type { ServerResponse } from 'node:http';
import type { Clock } from '../../base/time/clock.js';
import type { Logger } from '../../base/log/log.js';
import type { Position, Message, Topic } from './topics/topic.js';

/**
 * The shortest time between two messages of a topic, in milliseconds. A person can't read faster, although thousands of
 * events may happen in a second.
 */
const SEND_EVERY_MS = 100;
/**
 * After a change, the topic's next message is delayed so that the tab has time to paint: by one millisecond for each
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

interface StreamParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** A random number in each id, which shows that the id comes from this service and not from an earlier one. */
  readonly born: number;
  readonly onClosed: () => void;
}

/** A topic that a stream sends, and how far it has been sent. */
interface Followed {
  readonly topic: Topic;
  position: Position | undefined;
  nextAt: number;
}

/**
 * A connection that sends topics to the windows of a browser as server-sent events: of each topic a snapshot first, then
 * changes. All changes of a topic since its last message are sent as one. The id of a message contains the position in
 * the topic, for when the browser reconnects. Ends when the connection closes.
 */
export class TopicStream {
  /** By the names that the browser has given them. The topic that was sent last is the last one. */
  readonly #followed = new Map<string, Followed>();

  constructor(
    private readonly response: ServerResponse,
    private readonly parts: StreamParts,
  ) {
    const { clock, onClosed } = parts;
    response.write(`retry: ${RETRY_MS}\n\n`);
    const ends = [
      clock.every(SEND_EVERY_MS, () => this.#sendAll()),
      clock.every(KEEP_ALIVE_EVERY_MS, () => response.write(': still here\n\n')),
    ];
    response.on('close', () => {
      for (const end of ends) end();
      onClosed();
    });
  }

  get size(): number {
    return this.#followed.size;
  }

  has(name: string): boolean {
    return this.#followed.has(name);
  }

  /**
   * Sends a topic from now on.
   * @param name stands before the position in the ids of the topic's messages; empty if there is only this topic
   * @param seen the position of a window that has followed the topic before; undefined for a new one
   */
  follow(name: string, topic: Topic, seen: Position | undefined): void {
    const followed = { topic, position: seen, nextAt: 0 };
    this.#followed.set(name, followed);
    this.#sendOrDrop(name, followed);
  }

  /** Sends no topics any more but those with these names. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#followed.keys()) if (!names.has(name)) this.#followed.delete(name);
  }

  close(): void {
    this.response.destroy();
  }

  /**
   * Sends what is new of each topic until the connection is full. The topic that was sent longest ago comes first, so
   * that a large one doesn't keep the others waiting.
   */
  #sendAll(): void {
    for (const [name, followed] of [...this.#followed]) {
      if (!this.#sendOrDrop(name, followed)) continue;
      this.#followed.delete(name);
      this.#followed.set(name, followed);
    }
  }

  /** Returns true if a message of the topic was sent. If the topic fails, it is no longer followed. */
  #sendOrDrop(name: string, followed: Followed): boolean {
    try {
      return this.#send(name, followed);
    } catch (error) {
      this.#followed.delete(name);
      this.parts.log.error({ err: error }, 'the console failed to send a change to a tab');
      if (name === '') this.close();
      else this.response.write(failureText(name));
      return false;
    }
  }

  #send(name: string, followed: Followed): boolean {
    // If a browser stops reading for a while, it then gets all changes of a topic in one message.
    const now = this.parts.clock.now();
    if (this.response.writableNeedDrain || now < followed.nextAt) return false;
    const message = followed.topic(followed.position);
    if (!message) return false;
    followed.position = message.position;
    const id = [this.parts.born, ...message.position].join('.');
    const text = textOf(message, name === '' ? id : `${name}:${id}`, now);
    // There is no pause after a snapshot or a part, since the reader is waiting for the rest.
    if (message.kind === 'change' && message.isPart !== true)
      followed.nextAt = now + Math.min(LONGEST_PAUSE_MS, text.length / PAINTED_BYTES_A_MS);
    this.response.write(text);
    return true;
  }
}

/**
 * Returns the text of a message as a server-sent event. One `data` line is enough, since JSON.stringify writes no line
 * breaks.
 */
function textOf({ kind, data }: Message, id: string, now: number): string {
  return `event: ${kind}\nid: ${id}\ndata: ${JSON.stringify({ now, ...data })}\n\n`;
}

function failureText(name: string): string {
  const refusal = { error: 'InternalFailure', message: 'The local service failed; its log says why' };
  return `event: refused\nid: ${name}:\ndata: ${JSON.stringify(refusal)}\n\n`;
}

/**
 * Returns the position in the id of a message. Returns undefined if the id contains none, or comes from another
 * service.
 */
export function readPosition(id: string | undefined, born: number): Position | undefined {
  if (id === undefined || !/^\d+(\.\d+)+$/.test(id)) return undefined;
  const [from, ...position] = id.split('.').map(Number);
  return from === born ? position : undefined;
}
