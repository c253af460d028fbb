import { isObject, setOwn, type Json, type JsonObject } from '../values/json.js';
import type { Reader } from '../definition/reader.js';
import type { Expression, StateData } from '../runtime/expression-data.js';

type Part = (data: StateData) => Json;

/** Compiles the value of a field whose name ends in `.$`. Reports to the reader what it cannot. */
export type CompileField = (text: string, field: string) => Part;

/**
 * Compiles a payload template: an object in which each field `name.$` holds a path or an intrinsic function, to
 * any depth, lists included. What holds none is given as it stands. Recorded: the constant keys come first, as they are
 * written, then those that were worked out, in the order of a hash table of Java's (recordings.md 7.7).
 */
export function compileTemplate(source: Json, reader: Reader, compileField: CompileField): Expression {
  const part = compilePart(source, reader, compileField);
  return part ?? (() => source);
}

/** Undefined where nothing in it has to be worked out. */
function compilePart(source: Json, reader: Reader, compileField: CompileField): Part | undefined {
  if (Array.isArray(source)) return compileList(source, reader, compileField);
  if (isObject(source)) return compileObject(source, reader, compileField);
  return undefined;
}

function compileList(source: Json[], reader: Reader, compileField: CompileField): Part | undefined {
  const parts = source.map((item) => compilePart(item, reader, compileField) ?? item);
  if (parts.every((part) => typeof part !== 'function')) return undefined;
  return (data) => parts.map((part) => (typeof part === 'function' ? part(data) : part));
}

function compileObject(source: JsonObject, reader: Reader, compileField: CompileField): Part | undefined {
  const constant = Object.entries(source).filter(([key]) => !key.endsWith('.$'));
  const worked = Object.entries(source).filter(([key]) => key.endsWith('.$'));
  const parts = constant.map(([key, value]): [string, Part | Json] => [
    key,
    compilePart(value, reader, compileField) ?? value,
  ]);
  if (worked.length === 0 && parts.every(([, part]) => typeof part !== 'function')) return undefined;
  const compiled = new Map(
    worked.map(([key, value]): [string, Part] => [
      key.slice(0, -2),
      compileDynamic(value, key, reader, compileField),
    ]),
  );
  for (const name of inHashOrder([...compiled.keys()])) parts.push([name, compiled.get(name) ?? null]);
  return (data) => {
    const made: JsonObject = {};
    for (const [key, part] of parts) setOwn(made, key, typeof part === 'function' ? part(data) : part);
    return made;
  };
}

function compileDynamic(value: Json, key: string, reader: Reader, compileField: CompileField): Part {
  if (typeof value === 'string') return compileField(value, key);
  reader.problem(
    `The value for the field '${key}' must be a valid JSONPath or a valid intrinsic function call`,
  );
  return () => null;
}

/** The order in which a HashMap of Java's gives its keys. */
export function inHashOrder(keys: readonly string[]): string[] {
  let size = 16;
  while (keys.length > size * 0.75) size *= 2;
  const slots = new Map<number, string[]>();
  for (const key of keys) {
    const hash = hashCode(key);
    const slot = (hash ^ (hash >>> 16)) & (size - 1);
    slots.set(slot, [...(slots.get(slot) ?? []), key]);
  }
  return [...slots].toSorted(([a], [b]) => a - b).flatMap(([, each]) => each);
}

/** Java's String.hashCode. */
function hashCode(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash;
}
