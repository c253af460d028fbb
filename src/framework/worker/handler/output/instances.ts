import { TransformationType } from 'class-transformer/cjs/enums/index.js';
import type { Constructor } from '../../../declare/class.js';
import { type DtoProperty, readProperty } from '../../../declare/dto/dto-property.js';
import type { Written } from '../../../declare/dto/exposed-fields.js';
import { classOf, type Groups, isDeclared, shapeOf, typeOf } from '../../../declare/dto/dto-shape.js';
import { type Field, type FieldsOf, objectFault, toJsonOf } from './encode.js';
import { isObject, type Kind, OBJECT } from '../../../declare/dto/kinds.js';
import { DEPTH_LIMIT } from '../input/decode.js';
import { kindViolation, mapParts, type ValuePath } from '../input/value-path.js';
import { MOST_VIOLATIONS, type Violation } from '../outcome/own-errors.js';
import {
  emptyInstanceFault,
  holdsItself,
  invalidOutput,
  type OutputLimit,
  tooDeep,
} from './output-faults.js';
import { getOrMake } from '../../../base/collections.js';

/**
 * Finds the fields of an output that are written as JSON, as the decorators of its classes say: under the names that
 * `@Expose` gives, without fields that have `@Exclude`, and with values to which `@Transform` was applied. For the
 * output's class and the classes nested in it, only fields with a rule or `@Expose` are written.
 */
export class DescribedOutput implements FieldsOf {
  /** The properties without rules, by class and name. They are added when they first occur in an output. */
  readonly #unruled = new Map<Constructor<object>, Map<string, DtoProperty>>();

  /** @param outermost the output itself or, if the output is an array, the instances in it */
  constructor(
    private readonly groups: Groups,
    private readonly reads: OutputReads,
    private readonly outermost: ReadonlySet<unknown>,
  ) {}

  collects(value: object, property: DtoProperty | undefined): boolean {
    if (!property || !(value instanceof Set || value instanceof Map)) return false;
    return property.nested !== undefined || property.typed || property.declared?.holds(value) === true;
  }

  fields(value: object, property: DtoProperty | undefined): ReadonlyMap<string, Field> {
    if (value instanceof Map)
      return new Map([...value].map(([key, part]) => [String(key), [part, property]]));
    const fields = isOfClass(value) ? this.#ofInstance(value, property) : ownFields(value);
    const kind = property?.discriminator;
    const named = kind?.subTypes.find((each) => each.value === typeOf(value));
    if (kind && named) fields.set(kind.property, [named.name]);
    return fields;
  }

  #ofInstance(value: object, within: DtoProperty | undefined): Map<string, Field> {
    const type = typeOf(value);
    const { properties, byName, exposed } = shapeOf(type, this.groups);
    const isCut = properties.length > 0 && (this.outermost.has(value) || within?.nested !== undefined);
    const fields = new Map<string, Field>();
    const add = (written: Written | undefined, property?: DtoProperty): void => {
      if (written) fields.set(written.key, [this.#valueOf(value, written), property]);
    };
    for (const name of Object.keys(value)) {
      const property = byName.get(name) ?? (isCut ? undefined : this.#withoutRules(type, name));
      add(property?.written, property);
    }
    for (const each of properties)
      if (each.exposed && !Object.hasOwn(value, each.name)) add(each.written, each);
    for (const each of exposed) if (isCut || !Object.hasOwn(value, each.name)) add(each);
    return fields;
  }

  #valueOf(instance: object, { name, transforms }: Written): unknown {
    const options = this.groups.length > 0 ? { groups: [...this.groups] } : {};
    const about = { key: name, obj: instance, type: TransformationType.CLASS_TO_PLAIN, options };
    const value = this.reads.get(instance, name);
    return transforms.reduce<unknown>((before, transform) => transform({ ...about, value: before }), value);
  }

  #withoutRules(type: Constructor<object>, name: string): DtoProperty {
    const known = getOrMake(this.#unruled, type, () => new Map<string, DtoProperty>());
    return getOrMake(known, name, () => readProperty(type, name, [], this.groups));
  }
}

/** Returns true for an instance of a class. Returns false for a plain object, and for one without a prototype. */
function isOfClass(value: object): boolean {
  const type: unknown = typeOf(value);
  return typeof type === 'function' && type !== Object;
}

const ownFields = (value: object): Map<string, Field> =>
  new Map(Object.keys(value).map((key): [string, Field] => [key, [Reflect.get(value, key)]]));

/**
 * Turns the plain objects in a result into instances of the classes that the output declares for them, so that rules
 * and `@Expose` apply to them. It calls no constructor and no `@Transform`. Instances that the handler returned aren't
 * changed: if a property of theirs gets a new value, that is only recorded in `reads`.
 */
export class OutputInstances {
  /** The violations that were found: values that don't have their declared type. */
  readonly violations: Violation[] = [];
  /** The path of the object that is being read, or was read last. */
  path: ValuePath | undefined;
  /** The objects around the value that is being read. The outermost comes first. */
  readonly #held: object[] = [];
  /** A lower bound for the length of the JSON that will be written. */
  #leastBytes = 0;

