import { isObject, setOwn, type Json, type JsonObject } from '../values/json.js';
import type { Reader } from '../definition/reader.js';
import type { Expression, StateData } from '../runtime/state-data.js';

type Part = (data: StateData) => Json;

/** Compiles the value of a field whose name ends in `.$`. Reports to the reader what it cannot. */
export type CompileField = (text: string, field: string) => Part;

/**
 * Compiles a payload template: an object in which each field `name.$` holds a path or an intrinsic function, to
 * any depth, lists included. What holds none is given as it stands.
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
  let dynamic = false;
  const parts = Object.entries(source).map(([key, value]): [string, Part | Json] => {
    if (key.endsWith('.$')) {
      dynamic = true;
      return [key.slice(0, -2), compileDynamic(value, key, reader, compileField)];
    }
    const part = compilePart(value, reader, compileField);
    if (part) dynamic = true;
    return [key, part ?? value];
  });
  if (!dynamic) return undefined;
  return (data) => {
    const made: JsonObject = {};
    for (const [key, part] of parts) setOwn(made, key, typeof part === 'function' ? part(data) : part);
    return made;
  };
}

function compileDynamic(value: Json, key: string, reader: Reader, compileField: CompileField): Part {
  if (typeof value === 'string') return compileField(value, key);
  reader.problem(
    `The value of the field '${key}' must be a string that holds a path or an intrinsic function`,
  );
  return () => null;
}
