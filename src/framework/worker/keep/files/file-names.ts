import { createHash } from 'node:crypto';

/** The longest file name. Most file systems take 255 bytes; some that encrypt names take 143. */
const LONGEST = 140;
/** The folder of the keys that have one part only. */
const ONE_PART = ',';

/** The place of a record's file: a folder for the key's first part, and a name in it. */
export interface Place {
  readonly folder: string;
  readonly name: string;
}

/** Returns the place of a key's file. Places differ also where a file system ignores the case of names. */
export function placeOf(key: string): Place {
  const slash = key.indexOf('/');
  if (slash < 0) return { folder: ONE_PART, name: nameOf(key) };
  return { folder: nameOf(key.slice(0, slash)), name: nameOf(key.slice(slash + 1)) };
}

/**
 * Returns the key of a file's place.
 * @returns undefined if the names don't contain the whole key, or are not names of a store
 */
export function keyOf({ folder, name }: Place): string | undefined {
  const rest = textOf(name);
  if (folder === ONE_PART) return rest;
  const first = textOf(folder);
  return first !== undefined && rest !== undefined ? `${first}/${rest}` : undefined;
}

/** Returns true if keys with this prefix may lie in the folder. */
export function mayContain(folder: string, prefix: string): boolean {
  const slash = prefix.indexOf('/');
  if (slash >= 0) return folder === nameOf(prefix.slice(0, slash));
  const first = folder === ONE_PART ? undefined : textOf(folder);
  return first === undefined || first.startsWith(prefix);
}

function nameOf(text: string): string {
  const name = text.replaceAll(/[A-Z]/g, (letter) => `+${letter.toLowerCase()}`).replaceAll('/', ',');
  if (name.length <= LONGEST) return name;
  return `${name.slice(0, LONGEST - 40)}~${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}

function textOf(name: string): string | undefined {
  if (!/^[a-z0-9._=,+-]+$/.test(name)) return undefined;
  return name.replaceAll(/\+([a-z])/g, (_, letter: string) => letter.toUpperCase()).replaceAll(',', '/');
}
