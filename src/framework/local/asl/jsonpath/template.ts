import { isObject, setOwn, type Json, type JsonObject } from '../values/json.js';
import type { Expression, StateData } from '../expression/state-data.js';

type Part = (data: StateData) => Json;

/** What a template needs of the field that it stands in. */
export interface TemplateField {
  /** Compiles the value of a key that ends in `.$`. Reports what it cannot. */
  compile(text: string, key: string): Part;
  problem(text: string): void;
}

/**
 * Compiles a payload template: an object in which each field `name.$` holds a path or an intrinsic function, to
 * any depth, lists included. What holds none is given as it stands. Recorded: the constant keys come first, as they are
 * written, then those that were worked out, in the order of a hash table of Java's (recorded/spelling.ts).
 */
export function compileTemplate(source: Json, field: TemplateField): Expression {
  const part = compilePart(source, field);
  return part ?? (() => source);
}

/** Undefined where nothing in it has to be worked out. */
function compilePart(source: Json, field: TemplateField): Part | undefined {
  if (Array.isArray(source)) return compileList(source, field);
  if (isObject(source)) return compileObject(source, field);
  return undefined;
}

function compileList(source: Json[], field: TemplateField): Part | undefined {
  const parts = source.map((item) => compilePart(item, field) ?? item);
  if (parts.every((part) => typeof part !== 'function')) return undefined;
  return (data) => parts.map((part) => (typeof part === 'function' ? part(data) : part));
}

function compileObject(source: JsonObject, field: TemplateField): Part | undefined {
  const constant = Object.entries(source).filter(([key]) => !key.endsWith('.$'));
  const worked = Object.entries(source).filter(([key]) => key.endsWith('.$'));
  const parts = constant.map(([key, value]): [string, Part | Json] => [
    key,
    compilePart(value, field) ?? value,
  ]);
  for (const [key] of worked) {
    const name = key.slice(0, -2);
    if (Object.hasOwn(source, name)) field.problem(`'${name}' and '${key}' are one key, given twice`);
  }
  if (worked.length === 0 && parts.every(([, part]) => typeof part !== 'function')) return undefined;
  const compiled = new Map(
    worked.map(([key, value]): [string, Part] => [key.slice(0, -2), compileDynamic(value, key, field)]),
  );
  for (const name of inHashOrder([...compiled.keys()])) parts.push([name, compiled.get(name) ?? null]);
  return (data) => {
    const made: JsonObject = {};
    for (const [key, part] of parts) setOwn(made, key, typeof part === 'function' ? part(data) : part);
    return made;
  };
}

function compileDynamic(value: Json, key: string, field: TemplateField): Part {
  if (typeof value === 'string') return field.compile(value, key);
  field.problem(
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
