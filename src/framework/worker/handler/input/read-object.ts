import { type ClassTransformOptions, plainToInstance } from 'class-transformer';
import { TransformationType } from 'class-transformer/cjs/enums/index.js';
import { type Constructor, isBuiltIn } from '../../../declare/class.js';
import type { Discriminator, DtoProperty } from '../../../declare/dto/dto-property.js';
import { classOf, isDeclared, shapeOf, type DtoShape, type Groups } from '../../../declare/dto/dto-shape.js';
import {
  ARRAY,
  conversionTo,
  isObject,
  isOpen,
  type Kind,
  OBJECT,
  SCALAR_KINDS,
} from '../../../declare/dto/kinds.js';
import { asJson, nameOfThrown } from '../outcome/failure.js';
import { mapParts, setOf, type ValuePath, violationAt } from './value-path.js';
import { MOST_VIOLATIONS, type Violation } from '../outcome/own-errors.js';

type JsonObject = Record<string, unknown>;

/**
 * Takes the place of a value that was rejected, so that the elements after it in an array keep their indexes. Rules
 * aren't checked on it.
 */
export const REFUSED: unknown = Object.freeze({});

export interface ReadOptions {
  readonly groups: Groups;
  readonly unknownKeys: 'drop' | 'refuse';
  readonly showValues: boolean;
  /** The options of class-transformer that a `@Transform` receives. */
  readonly library: ClassTransformOptions;
  /** Called for each key that is dropped because the class has no rule for it. */
  readonly onDropped: (key: string, type: Constructor<object>) => void;
}

/**
 * Makes instances of DTO classes from parsed JSON. It reads only properties for which the class has rules, rejects
 * values that don't have the declared type, and applies `@Type`, `@Expose`, `@Exclude` and `@Transform`. It doesn't
 * check rules.
 */
export class ObjectReader {
  /**
   * The violations that were found: values that don't have their declared type and, with `unknownKeys: 'refuse'`,
   * unknown keys.
   */
  readonly violations: Violation[] = [];

  constructor(private readonly options: ReadOptions) {}

  /** Returns an instance of a class, or REFUSED if the whole value was rejected. */
  read(value: unknown, type: Constructor<object>, path?: ValuePath, discriminator?: Discriminator): unknown {
    try {
      return this.#object(value, type, path, discriminator);
    } catch (error) {
      return this.#threw(error, path);
    }
  }

