import { PAYLOAD_LIMIT_BYTES } from '../../../base/size.js';
import { EvaluationFailure, type Expression, soon, type Soon, type StateData } from '../expression.js';
import { inHashOrder } from '../values/hash-order.js';
import { isObject, setOwn, weightLeft, type Json, type JsonObject } from '../values/json.js';

/** Evaluates a part of a template. `room` is what its value may still weigh together with those of the other parts. */
type Part = (data: StateData, room: { left: number }) => Soon<Json>;

/** A value that weighs more has more than PAYLOAD_LIMIT_BYTES of text, so no state could pass it on. */
const MOST_BYTES = 9 * PAYLOAD_LIMIT_BYTES;

/** The functions that depend on the field of the state whose value is the template. */
export interface TemplateField {
  /**
   * Compiles the value of a key that ends in `.$`. Adds a problem if it is neither a path nor an intrinsic function.
   */
  compile(text: string, key: string): (data: StateData) => Soon<Json>;
  problem(text: string): void;
}

/**
 * Compiles a payload template: JSON in which the value of each key that ends in `.$` is a path or an intrinsic
 * function. Recorded: the result has its constant keys first, then the evaluated ones in the order of a Java HashMap
 * (recorded/spelling.ts).
 */
export function compileTemplate(source: Json, field: TemplateField): Expression {
  const part = compilePart(source, field);
  return part ? (data) => part(data, { left: MOST_BYTES }) : () => source;
}

/** Compiles a part of a template; returns undefined if the part contains nothing to evaluate. */
function compilePart(source: Json, field: TemplateField): Part | undefined {
  if (Array.isArray(source)) return compileList(source, field);
  if (isObject(source)) return compileObject(source, field);
  return undefined;
}

function compileList(source: Json[], field: TemplateField): Part | undefined {
  const parts = source.map((item) => compilePart(item, field) ?? item);
  if (parts.every((part) => typeof part !== 'function')) return undefined;
  return (data, room) => {
    const made: Json[] = [];
    return soon(
      fillIn(parts, [data, room], (value) => void made.push(value)),
      () => made,
    );
  };
}

function compileObject(source: JsonObject, field: TemplateField): Part | undefined {
  const constant = compileConstantKeys(source, field);
  const dynamic = compileDynamicKeys(source, field);
  if (dynamic.length === 0 && constant.every(([, part]) => typeof part !== 'function')) return undefined;
  const keys = [...constant, ...dynamic].map(([key]) => key);
  const parts = [...constant, ...dynamic].map(([, part]) => part);
  return (data, room) => {
    const made: JsonObject = {};
    return soon(
      fillIn(parts, [data, room], (value, at) => setOwn(made, keys[at] ?? '', value)),
      () => made,
    );
  };
}

/**
 * Calls `fill` with the value of each part. If this turn of the event loop has lasted too long, goes on in a later one:
 * a template may have thousands of parts.
 */
function fillIn(
  parts: readonly (Part | Json)[],
  given: Parameters<Part>,
  fill: (value: Json, at: number) => void,
  from = 0,
): Soon<void> {
  for (let at = from; at < parts.length; at++) {
    const part = parts[at] ?? null;
    const value = typeof part === 'function' ? part(...given) : part;
    const later =
      value instanceof Promise
        ? value
        : (at + 1) % PARTS_BETWEEN_CHECKS === 0
          ? given[0].environment.pause()
          : undefined;
    if (!later) fill(value as Json, at);
    else
      return later.then(async () => {
        fill(await value, at);
        return fillIn(parts, given, fill, at + 1);
      });
  }
}

const PARTS_BETWEEN_CHECKS = 16;

const isDynamic = (key: string): boolean => key.endsWith('.$');

function compileConstantKeys(source: JsonObject, field: TemplateField): [string, Part | Json][] {
  return Object.entries(source)
    .filter(([key]) => !isDynamic(key))
    .map(([key, value]) => [key, compilePart(value, field) ?? value]);
}

function compileDynamicKeys(source: JsonObject, field: TemplateField): [string, Part][] {
  const parts = new Map<string, Part>();
  for (const [key, value] of Object.entries(source)) {
    if (!isDynamic(key)) continue;
    const name = key.slice(0, -2);
    if (Object.hasOwn(source, name)) field.problem(`'${name}' and '${key}' are one key, given twice`);
    parts.set(name, compileDynamic(value, key, field));
  }
  return inHashOrder([...parts.keys()]).map((name) => [name, parts.get(name) ?? (() => null)]);
}

function compileDynamic(value: Json, key: string, field: TemplateField): Part {
  if (typeof value === 'string') {
    const evaluate = field.compile(value, key);
    return (data, room) => soon(evaluate(data), (made) => weighed(made, room));
  }
  field.problem(
    `The value for the field '${key}' must be a valid JSONPath or a valid intrinsic function call`,
  );
  return () => null;
}

/** @throws EvaluationFailure if a template has no room for a value */
function weighed(value: Json, room: { left: number }): Json {
  room.left = weightLeft(value, room.left);
  if (room.left < 0)
    throw new EvaluationFailure('States.DataLimitExceeded', 'The payload template makes too large a value.');
  return value;
}
