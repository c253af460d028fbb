import { plainToInstance, TransformationType } from 'class-transformer';
import type { Constructor } from '../../declare/definition.js';
import type { DtoProperty } from '../../declare/dto-property.js';
import { classOf, shapeOf, type DtoShape, type Groups } from '../../declare/dto-shape.js';
import { mapParts, pathOf, type Place } from './place.js';
import type { Violation } from './refusal.js';

type Plain = Record<string, unknown>;

/** Unknown keys beyond this are not listed. */
const UNKNOWN_KEYS_LIMIT = 100;

/** Stands where a value was refused, so that the elements after it keep their index and rules see no gap. */
export const REFUSED: unknown = Object.freeze({});

export interface ReadOptions {
  readonly groups: Groups;
  readonly unknownKeys: 'drop' | 'refuse';
}

export const isPlainObject = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Makes instances of parsed JSON: takes what a class has rules for, checks that objects, arrays, sets and maps stand
 * where it declares them, and does what `@Type`, `@Expose`, `@Exclude` and `@Transform` say. No rule is asked yet.
 */
export class ObjectReader {
  /** Wrong shapes and, where they are refused, unknown keys. */
  readonly violations: Violation[] = [];
  readonly #options: ReadOptions;
  readonly #libraryOptions: { groups?: string[] };

  constructor(options: ReadOptions) {
    this.#options = options;
    this.#libraryOptions = options.groups.length > 0 ? { groups: [...options.groups] } : {};
  }

  /** @returns REFUSED where the value is refused as a whole. */
  read(value: unknown, type: Constructor<object>, place?: Place): unknown {
    try {
      return this.#object(value, type, place);
    } catch (error) {
      // `@Transform` functions and setters are the user's, and meet values that no rule has seen yet.
      const name = error instanceof Error ? error.name : typeof error;
      const message = `reading it into ${type.name} threw ${name}: a @Transform, @Type or setter could not take the value`;
      this.violations.push({ path: pathOf(place), rule: 'transform', message });
      return REFUSED;
    }
  }

  #object(
    source: unknown,
    type: Constructor<object>,
    place: Place | undefined,
    kind?: DtoProperty['discriminator'],
  ): unknown {
    if (!isPlainObject(source)) return this.#wrong(place, 'isObject', 'must be an object');
    const shape = shapeOf(type, this.#options.groups);
    const instance = new type();
    for (const property of shape.properties) {
      if (property.readable) this.#property(instance, source, property, place);
    }
    if (kind?.kept && Object.hasOwn(source, kind.property))
      Reflect.set(instance, kind.property, source[kind.property]);
    if (this.#options.unknownKeys === 'refuse') this.#refuseUnknown(source, shape, place, kind?.property);
    return instance;
  }

  #property(instance: object, source: Plain, property: DtoProperty, within: Place | undefined): void {
    const { key, name, transforms } = property;
    const present = Object.hasOwn(source, key);
    if (!present && !(property.exposed && transforms.length > 0)) return;
    let value = present ? source[key] : undefined;
    if (property.typed && value !== undefined && value !== null) {
      value = this.#typed(value, source, property, { within, step: key });
    }
    if (transforms.length > 0 && value !== REFUSED)
      value = this.#transformed(value, source, instance, property);
    if (present || value !== undefined) Reflect.set(instance, name, value);
  }

  #transformed(value: unknown, source: Plain, instance: object, { name, transforms }: DtoProperty): unknown {
    const { properties } = shapeOf(instance.constructor as Constructor<object>, this.#options.groups);
    const known = properties.filter(({ readable, key }) => readable && Object.hasOwn(source, key));
    const about = {
      key: name,
      obj: Object.fromEntries(known.map(({ key }) => [key, source[key]])),
      type: TransformationType.PLAIN_TO_CLASS,
      options: this.#libraryOptions,
    };
    return transforms.reduce((before, transform) => transform({ ...about, value: before }), value);
  }

  #typed(value: unknown, holder: Plain, property: DtoProperty, place: Place): unknown {
    const held = this.#container(value, property, place);
    if (held === REFUSED) return REFUSED;
    const made = mapParts(held, place, (part, at) => this.#part(part, holder, property, at));
    return property.container === 'set' && Array.isArray(made) ? new Set(made) : made;
  }

  #container(value: unknown, { nested, container }: DtoProperty, place: Place): unknown {
    if (container === 'map') {
      if (isPlainObject(value)) return new Map(Object.entries(value));
      return nested ? this.#wrong(place, 'isObject', 'must be an object') : value;
    }
    if (!nested || container === 'any') return value;
    const list = Array.isArray(value);
    if (container === 'one') return list ? this.#wrong(place, 'isObject', 'must be an object') : value;
    return list ? value : this.#wrong(place, 'isArray', 'must be an array');
  }

  #part(part: unknown, holder: Plain, property: DtoProperty, place: Place | undefined): unknown {
    if (!property.nested) return this.#converted(part, property.typeIn(holder));
    if (!isPlainObject(part)) return this.#wrong(place, 'isObject', 'must be an object');
    const { discriminator } = property;
    const type = classOf(part, holder, property, this.#options.groups);
    if (type) return this.#object(part, type, place, discriminator);
    if (!discriminator) return this.#wrong(place, 'isObject', 'is of no known class');
    const names = discriminator.subTypes.map(({ name }) => name).join(', ');
    const at = { within: place, step: discriminator.property };
    return this.#wrong(at, 'discriminator', `must be one of: ${names}`);
  }

  #converted(part: unknown, type: Constructor<object> | undefined): unknown {
    return type === undefined ? part : plainToInstance(type, part, this.#libraryOptions);
  }

  #refuseUnknown(source: Plain, { byKey }: DtoShape, within: Place | undefined, also?: string): void {
    for (const step of Object.keys(source)) {
      if (byKey.has(step) || step === also) continue;
      if (this.violations.length >= UNKNOWN_KEYS_LIMIT) return;
      this.#wrong({ within, step }, 'unknownKey', 'is not a known key');
    }
  }

  #wrong(place: Place | undefined, rule: string, message: string): unknown {
    const path = pathOf(place);
    this.violations.push({ path, rule, message: `${path === '' ? 'the value' : path} ${message}` });
    return REFUSED;
  }
}
