import { isPlainObject } from '../../../base/plain-object.js';
import { show } from '../../../base/show.js';
import type { DeferOptions } from '../../../declare/deferral.js';

const [MOST_ID_CHARACTERS, MOST_NOTE_CHARACTERS] = [200, 1_000];

/** Reads the options of `task.defer`. Undefined if there are none. @throws TypeError if one is wrong */
export function readDeferOptions(options: unknown): DeferOptions | undefined {
  if (options === undefined) return undefined;
  const { id, note } = isPlainObject(options) ? options : {};
  if (isTextUpTo(id, MOST_ID_CHARACTERS) && (note === undefined || isTextUpTo(note, MOST_NOTE_CHARACTERS)))
    return { id, ...(note !== undefined && { note }) };
  throw new TypeError(
    `task.defer: expected nothing, or { id, note? }, with a text of 1 to ${MOST_ID_CHARACTERS} characters as id, and one of up to ${MOST_NOTE_CHARACTERS} as note; got ${show(options)}`,
  );
}

const isTextUpTo = (value: unknown, most: number): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= most;