  #object(
    source: unknown,
    type: Constructor<object>,
    path: ValuePath | undefined,
    discriminator?: Discriminator,
  ): unknown {
    if (this.violations.length >= MOST_VIOLATIONS) return REFUSED;
    if (!isObject(source)) return this.#mustBe(OBJECT, source, path);
    const shape = shapeOf(type, this.options.groups);
    const instance = new type();
    for (const property of shape.properties) {
      if (property.readable) this.#property(instance, source, property, path);
    }
    const key = discriminator?.property;
    if (discriminator?.kept && key !== undefined && Object.hasOwn(source, key))
      Reflect.set(instance, key, source[key]);
    this.#unknownKeys(source, shape, path, key);
    return instance;
  }

  #property(
    instance: object,
    source: JsonObject,
    property: DtoProperty,
    within: ValuePath | undefined,
  ): void {
    const { key, name, exposed, transforms } = property;
    const present = Object.hasOwn(source, key);
    if (!present && !(exposed && transforms.length > 0)) return;
    const path = { within, step: key };
    try {
      const value = this.#value(present ? source[key] : undefined, source, property, path);
      if (value === REFUSED) setRefused(instance, property);
      else if (present || value !== undefined) Reflect.set(instance, name, value);
    } catch (error) {
      this.#threw(error, path);
    }
  }

  /**
   * Converts a property's value with `@Type` and each `@Transform`, and rejects a value that isn't of the declared
   * type.
   */
  #value(given: unknown, source: JsonObject, property: DtoProperty, path: ValuePath): unknown {
    const { typed, transforms } = property;
    const before = this.violations.length;
    let value = typed && isPresent(given) ? this.#typed(given, source, property, path) : given;
    if (typed && transforms.length === 0) return value;
    // If @Type has rejected a part of the value, no @Transform is called with it.
    if (this.violations.length > before) return REFUSED;
    if (transforms.length > 0) value = this.#transformed(value, source, property);
    return isPresent(value) ? this.#declared(value, property, path) : value;
  }

  /** Rejects a value that doesn't have its declared type. The value comes from the JSON, or from a `@Transform`. */
  #declared(value: unknown, property: DtoProperty, path: ValuePath): unknown {
    if (value === REFUSED) return value;
    if (property.declared && !isDeclared(value, property))
      return this.#mustBe(property.declared, value, path);
    if (Array.isArray(value)) {
      for (const [step, part] of value.entries())
        if (part === Infinity || part === -Infinity)
          this.#mustBe(SCALAR_KINDS.number, part, { within: path, step });
    }
    return value;
  }

  #transformed(value: unknown, source: JsonObject, { name, transforms }: DtoProperty): unknown {
    const about = {
      key: name,
      obj: source,
      type: TransformationType.PLAIN_TO_CLASS,
      options: this.options.library,
    };
    return transforms.reduce((before, transform) => transform({ ...about, value: before }), value);
  }

  /** Converts a value to the class or type that `@Type` declares. The value is neither undefined nor null. */
  #typed(value: unknown, holder: JsonObject, property: DtoProperty, path: ValuePath): unknown {
    const part = (each: unknown, at: ValuePath | undefined): unknown =>
      this.#part(each, holder, property, at);
    const list = Array.isArray(value);
    switch (property.container) {
      case 'one':
        return part(value, path);
      case 'map':
        if (!isObject(value)) return this.#mustBe(OBJECT, value, path);
        return mapParts(new Map(Object.entries(value)), path, part);
      case 'set':
        return list ? setOf(mapParts(value, path, part) as unknown[]) : this.#mustBe(ARRAY, value, path);
      default:
        if (!list) return this.#mustBe(ARRAY, value, path);
        return mapParts(value, path, property.grid ? (row, at) => this.#row(row, at, part) : part);
    }
  }

  /** Converts each element of one inner array in an array of arrays. */
  #row(
    row: unknown,
    path: ValuePath | undefined,
    part: (each: unknown, at: ValuePath | undefined) => unknown,
  ): unknown {
    return Array.isArray(row) ? mapParts(row, path, part) : this.#mustBe(ARRAY, row, path);
  }

  #part(part: unknown, holder: JsonObject, property: DtoProperty, path: ValuePath | undefined): unknown {
    if (Array.isArray(part) && isFlat(property, holder))
      return this.#notDeclaredAsGrid(holder, property, path);
    if (!property.nested) return this.#converted(part, property.typeIn(holder), path);
    if (!isObject(part)) return this.#mustBe(OBJECT, part, path);
    const { discriminator } = property;
    const type = classOf(part, holder, property);
    if (type) return this.read(part, type, path, discriminator);
    if (!discriminator) return this.#wrong(path, 'isObject', 'is of no known class');
    const names = discriminator.subTypes.map(({ name }) => name).join(', ');
    const at = { within: path, step: discriminator.property };
    return this.#wrong(at, 'discriminator', `must be one of: ${names}`);
  }

  /**
   * Rejects an element that is itself an array, because the property isn't declared as an array of arrays. The
   * compiler's metadata is the same for `T[]` and `T[][]`, so `T[][]` must be declared with `@IsArray({ each: true })`.
   */
  #notDeclaredAsGrid(holder: JsonObject, property: DtoProperty, path: ValuePath | undefined): unknown {
    const type = property.nested ? undefined : property.typeIn(holder);
    const { rule, expected } = (type && conversionTo(type)) ?? OBJECT;
    const fault = `must be ${expected}, not an array; @IsArray({ each: true }) declares an array of arrays`;
    return this.#wrong(path, rule, fault);
  }

  /**
   * Converts a value of a property without `@ValidateNested`, to the type that `@Type` declares: a scalar, a date, or a
   * class without rules.
   */
  #converted(part: unknown, type: Constructor<object> | undefined, path: ValuePath | undefined): unknown {
    if (type === undefined || isOpen(type)) return part;
    const conversion = conversionTo(type);
    if (conversion)
      return conversion.holds(part) ? conversion.make(part) : this.#mustBe(conversion, part, path);
    if (isBuiltIn(type)) return part;
    return isObject(part)
      ? plainToInstance(type, part, this.options.library)
      : this.#mustBe(OBJECT, part, path);
  }

  /** @param also the key of a discriminator, which is known too */
  #unknownKeys(
    source: JsonObject,
    { byKey, type }: DtoShape,
    within: ValuePath | undefined,
    also?: string,
  ): void {
    const { unknownKeys, onDropped } = this.options;
    for (const step of Object.keys(source)) {
      if (byKey.has(step) || step === also) continue;
      if (unknownKeys === 'drop') onDropped(step, type);
      else if (this.violations.length >= MOST_VIOLATIONS) return;
      else this.#wrong({ within, step }, 'unknownKey', 'is not a known key');
    }
  }

  /**
   * Rejects a value because a `@Transform`, a `@Type` function or a setter threw. It probably threw because of the
   * value, since no rule has checked that value yet.
   */
  #threw(error: unknown, path: ValuePath | undefined): unknown {
    const fault = `can't be read: a @Transform, @Type or setter threw ${nameOfThrown(error)}`;
    return this.#wrong(path, 'transform', fault);
  }

  #mustBe({ rule, expected }: Kind, value: unknown, path: ValuePath | undefined): unknown {
    return this.#wrong(path, rule, `must be ${expected}`, value);
  }

  #wrong(path: ValuePath | undefined, rule: string, fault: string, value?: unknown): unknown {
    if (this.violations.length >= MOST_VIOLATIONS) return REFUSED;
    this.violations.push({
      ...violationAt(path, rule, fault),
      ...(this.options.showValues && value !== undefined && { value: asJson(value) }),
    });
    return REFUSED;
  }
}

/**
 * Sets a property to REFUSED, without calling its setter. Done only for properties whose rules would otherwise report
 * the value as absent or too short.
 */
function setRefused(instance: object, { name, nested, transforms }: DtoProperty): void {
  if (nested || transforms.length > 0)
    Reflect.defineProperty(instance, name, { value: REFUSED, configurable: true, enumerable: true });
}

/**
 * Returns true if a property is an array whose elements have a declared class or type, and isn't declared as an array
 * of arrays. None of its elements may then be an array.
 */
const isFlat = ({ container, grid, nested, typeIn }: DtoProperty, holder: object): boolean =>
  container === 'array' && !grid && (nested !== undefined || !isOpen(typeIn(holder)));

const isPresent = (value: unknown): boolean => value !== undefined && value !== null;
