import { createHash } from 'node:crypto';
import type { TopicName, Topics } from '../api.js';

/**
 * A tab's position in a topic: numbers that only grow, or that change with the data. The id of each message contains
 * the position, so that a tab that reconnects can say which message it received last.
 */
export type Position = readonly number[];

/** A message of a topic: a snapshot of the whole topic, or what has changed since the previous message. */
export type Message<K extends TopicName = TopicName> = Snapshot<K> | Change<K>;

interface Snapshot<K extends TopicName> {
  readonly kind: 'snapshot';
  readonly position: Position;
  readonly data: Topics[K]['snapshot'];
}

interface Change<K extends TopicName> {
  readonly kind: 'change';
  readonly position: Position;
  readonly data: Topics[K]['change'];
}

/**
 * A topic that a tab can follow.
 * @param seen the tab's position; undefined if the tab has received nothing yet
 * @returns the next message; undefined if nothing has changed since `seen`
 */
export type Topic<K extends TopicName = TopicName> = (seen: Position | undefined) => Message<K> | undefined;

/** The topics that are sent as a whole whenever they change, since they are small. */
type WholeTopicName = { [K in TopicName]: [Topics[K]['change']] extends [never] ? K : never }[TopicName];

/** Makes a topic that is sent as a whole whenever it changes. */
export function wholeTopic<K extends WholeTopicName>(read: () => Topics[K]['snapshot']): Topic<K> {
  return (seen) => {
    const data = read();
    const position = [fingerprint(data)];
    return isSame(seen, position) ? undefined : { kind: 'snapshot', position, data };
  };
}

/** Returns a number that is almost certainly different for different values. */
export function fingerprint(value: object): number {
  return createHash('sha1').update(JSON.stringify(value)).digest().readUIntBE(0, 6);
}

export function isSame(a: Position | undefined, b: Position): boolean {
  return a !== undefined && a.length === b.length && a.every((each, i) => each === b[i]);
}