  constructor(
    private readonly groups: Groups,
    private readonly reads: OutputReads,
    private readonly limit: OutputLimit,
  ) {}

  /**
   * Makes an instance of the class from the value. A value that already is an instance, or that can't be made into one
   * because it has a wrong type, is returned as it is.
   * @throws Refusal for a value that JSON can't express, is nested too deeply, or is too large
   */
  make(given: unknown, type: Constructor<object>, path: ValuePath | undefined, depth = 1): unknown {
    if (this.violations.length >= MOST_VIOLATIONS) return given;
    if (depth > DEPTH_LIMIT) throw tooDeep(path);
    this.path = path;
    const value = given instanceof type ? given : plainOf(given, path);
    if (!isObject(value)) return this.#refuse(OBJECT, value, path);
    if (this.#held.includes(value)) throw holdsItself(path);
    this.#held.push(value);
    const isInstance = value instanceof type;
    const instance = isInstance ? value : copyOf(value, type.prototype as object);
    this.#makeNested(instance, isInstance ? typeOf(value) : type, path, depth);
    this.#held.pop();
    return instance;
  }

  /** Makes the instances that are nested in an instance. */
  #makeNested(instance: object, type: Constructor<object>, path: ValuePath | undefined, depth: number): void {
    for (const property of shapeOf(type, this.groups).properties) {
      const before = this.reads.get(instance, property.name);
      const after = this.#property(before, instance, property, { within: path, step: property.key }, depth);
      if (after !== before) this.reads.set(instance, property.name, after);
    }
  }

  #property(value: unknown, holder: object, property: DtoProperty, path: ValuePath, depth: number): unknown {
    if (value === undefined || value === null) return value;
    if (property.written?.transforms.length === 0) this.#count(value, property.key);
    const made = property.nested ? this.#nested(value, holder, property, path, depth) : value;
    const { declared } = property;
    if (declared && !isDeclared(made, property)) this.#refuse(declared, made, path);
    return made;
  }

  #nested(value: unknown, holder: object, property: DtoProperty, path: ValuePath, depth: number): unknown {
    let changed = false;
    const change = (part: unknown, at: ValuePath | undefined): unknown => {
      if (Array.isArray(part) && at !== path && property.grid) return mapParts(part, at, instanceIn);
      return instanceIn(part, at);
    };
    const instanceIn = (part: unknown, at: ValuePath | undefined): unknown => {
      const type = typeof part === 'object' && part ? classOf(part, holder, property) : undefined;
      const instance = type ? this.make(part, type, at, depth + (at === path ? 1 : 2)) : part;
      changed ||= instance !== part;
      return instance;
    };
    const made = mapParts(value, path, change);
    return changed ? made : value;
  }

  /**
   * Adds the least length that a field has in the JSON to the lower bound. A key has two quotes, a colon and a value;
   * an element of a list has at least two bytes.
   */
  #count(value: unknown, key: string): void {
    this.#leastBytes += key.length + 4;
    if (typeof value === 'string') this.#leastBytes += value.length;
    if (Array.isArray(value)) this.#leastBytes += 2 * value.length;
    if (value instanceof Set || value instanceof Map) this.#leastBytes += 2 * value.size;
    const { bytes, refuse } = this.limit;
    if (this.#leastBytes > bytes) throw refuse(`more than ${bytes}`);
  }

  #refuse(kind: Kind, value: unknown, path: ValuePath | undefined): unknown {
    this.violations.push(kindViolation(path, kind));
    return value;
  }
}

/**
 * Returns the result of a value's `toJSON`, or the value itself if it has none.
 * @throws Refusal for a value that JSON would write as `{}`
 */
function plainOf(value: unknown, path: ValuePath | undefined): unknown {
  if (!isObject(value)) return value;
  const json = toJsonOf(value);
  if (json) return json(String(path?.step ?? ''));
  const fault =
    objectFault(value) ?? (Object.keys(value).length === 0 ? emptyInstanceFault(value) : undefined);
  if (fault) throw invalidOutput(path, fault);
  return value;
}

/** Returns a copy of `value` with another prototype. Reads each field of `value` once. */
function copyOf(value: object, prototype: object): object {
  const copy = Object.create(prototype) as object;
  for (const key of Object.keys(value))
    if (key !== '__proto__') Reflect.set(copy, key, Reflect.get(value, key));
  return copy;
}

/** Reads the property values of an output's instances and remembers them, so that each getter is called only once. */
export class OutputReads {
  readonly #known = new Map<object, Map<string, unknown>>();

  get(object: object, name: string): unknown {
    const known = this.#known.get(object);
    if (known?.has(name)) return known.get(name);
    const own = Object.getOwnPropertyDescriptor(object, name);
    if (own && 'value' in own) return own.value;
    const value: unknown = Reflect.get(object, name);
    if (own || name in object) this.set(object, name, value);
    return value;
  }

  /** Sets the value that `get` returns for a property from now on. The object itself isn't changed. */
  set(object: object, name: string, value: unknown): void {
    getOrMake(this.#known, object, () => new Map<string, unknown>()).set(name, value);
  }
}
