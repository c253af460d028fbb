import { createHash } from 'node:crypto';

/**
 * How far a tab has seen a topic, in numbers that only grow or that change with what they stand for. It goes out as the
 * id of each message, so that a tab that comes back says where it was.
 */
export type Mark = readonly number[];

/** What a tab is told. */
export interface Message {
  /** `snapshot`: all there is. `change`: what is new since the mark before. */
  readonly kind: 'snapshot' | 'change';
  readonly mark: Mark;
  readonly data: object;
}

/**
 * Something that a tab can follow.
 * @param seen how far it has; undefined where it has nothing
 * @returns undefined where nothing has changed since
 */
export type Topic = (seen: Mark | undefined) => Message | undefined;

/** A topic that is small enough to be told whole each time it changes. */
export function wholeTopic(read: () => object): Topic {
  return (seen) => {
    const data = read();
    const mark = [fingerprint(data)];
    return isSame(seen, mark) ? undefined : { kind: 'snapshot', mark, data };
  };
}

/** A number that is another for any other value, as far as chance goes. */
export function fingerprint(value: object): number {
  return createHash('sha1').update(JSON.stringify(value)).digest().readUIntBE(0, 6);
}

export function isSame(a: Mark | undefined, b: Mark): boolean {
  return a !== undefined && a.length === b.length && a.every((each, i) => each === b[i]);
}
