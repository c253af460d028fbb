import { createHash } from 'node:crypto';
import type { TopicName, Topics } from '../api.js';

/**
 * A tab's position in a topic: numbers that only grow, or that change with the data. The id of each message holds the
 * position, so that a tab that reconnects names the last message that it received.
 */
export type Position = readonly number[];

/** A message of a topic: the whole topic, or what is new since the message before. */
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
 * @param seen the tab's position; undefined where the tab has received nothing
 * @returns the next message; undefined where nothing has changed since `seen`
 */
export type Topic<K extends TopicName = TopicName> = (seen: Position | undefined) => Message<K> | undefined;

/** The topics that are sent whole each time they change, since they are small. */
type WholeTopicName = { [K in TopicName]: [Topics[K]['change']] extends [never] ? K : never }[TopicName];

/** Makes a topic that is sent whole each time it changes. */
export function wholeTopic<K extends WholeTopicName>(read: () => Topics[K]['snapshot']): Topic<K> {
  return (seen) => {
    const data = read();
    const position = [fingerprint(data)];
    return isSame(seen, position) ? undefined : { kind: 'snapshot', position, data };
  };
}

/** Returns a number that almost surely differs for different values. */
export function fingerprint(value: object): number {
  return createHash('sha1').update(JSON.stringify(value)).digest().readUIntBE(0, 6);
}

export function isSame(a: Position | undefined, b: Position): boolean {
  return a !== undefined && a.length === b.length && a.every((each, i) => each === b[i]);
}
