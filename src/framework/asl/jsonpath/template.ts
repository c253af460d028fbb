import { PAYLOAD_LIMIT_BYTES } from '../../base/size.js';
import { EvaluationFailure, type Expression, soon, type Soon, type StateData } from '../expression.js';
import { inHashOrder } from '../values/hash-order.js';
import { isObject, setOwn, weightLeft, type Json, type JsonObject } from '../values/json.js';

/** Evaluates a part of a template. `room` is what its value may still weigh together with those of the other parts. */
type Part = (data: StateData, room: { left: number }) => Soon<Json>;

/** A value that weighs more has more than PAYLOAD_LIMIT_BYTES of text, so no state could pass it on. */
const MOST_BYTES = 9 * PAYLOAD_LIMIT_BYTES;

/**
 * Compiles the value of a key that ends in `.$`. Adds a problem if it is neither a path nor an intrinsic function, or if
 * `isRepeated`: the same key stands there without `.$` too.
 */
export type CompileValue = (value: Json, key: string, isRepeated: boolean) => (data: StateData) => Soon<Json>;

/**
 * Compiles a payload template: JSON in which the value of each key that ends in `.$` is a path or an intrinsic
 * function. Recorded: the result has its constant keys first, then the evaluated ones in the order of a Java HashMap
 * (recorded/spelling.ts).
 */
export function compileTemplate(source: Json, compile: CompileValue): Expression {
  const part = compilePart(source, compile);
  return part ? (data) => part(data, { left: MOST_BYTES }) : () => source;
}

/** Compiles a part of a template; returns undefined if the part contains nothing to evaluate. */
function compilePart(source: Json, compile: CompileValue): Part | undefined {
  if (Array.isArray(source)) {
    const parts = source.map((item) => compilePart(item, compile) ?? item);
    return combine(parts, (values) => values);
  }
  if (!isObject(source)) return undefined;
  const entries = compileEntries(source, compile);
  return combine(
    entries.map(([, part]) => part),
    (values) => {
      const made: JsonObject = {};
      for (const [at, [key]] of entries.entries()) setOwn(made, key, values[at] ?? null);
      return made;
    },
  );
}

function compileEntries(source: JsonObject, compile: CompileValue): [string, Part | Json][] {
  const constant: [string, Part | Json][] = [];
  const dynamic = new Map<string, Part>();
  for (const [key, value] of Object.entries(source)) {
    if (key.endsWith('.$')) {
      const name = key.slice(0, -2);
      const evaluate = compile(value, key, Object.hasOwn(source, name));
      dynamic.set(name, (data, room) => soon(evaluate(data), (made) => weighed(made, room)));
    } else constant.push([key, compilePart(value, compile) ?? value]);
  }
  const ordered = inHashOrder([...dynamic.keys()]);
  return [...constant, ...ordered.map((name): [string, Part | Json] => [name, dynamic.get(name) ?? null])];
}

/** Makes a value of the values of parts. Returns undefined if there is nothing to evaluate in them. */
function combine(parts: readonly (Part | Json)[], make: (values: Json[]) => Json): Part | undefined {
  if (parts.every((part) => typeof part !== 'function')) return undefined;
  return (data, room) => {
    const values: Json[] = [];
    return soon(fillIn(values, parts, data, room), () => make(values));
  };
}

const PARTS_BETWEEN_CHECKS = 16;

/**
 * Appends the values of the parts that have none yet. If this turn of the event loop has lasted too long, goes on in a
 * later one: a template may have thousands of parts.
 */
function fillIn(
  values: Json[],
  parts: readonly (Part | Json)[],
  data: StateData,
  room: { left: number },
): Soon<void> {
  while (values.length < parts.length) {
    const part = parts[values.length] ?? null;
    const value = typeof part === 'function' ? part(data, room) : part;
    const isCheck = (values.length + 1) % PARTS_BETWEEN_CHECKS === 0;
    const later = value instanceof Promise ? value : isCheck ? data.environment.pause() : undefined;
    if (later)
      return later.then(async () => {
        values.push(await value);
        return fillIn(values, parts, data, room);
      });
    values.push(value as Json);
  }
}

/** @throws EvaluationFailure if a template has no room for a value */
function weighed(value: Json, room: { left: number }): Json {
  room.left = weightLeft(value, room.left);
  if (room.left < 0)
    throw new EvaluationFailure('States.DataLimitExceeded', 'The payload template makes too large a value.');
  return value;
}
