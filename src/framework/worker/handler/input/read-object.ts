import { TransformationType } from 'class-transformer/cjs/enums/index.js';
import { classTransformer } from '../../../declare/dto/class-transformer.js';
import { type Constructor, isBuiltIn } from '../../../declare/class.js';
import type { Discriminator, DtoProperty } from '../../../declare/dto/dto-property.js';
import { classOf, isDeclared, shapeOf, type DtoShape, type Groups } from '../../../declare/dto/dto-shape.js';
import { conversionTo, isOpen, type Kind } from '../../../declare/dto/kinds.js';
import { shown } from '../outcome/cause.js';
import { mapParts, pathOf, type Place } from './value-path.js';
import { MOST_VIOLATIONS, type Violation } from '../outcome/refusal.js';

type Plain = Record<string, unknown>;

/** Unknown keys beyond this are not listed. */
const UNKNOWN_KEYS_LIMIT = 100;

/** Stands where a nested value was refused, so that the elements after it keep their index and rules see no gap. */
export const REFUSED: unknown = Object.freeze({});

export interface ReadOptions {
  readonly groups: Groups;
  readonly unknownKeys: 'drop' | 'refuse';
  readonly showValues: boolean;
}

export const isPlainObject = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Makes instances of parsed JSON: takes what a class has rules for, holds it to the declared types and does what
 * `@Type`, `@Expose`, `@Exclude` and `@Transform` say. No rule is asked yet.
 */
export class ObjectReader {
  /** Values of another kind than is declared and, where they are refused, unknown keys. */
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
    kind?: Discriminator,
  ): unknown {
    if (this.violations.length >= MOST_VIOLATIONS) return REFUSED;
    if (!isPlainObject(source)) return this.#mustBe(AN_OBJECT, source, place);
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
    const { key, name, typed, transforms } = property;
    const present = Object.hasOwn(source, key);
    if (!present && !(property.exposed && transforms.length > 0)) return;
    const place = { within, step: key };
    let value = present ? source[key] : undefined;
    if (typed && isSet(value)) value = this.#typed(value, source, property, place);
    if (transforms.length > 0 && value !== REFUSED)
      value = this.#transformed(value, source, instance, property);
    if (isSet(value) && (!typed || transforms.length > 0)) value = this.#declared(value, property, place);
    if (value === REFUSED && !property.nested) return;
    if (present || value !== undefined) Reflect.set(instance, name, value);
  }

  /** What stands in JSON, and what a `@Transform` gave, is held to the declared type. */
  #declared(value: unknown, property: DtoProperty, place: Place): unknown {
    if (value === REFUSED) return value;
    if (property.declared && !isDeclared(value, property))
      return this.#mustBe(property.declared, value, place);
    if (Array.isArray(value)) {
      for (const [step, part] of value.entries())
        if (part === Infinity || part === -Infinity) this.#mustBe(A_NUMBER, part, { within: place, step });
    }
    return value;
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

  /** What `@Type` makes of a value that is neither undefined nor null. */
  #typed(value: unknown, holder: Plain, property: DtoProperty, place: Place): unknown {
    const part = (each: unknown, at: Place | undefined): unknown => this.#part(each, holder, property, at);
    const list = Array.isArray(value);
    switch (property.container) {
      case 'one':
        return part(value, place);
      case 'map':
        if (!isPlainObject(value)) return this.#mustBe(AN_OBJECT, value, place);
        return mapParts(new Map(Object.entries(value)), place, part);
      case 'set':
        return list
          ? new Set(mapParts(value, place, part) as unknown[])
          : this.#mustBe(AN_ARRAY, value, place);
      default:
        return list ? mapParts(value, place, part) : this.#mustBe(AN_ARRAY, value, place);
    }
  }

  #part(part: unknown, holder: Plain, property: DtoProperty, place: Place | undefined): unknown {
    if (!property.nested) return this.#converted(part, property.typeIn(holder), place);
    if (!isPlainObject(part)) return this.#mustBe(AN_OBJECT, part, place);
    const { discriminator } = property;
    const type = classOf(part, holder, property, this.#options.groups);
    if (type) return this.#object(part, type, place, discriminator);
    if (!discriminator) return this.#wrong(place, 'isObject', 'is of no known class');
    const names = discriminator.subTypes.map(({ name }) => name).join(', ');
    const at = { within: place, step: discriminator.property };
    return this.#wrong(at, 'discriminator', `must be one of: ${names}`);
  }

  /** Without `@ValidateNested`: a scalar, a date, or a class that has no rules. */
  #converted(part: unknown, type: Constructor<object> | undefined, place: Place | undefined): unknown {
    if (type === undefined || isOpen(type)) return part;
    const conversion = conversionTo(type);
    if (conversion)
      return conversion.holds(part) ? conversion.make(part) : this.#mustBe(conversion, part, place);
    if (isBuiltIn(type)) return part;
    return isPlainObject(part)
      ? classTransformer().plainToInstance(type, part, this.#libraryOptions)
      : this.#mustBe(AN_OBJECT, part, place);
  }

  #refuseUnknown(source: Plain, { byKey }: DtoShape, within: Place | undefined, also?: string): void {
    for (const step of Object.keys(source)) {
      if (byKey.has(step) || step === also) continue;
      if (this.violations.length >= UNKNOWN_KEYS_LIMIT) return;
      this.#wrong({ within, step }, 'unknownKey', 'is not a known key');
    }
  }

  #mustBe({ rule, expected }: Expected, value: unknown, place: Place | undefined): unknown {
    return this.#wrong(place, rule, `must be ${expected}`, value);
  }

  #wrong(place: Place | undefined, rule: string, message: string, value?: unknown): unknown {
    if (this.violations.length >= MOST_VIOLATIONS) return REFUSED;
    const path = pathOf(place);
    this.violations.push({
      path,
      rule,
      message: `${path === '' ? 'the value' : path} ${message}`,
      ...(this.#options.showValues && value !== undefined && { value: shown(value) }),
    });
    return REFUSED;
  }
}

type Expected = Pick<Kind, 'rule' | 'expected'>;

const AN_OBJECT = { rule: 'isObject', expected: 'an object' };
const AN_ARRAY = { rule: 'isArray', expected: 'an array' };
const A_NUMBER = { rule: 'isNumber', expected: 'a number' };

const isSet = (value: unknown): boolean => value !== undefined && value !== null;
