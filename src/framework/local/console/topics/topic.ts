import { createHash } from 'node:crypto';
import type { TopicName, Topics } from '../api.js';

/**
 * Describes what a tab has received of a topic, by numbers such as a count of events or a checksum. It is in the id
 * of each message. A tab that reconnects sends it back, and receives only what is new.
 */
export type Position = readonly number[];

/** A message of a topic: a snapshot of all its data, or what has changed since the previous message. */
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
  /** True if this is a part of what has changed: the next message follows without a pause. */
  readonly isPart?: boolean;
}

/**
 * A function that returns the next message of a topic for one tab.
 * @param seen the tab's position; undefined if the tab has received nothing yet
 * @returns undefined if nothing has changed since `seen`
 */
export type Topic<K extends TopicName = TopicName> = (seen: Position | undefined) => Message<K> | undefined;

/** The topics that are small enough for each message to be a snapshot. */
type WholeTopicName = { [K in TopicName]: [Topics[K]['change']] extends [never] ? K : never }[TopicName];

/** Creates a topic whose messages are all snapshots, each sent when the data has changed. */
export function wholeTopic<K extends WholeTopicName>(read: () => Topics[K]['snapshot']): Topic<K> {
  return (seen) => {
    const data = read();
    const position = [fingerprint(data)];
    return isSame(seen, position) ? undefined : { kind: 'snapshot', position, data };
  };
}

/** Returns a checksum: a number that is almost certainly different for different values. */
export function fingerprint(value: object): number {
  return createHash('sha1').update(JSON.stringify(value)).digest().readUIntBE(0, 6);
}

export function isSame(a: Position | undefined, b: Position): boolean {
  return a !== undefined && a.length === b.length && a.every((each, i) => each === b[i]);
}
