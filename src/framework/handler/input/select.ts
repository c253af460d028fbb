import type { Constructor } from '../../declare/definition.js';
import { shapeOf, type DtoProperty, type DtoShape } from '../../declare/dto-shape.js';
import { indexPath, keyPath } from './path.js';
import type { Violation } from './refusal.js';

type Plain = Record<string, unknown>;

/** Violations beyond this are counted by the rules of class-validator, not by us. */
const UNKNOWN_KEYS_LIMIT = 100;

export interface Selection {
  /** A copy with the known keys only. What no class describes is in it as it came. */
  readonly value: unknown;
  /** Wrong shapes and, where they are refused, unknown keys. */
  readonly violations: readonly Violation[];
  /** Whether a part of it is described by no class, and must reach the instance as it came. */
  readonly hasRaw: boolean;
}

export interface SelectOptions {
  readonly groups: readonly string[];
  readonly unknownKeys: 'drop' | 'refuse';
}

export const isPlainObject = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Takes from parsed JSON what a class has rules for, and checks that objects, arrays, sets and maps stand where the
 * class declares them: class-validator takes an array for an object and an object for an array.
 */
export function select(
  source: unknown,
  type: Constructor<object>,
  path: string,
  options: SelectOptions,
): Selection {
  const selector = new Selector(options);
  const value = selector.object(source, shapeOf(type, options.groups), path);
  return { value, violations: selector.violations, hasRaw: selector.hasRaw };
}

class Selector {
  readonly violations: Violation[] = [];
  hasRaw = false;
  readonly #options: SelectOptions;

  constructor(options: SelectOptions) {
    this.#options = options;
  }

  object(source: unknown, shape: DtoShape, path: string, also?: string): Plain | undefined {
    if (!isPlainObject(source)) return this.#wrong(path, 'isObject', 'must be an object');
    const copy: Plain = {};
    for (const property of shape.properties) {
      if (property.readable && Object.hasOwn(source, property.key))
        this.#take(copy, source, property, keyPath(path, property.key));
    }
    // class-transformer reads the discriminator off this copy, whether or not there is a rule for it.
    if (also !== undefined && Object.hasOwn(source, also)) copy[also] = source[also];
    if (this.#options.unknownKeys === 'refuse') this.#refuseUnknown(source, shape, path, also);
    return copy;
  }

  #take(copy: Plain, source: Plain, property: DtoProperty, path: string): void {
    const value = source[property.key];
    if (property.nested && value !== null) {
      const nested = this.#nested(value, source, property, path);
      if (nested !== undefined) copy[property.key] = nested;
      return;
    }
    const raw = !property.typed && !property.transformed && typeof value === 'object' && value !== null;
    this.hasRaw ||= raw;
    // Hidden from class-transformer, which would make a lossy copy of it, but there for a @Transform that reads it.
    Object.defineProperty(copy, property.key, {
      value,
      enumerable: !raw,
      writable: true,
      configurable: true,
    });
  }

  #nested(value: unknown, holder: Plain, property: DtoProperty, path: string): unknown {
    const list = Array.isArray(value);
    const { container } = property;
    if (container === 'map') return this.#map(value, holder, property, path);
    const wantsList = container === 'array' || container === 'set' || (container === 'any' && list);
    if (!wantsList) return this.#one(value, holder, property, path);
    if (!list) return this.#wrong(path, 'isArray', 'must be an array');
    // An empty object holds the place of a wrong element, or those after it would be told by a wrong index.
    return value.map((each, index) => this.#one(each, holder, property, indexPath(path, index)) ?? {});
  }

  #map(value: unknown, holder: Plain, property: DtoProperty, path: string): unknown {
    if (!isPlainObject(value)) return this.#wrong(path, 'isObject', 'must be an object');
    const entries = Object.entries(value).map(
      ([key, each]) => [key, this.#one(each, holder, property, keyPath(path, key))] as const,
    );
    return Object.fromEntries(entries.filter(([, each]) => each !== undefined));
  }

  #one(value: unknown, holder: Plain, property: DtoProperty, path: string): unknown {
    if (!isPlainObject(value)) return this.#wrong(path, 'isObject', 'must be an object');
    const { discriminator } = property;
    const type = this.#classOf(value, holder, property, path);
    if (type === undefined) return undefined;
    return this.object(value, shapeOf(type, this.#options.groups), path, discriminator?.property);
  }

  #classOf(
    value: Plain,
    holder: Plain,
    { discriminator, typeIn }: DtoProperty,
    path: string,
  ): Constructor<object> | undefined {
    if (!discriminator) return typeIn(holder) ?? this.#wrong(path, 'isObject', 'is of no known class');
    const { property, subTypes } = discriminator;
    const named = Object.hasOwn(value, property) ? value[property] : undefined;
    const subType = subTypes.find(({ name }) => name === named)?.value;
    if (subType) return subType;
    const base = typeIn(holder);
    if (base && shapeOf(base, this.#options.groups).properties.length > 0) return base;
    const names = subTypes.map(({ name }) => name).join(', ');
    return this.#wrong(keyPath(path, property), 'discriminator', `must be one of: ${names}`);
  }

  #refuseUnknown(source: Plain, { byKey }: DtoShape, path: string, also: string | undefined): void {
    for (const key of Object.keys(source)) {
      if (byKey.has(key) || key === also) continue;
      if (this.violations.length >= UNKNOWN_KEYS_LIMIT) return;
      this.#wrong(keyPath(path, key), 'unknownKey', 'is not a known key');
    }
  }

  #wrong(path: string, rule: string, message: string): undefined {
    this.violations.push({
      path,
      rule,
      message: path === '' ? `the value ${message}` : `${path} ${message}`,
    });
    return undefined;
  }
}
