import { instanceToPlain, TransformationType } from 'class-transformer';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { validate } from 'class-validator';
import type { Constructor, HandlerDefinition, OutputSpec } from '../../declare/definition.js';
import { shapeOf } from '../../declare/dto-shape.js';
import { adopt } from '../input/adopt.js';
import { encode } from './encode.js';
import { OWN_ERROR } from '../outcome.js';
import { indexPath } from '../input/path.js';
import { Refusal, type Violation } from '../input/refusal.js';
import { inOrder, violationsOf } from '../input/violations.js';

type Groups = readonly string[];

/** Makes JSON text of what a handler returned. */
export type WriteResult = (result: unknown) => string | Promise<string>;

/** One function for the results of a handler, decided once. */
export function compileOutput({ output, groups }: HandlerDefinition): WriteResult {
  return output ? (result) => serialise(result, output, groups) : encode;
}

async function serialise(result: unknown, { kind, type }: OutputSpec, groups: Groups): Promise<string> {
  if (kind === 'class') return encode(await writeOne(result, type, '', groups));
  if (!Array.isArray(result)) throw invalidOutput(type, [wrong('', 'isArray', 'an array')]);
  const items = result.map((each, index) => writeOne(each, type, indexPath('', index), groups));
  return encode(await Promise.all(items));
}

async function writeOne(
  result: unknown,
  type: Constructor<object>,
  path: string,
  groups: Groups,
): Promise<unknown> {
  const instance = adopt(result, type, groups);
  if (!(instance instanceof type)) throw invalidOutput(type, [wrong(path, 'isObject', 'an object')]);
  const options = groups.length > 0 ? { groups: [...groups] } : {};
  const errors = await validate(instance, { forbidUnknownValues: true, ...options });
  if (errors.length > 0) throw invalidOutput(type, violationsOf(errors, path, { groups, showValues: false }));
  return trim(toPlain(instance, options), instance, groups);
}

function toPlain(instance: object, options: { groups?: string[] }): unknown {
  try {
    return instanceToPlain(instance, options);
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new Refusal(OWN_ERROR.invalidOutput, `serialising ${instance.constructor.name} failed: ${message}`);
  }
}

/** Leaves out what the class neither has a rule for nor exposes. */
function trim(plain: unknown, instance: unknown, groups: Groups): unknown {
  if (Array.isArray(plain)) {
    const items = instance instanceof Set || Array.isArray(instance) ? [...instance] : [];
    return plain.map((each, index) => trim(each, items[index], groups));
  }
  if (!isObject(plain) || !isObject(instance)) return plain;
  if (instance instanceof Map) return mapValues(plain, (key, each) => trim(each, instance.get(key), groups));
  const { byKey } = shapeOf(instance.constructor as Constructor<object>, groups);
  if (byKey.size === 0) return plain;
  const exposed = exposedKeys(instance.constructor);
  const kept = Object.entries(plain).filter(([key]) => byKey.has(key) || exposed.has(key));
  return mapValues(Object.fromEntries(kept), (key, each) => {
    const property = byKey.get(key);
    return property?.nested ? trim(each, Reflect.get(instance, property.name), groups) : each;
  });
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const mapValues = (object: object, change: (key: string, value: unknown) => unknown): object =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(key, value)]));

/** The keys that `@Expose` gives to fields and accessors. */
function exposedKeys(type: object): Set<string> {
  const target = type as Constructor;
  const names = defaultMetadataStorage.getExposedProperties(target, TransformationType.CLASS_TO_PLAIN);
  return new Set(
    names.map((name) => defaultMetadataStorage.findExposeMetadata(target, name)?.options?.name ?? name),
  );
}

const wrong = (path: string, rule: string, expected: string): Violation => ({
  path,
  rule,
  message: `${path === '' ? 'the value' : path} must be ${expected}`,
});

function invalidOutput(type: Constructor, violations: readonly Violation[]): Refusal {
  const ordered = inOrder(violations);
  const more = ordered.length > 1 ? ` (and ${ordered.length - 1} more)` : '';
  const message = `the output is not a valid ${type.name}: ${ordered[0]?.message}${more}`;
  return new Refusal(OWN_ERROR.invalidOutput, message, ordered);
}
