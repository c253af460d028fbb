import { instanceToPlain, TransformationType } from 'class-transformer';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import type { Constructor, HandlerDefinition, OutputSpec } from '../../declare/definition.js';
import type { DtoProperty } from '../../declare/dto-property.js';
import { classOf, shapeOf, type Groups } from '../../declare/dto-shape.js';
import { RuleChecker } from '../input/broken-rules.js';
import { mapParts, pathOf, type Place } from '../input/place.js';
import { Refusal, refusalOf, type Violation } from '../input/refusal.js';
import { OWN_ERROR } from '../outcome.js';
import { encode } from './encode.js';

/** Makes JSON text of what a handler returned. */
export type Encode = (result: unknown) => string | Promise<string>;

/** One function for the results of a handler, decided once. */
export function compileOutput({ output, groups }: HandlerDefinition): Encode {
  return output ? (result) => serialise(result, output, groups) : encode;
}

async function serialise(result: unknown, { kind, type }: OutputSpec, groups: Groups): Promise<string> {
  const list = kind === 'array';
  if (list && !Array.isArray(result)) throw invalidOutput(type, [wrong(undefined, 'isArray', 'an array')]);
  const each = (part: unknown, place: Place | undefined): object => instanceOf(part, type, place, groups);
  const instances = list ? mapParts(result, undefined, each) : each(result, undefined);
  const rules = new RuleChecker({ groups, showValues: false });
  mapParts(instances, undefined, (instance, place) => rules.check(instance, place));
  await rules.settled();
  if (rules.violations.length > 0) throw invalidOutput(type, rules.violations);
  return encode(mapParts(instances, undefined, (instance) => plainOf(instance as object, groups)));
}

function instanceOf(
  part: unknown,
  type: Constructor<object>,
  place: Place | undefined,
  groups: Groups,
): object {
  const instance = asInstance(part, type, groups);
  if (instance instanceof type) return instance;
  throw invalidOutput(type, [wrong(place, 'isObject', 'an object')]);
}

/**
 * Makes a plain object into an instance of a class, and the plain objects in it into instances of what the class
 * nests, so that rules and `@Expose` see them. No constructor and no `@Transform` runs. Instances stay as they are.
 */
function asInstance(value: unknown, type: Constructor<object>, groups: Groups): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const owner = value instanceof type ? (value.constructor as Constructor<object>) : type;
  const nested = shapeOf(owner, groups).properties.filter((each) => each.nested);
  const changes = nested
    .map((property) => [property.name, nestedInstances(value, property, groups)] as const)
    .filter(([name, made]) => made !== Reflect.get(value, name));
  if (value instanceof type && changes.length === 0) return value;
  const prototype: object = value instanceof type ? Object.getPrototypeOf(value) : (type.prototype as object);
  const fields = Object.entries(value).filter(([key]) => key !== '__proto__');
  return Object.assign(
    Object.create(prototype) as object,
    Object.fromEntries(fields),
    Object.fromEntries(changes),
  );
}

function nestedInstances(holder: object, property: DtoProperty, groups: Groups): unknown {
  const value: unknown = Reflect.get(holder, property.name);
  let changed = false;
  const made = mapParts(value, undefined, (part) => {
    if (typeof part !== 'object' || part === null) return part;
    const type = classOf(part, holder, property, groups);
    const instance = type ? asInstance(part, type, groups) : part;
    changed ||= instance !== part;
    return instance;
  });
  return changed ? made : value;
}

function plainOf(instance: object, groups: Groups): unknown {
  try {
    const plain = instanceToPlain(instance, groups.length > 0 ? { groups: [...groups] } : {});
    return whitelisted(plain, instance, groups);
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new Refusal(OWN_ERROR.invalidOutput, `serialising ${instance.constructor.name} failed: ${message}`);
  }
}

/** Leaves out what the class neither has a rule for nor exposes. */
function whitelisted(plain: unknown, instance: unknown, groups: Groups): unknown {
  if (Array.isArray(plain)) {
    const items = instance instanceof Set || Array.isArray(instance) ? [...instance] : [];
    return plain.map((each, index) => whitelisted(each, items[index], groups));
  }
  if (!isObject(plain) || !isObject(instance)) return plain;
  if (instance instanceof Map)
    return mapValues(plain, (key, each) => whitelisted(each, instance.get(key), groups));
  const { byKey } = shapeOf(instance.constructor as Constructor<object>, groups);
  if (byKey.size === 0) return plain;
  const exposed = exposedKeys(instance.constructor);
  const kept = Object.entries(plain).filter(([key]) => byKey.has(key) || exposed.has(key));
  return mapValues(Object.fromEntries(kept), (key, each) => {
    const property = byKey.get(key);
    return property?.nested ? whitelisted(each, Reflect.get(instance, property.name), groups) : each;
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

function wrong(place: Place | undefined, rule: string, expected: string): Violation {
  const path = pathOf(place);
  return { path, rule, message: `${path === '' ? 'the value' : path} must be ${expected}` };
}

const invalidOutput = ({ name }: Constructor, violations: readonly Violation[]): Refusal =>
  refusalOf(OWN_ERROR.invalidOutput, `the output is not a valid ${name}`, violations);
