import type { Constructor } from '../../../declare/class.js';
import type { DtoProperty } from '../../../declare/dto/dto-property.js';
import { classOf, isDeclared, shapeOf, typeOf, type Groups } from '../../../declare/dto/dto-shape.js';
import { isObject, type Kind, OBJECT } from '../../../declare/dto/kinds.js';
import { DEPTH_LIMIT } from '../input/decode.js';
import { kindViolation, mapParts, type ValuePath } from '../input/value-path.js';
import { MOST_VIOLATIONS, type Violation } from '../outcome/refusal.js';
import { OUTPUT_LIMIT_BYTES } from '../outcome/outcome.js';
import { tooDeep, tooLarge } from './encode.js';

/**
 * Makes instances of the plain objects in a result, as far as its class nests others, so that rules and `@Expose`
 * apply. No constructor and no `@Transform` runs. Instances stay as they are.
 */
export class OutputInstances {
  /** The values that are not of their declared type. */
  readonly violations: Violation[] = [];
  readonly #groups: Groups;
  /** The least length that the JSON of the result can have, as far as it is known. */
  #leastBytes = 0;

  constructor(groups: Groups) {
    this.#groups = groups;
  }

  /**
   * Returns the value as an instance of its class. Values of another type are left as they are, and become violations.
   * @throws Refusal for a value that is nested too deep or is too large, whatever its rules say.
   */
  make(value: unknown, type: Constructor<object>, path: ValuePath | undefined, depth = 1): unknown {
    if (this.violations.length >= MOST_VIOLATIONS) return value;
    if (depth > DEPTH_LIMIT) throw tooDeep(path);
    if (!isObject(value)) return this.#refuse(OBJECT, value, path);
    const isInstance = value instanceof type;
    const changes = this.#changes(value, isInstance ? typeOf(value) : type, path, depth);
    if (isInstance && changes.size === 0) return value;
    const prototype = isInstance ? Object.getPrototypeOf(value) : type.prototype;
    return copyOf(value, prototype as object, changes);
  }

  /**
   * Makes the instances that a value nests.
   * @returns the properties that hold them now, where they held plain objects
   */
  #changes(
    value: object,
    type: Constructor<object>,
    path: ValuePath | undefined,
    depth: number,
  ): ReadonlyMap<string, unknown> {
    const changes = new Map<string, unknown>();
    for (const property of shapeOf(type, this.#groups).properties) {
      const before: unknown = Reflect.get(value, property.name);
      const after = this.#property(before, value, property, { within: path, step: property.key }, depth);
      if (after !== before) changes.set(property.name, after);
    }
    return changes;
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
    const made = mapParts(value, path, (part, at) => {
      const type =
        typeof part === 'object' && part ? classOf(part, holder, property, this.#groups) : undefined;
      const instance = type ? this.make(part, type, at, depth + (at === path ? 1 : 2)) : part;
      changed ||= instance !== part;
      return instance;
    });
    return changed ? made : value;
  }

  /** Adds to the least length: a key has quotes, a colon and a value, an element at least two bytes. */
  #count(value: unknown, key: string): void {
    this.#leastBytes += key.length + 4;
    if (typeof value === 'string') this.#leastBytes += value.length;
    if (Array.isArray(value)) this.#leastBytes += 2 * value.length;
    if (value instanceof Set || value instanceof Map) this.#leastBytes += 2 * value.size;
    if (this.#leastBytes > OUTPUT_LIMIT_BYTES) throw tooLarge(`more than ${OUTPUT_LIMIT_BYTES}`);
  }

  #refuse(kind: Kind, value: unknown, path: ValuePath | undefined): unknown {
    this.violations.push(kindViolation(path, kind));
    return value;
  }
}

function copyOf(value: object, prototype: object, changes: ReadonlyMap<string, unknown>): object {
  const copy = Object.create(prototype) as object;
  for (const key of Object.keys(value))
    if (key !== '__proto__') Reflect.set(copy, key, Reflect.get(value, key));
  for (const [name, changed] of changes) Reflect.set(copy, name, changed);
  return copy;
}
