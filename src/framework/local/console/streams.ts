import { randomInt } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Logger } from '../../base/log/log.js';
import type { Call } from '../api/server.js';
import { type Checker, MAX } from '../api/request-validation.js';
import { errors, ServiceError } from '../engine/service-error.js';
import type { StepFunctions } from '../engine/step-functions.js';
import type { Commands, FollowedTopic, TopicRefusal } from './api.js';
import { readPosition, TopicStream } from './stream.js';
import { openTopic, type TopicRequest } from './topics/topics.js';
import type { WorkerSource } from './topics/worker-list.js';

/** The most streams that may be open at the same time. A browser takes one for all its windows. */
const STREAM_LIMIT = 64;
/** The topics that any stream may send, whatever the others send. A window takes one. */
const SURE_TOPICS = 2;
/** The most topics that all streams together may send beyond those, and the most that one may send of them. */
const MORE_TOPICS = { all: 128, each: 62 } as const;

interface Parts {
  readonly stepFunctions: StepFunctions;
  readonly workers: WorkerSource;
  readonly log: Logger;
}

type Follow = Commands['Follow'];
const STREAM: keyof Follow['request'] = 'stream';
const TOPICS: keyof Follow['request'] = 'topics';
const FIELDS = ['name', 'topic', 'arn', 'seen'] as const satisfies readonly (keyof FollowedTopic)[];

/**
 * The streams to browsers. A browser opens one stream with a key of its own, and then says by `Follow` which topics its
 * windows want. A stream without a key sends one topic.
 */
export class Streams {
  /**
   * A random number in the id of each message. When a browser reconnects, it shows whether the last message came from
   * this service or from an earlier one that ran at the same address.
   */
  readonly #born = randomInt(2 ** 40);
  readonly #open = new Set<TopicStream>();
  readonly #byKey = new Map<string, TopicStream>();

  constructor(private readonly parts: Parts) {}

  /** Returns why no stream can be opened now; undefined if one can. */
  get refusal(): string | undefined {
    return this.#open.size < STREAM_LIMIT
      ? undefined
      : `The service serves ${STREAM_LIMIT} browsers at most: close the console in one of them`;
  }

  /** Opens a stream of a browser that will say what it wants. A stream that it has opened before is closed. */
  open(response: ServerResponse, key: string): void {
    if (!KEY.test(key))
      throw errors.validation([`The key '${key.slice(0, MAX.name)}' has not 16 to 80 letters and digits`]);
    this.#byKey.get(key)?.close();
    const stream = this.#begin(response, () => {
      if (this.#byKey.get(key) === stream) this.#byKey.delete(key);
    });
    this.#byKey.set(key, stream);
  }

  /** Opens a stream of one topic. @throws ServiceError if there is no such topic, or nothing has the ARN */
  openOne(response: ServerResponse, wanted: TopicRequest, last: string | undefined): void {
    const topic = openTopic(wanted, this.parts.stepFunctions, this.parts.workers);
    this.#begin(response, () => {}).follow('', topic, readPosition(last, this.#born));
  }

  /**
   * Sets the topics that a stream sends: those that it sends already go on, new ones begin, and others end.
   * @returns the topics that can't be followed, each with the reason
   * @throws ServiceError StreamDoesNotExist
   */
  follow({ checker }: Call): Follow['answer'] {
    const key = checker.requiredText(STREAM, { min: 1, max: MAX.name });
    const topics = (checker.objects(TOPICS, true) ?? []).map(readTopic);
    checker.done();
    const stream = this.#byKey.get(key);
    if (!stream) throw new ServiceError('StreamDoesNotExist', 'No stream is open that has this key');
    stream.keepOnly(new Set(topics.map(({ name }) => name)));
    const refused = topics.flatMap((topic) => (stream.has(topic.name) ? [] : this.#add(stream, topic)));
    return { instance: this.#born, refused };
  }

  #begin(response: ServerResponse, onClosed: () => void): TopicStream {
    const { stepFunctions, log } = this.parts;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const stream: TopicStream = new TopicStream(response, {
      ...{ clock: stepFunctions.clock, log, born: this.#born },
      onClosed: () => {
        this.#open.delete(stream);
        onClosed();
      },
    });
    this.#open.add(stream);
    return stream;
  }

  /** Returns why a stream can't send another topic; undefined if it can. No browser takes the windows of the others. */
  #topicRefusal(stream: TopicStream): string | undefined {
    if (stream.size < SURE_TOPICS) return undefined;
    if (moreThanSure(stream) >= MORE_TOPICS.each)
      return `The service serves ${SURE_TOPICS + MORE_TOPICS.each} windows of a browser at most: close one`;
    const more = [...this.#open].reduce((sum, each) => sum + moreThanSure(each), 0);
    return more < MORE_TOPICS.all
      ? undefined
      : `The service serves ${SURE_TOPICS} windows of each browser, and ${MORE_TOPICS.all} more of all together: close one`;
  }

  #add(stream: TopicStream, { name, topic, arn, seen }: FollowedTopic): TopicRefusal[] {
    const message = this.#topicRefusal(stream);
    if (message !== undefined) return [{ name, error: 'Busy', message }];
    try {
      const opened = openTopic({ topic, arn }, this.parts.stepFunctions, this.parts.workers);
      stream.follow(name, opened, readPosition(seen, this.#born));
      return [];
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return [{ name, error: error.type, message: error.message }];
    }
  }
}

const moreThanSure = ({ size }: TopicStream): number => Math.max(size - SURE_TOPICS, 0);

function readTopic(checker: Checker): FollowedTopic {
  const [name, topic, arn, seen] = FIELDS;
  return {
    name: checker.requiredText(name, { min: 1, max: MAX.name, pattern: NAME }),
    topic: checker.requiredText(topic, { min: 1, max: MAX.name }),
    arn: checker.text(arn, { max: MAX.longArn }),
    seen: checker.text(seen, { max: MAX.longArn }),
  };
}

const KEY = /^[\w-]{16,80}$/;
const NAME = { regexp: /^[\w.-]+$/, shown: '[\\w.-]+' };
