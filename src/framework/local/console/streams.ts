import { randomInt } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Logger } from '../../base/log/log.js';
import type { Call } from '../api/operation.js';
import { type Checker, MAX } from '../api/request-validation.js';
import { errors, ServiceError } from '../engine/service-error.js';
import type { StepFunctions } from '../engine/step-functions.js';
import type { Commands, FollowedTopic, MessageStamp, TopicRefusal } from './api.js';
import { openTopic } from './topics/topics.js';
import type { WorkerSource } from './topics/workers.js';
import type { Clock } from '../../base/time/clock.js';
import type { Message, Position, Topic } from './topics/topic.js';

/** The most streams that may be open at the same time. A browser takes one for all its windows. */
const STREAM_LIMIT = 64;
/** The most topics that a stream may send. A window takes one. */
const TOPIC_LIMIT = 64;

type Follow = Commands['Follow'];
type FollowField = keyof Follow['request'] | keyof FollowedTopic;

/**
 * The streams to browsers. A browser opens one stream with a key of its own, and then says by `Follow` which topics its
 * windows want.
 */
export class Streams {
  /**
   * A random number in the id of each message. When a browser reconnects, it shows whether the last message came from
   * this service or from an earlier one that ran at the same address.
   */
  readonly #born = randomInt(2 ** 40);
  /** By the keys of the browsers. */
  readonly #open = new Map<string, TopicStream>();

  constructor(
    private readonly stepFunctions: StepFunctions,
    private readonly workers: WorkerSource,
    private readonly log: Logger,
  ) {}

  /**
   * Opens a stream of a browser that will say what it wants. A stream that it has opened before is closed.
   * @throws ServiceError if the key is none, or too many browsers have one
   */
  open(response: ServerResponse, key: string): void {
    if (!KEY.test(key))
      throw errors.validation([`The key '${key.slice(0, MAX.name)}' has not 16 to 80 letters and digits`]);
    const before = this.#open.get(key);
    if (!before && this.#open.size >= STREAM_LIMIT)
      throw new ServiceError(
        'Busy',
        `The service serves ${STREAM_LIMIT} browsers at most: close the console in one of them`,
      );
    before?.close();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const stream = new TopicStream(response, this.stepFunctions.clock, this.log, this.#born);
    this.#open.set(key, stream);
    response.on('close', () => this.#open.get(key) === stream && this.#open.delete(key));
  }

  /**
   * Sets the topics that a stream sends: those that it sends already go on, new ones begin, and others end.
   * @returns the topics that can't be followed, each with the reason
   * @throws ServiceError StreamDoesNotExist
   */
  follow({ checker }: Call): Follow['answer'] {
    const key = checker.requiredText('stream' satisfies FollowField, { min: 1, max: MAX.name });
    const topics = (checker.objects('topics' satisfies FollowField, true) ?? []).map(readTopic);
    checker.done();
    const stream = this.#open.get(key);
    if (!stream) throw new ServiceError('StreamDoesNotExist', 'No stream is open that has this key');
    stream.keepOnly(new Set(topics.map(({ name }) => name)));
    const refused = topics.flatMap((topic) => (stream.has(topic.name) ? [] : this.#add(stream, topic)));
    return { instance: this.#born, refused };
  }

  #add(stream: TopicStream, { name, topic, arn, seen }: FollowedTopic): TopicRefusal[] {
    if (stream.size >= TOPIC_LIMIT) {
      const message = `The service serves ${TOPIC_LIMIT} windows of a browser at most: close one`;
      return [{ name, error: 'Busy', message }];
    }
    try {
      const opened = openTopic({ topic, arn }, this.stepFunctions, this.workers);
      stream.follow(name, opened, readPosition(seen, this.#born));
      return [];
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return [{ name, error: error.type, message: error.message }];
    }
  }
}

function readTopic(checker: Checker): FollowedTopic {
  return {
    name: checker.requiredText('name' satisfies FollowField, { min: 1, max: MAX.name, pattern: NAME }),
    topic: checker.requiredText('topic' satisfies FollowField, { min: 1, max: MAX.name }),
    arn: checker.text('arn' satisfies FollowField, { max: MAX.longArn }),
    seen: checker.text('seen' satisfies FollowField, { max: MAX.longArn }),
  };
}

const KEY = /^[\w-]{16,80}$/;
const NAME = { regexp: /^[\w.-]+$/, shown: '[\\w.-]+' };

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

/** A topic that a stream sends, and how far it has been sent. */
interface Followed {
  readonly topic: Topic;
  position: Position | undefined;
  nextAt: number;
}

/**
 * A connection that sends topics to the windows of a browser as server-sent events: of each topic a snapshot, then
 * its changes, those since the last message in one. The id of a message contains the position in the topic, for when
 * the browser reconnects.
 */
class TopicStream {
  /** By the names that the browser has given them. The topic that was sent last is the last one. */
  readonly #followed = new Map<string, Followed>();

  constructor(
    private readonly response: ServerResponse,
    private readonly clock: Clock & { readonly scale?: number },
    private readonly log: Logger,
    /** A number in each id, which shows that the id comes from this service and not from an earlier one. */
    private readonly born: number,
  ) {
    response.write(`retry: ${RETRY_MS}\n\n`);
    const ends = [
      clock.every(SEND_EVERY_MS, () => this.#sendAll()),
      clock.every(KEEP_ALIVE_EVERY_MS, () => response.write(': still here\n\n')),
    ];
    response.on('close', () => {
      for (const end of ends) end();
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
   * @param name stands before the position in the ids of the topic's messages
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
      this.log.error({ err: error }, 'the console failed to send a change to a tab');
      this.response.write(failureText(name));
      return false;
    }
  }

  #send(name: string, followed: Followed): boolean {
    // If a browser stops reading for a while, it then gets all changes of a topic in one message.
    const now = this.clock.now();
    if (this.response.writableNeedDrain || now < followed.nextAt) return false;
    const message = followed.topic(followed.position);
    if (!message) return false;
    followed.position = message.position;
    const id = [this.born, ...message.position].join('.');
    const text = textOf(message, `${name}:${id}`, { now, scale: this.clock.scale });
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
function textOf({ kind, data }: Message, id: string, stamp: MessageStamp): string {
  return `event: ${kind}\nid: ${id}\ndata: ${JSON.stringify({ ...stamp, ...data })}\n\n`;
}

function failureText(name: string): string {
  const refusal = { error: 'InternalFailure', message: 'The local service failed; its log says why' };
  return `event: refused\nid: ${name}:\ndata: ${JSON.stringify(refusal)}\n\n`;
}

/**
 * Returns the position in the id of a message. Returns undefined if the id contains none, or comes from another
 * service.
 */
function readPosition(id: string | undefined, born: number): Position | undefined {
  if (id === undefined || !/^\d+(\.\d+)+$/.test(id)) return undefined;
  const [from, ...position] = id.split('.').map(Number);
  return from === born ? position : undefined;
}
