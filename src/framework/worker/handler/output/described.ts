import { TransformationType } from 'class-transformer/cjs/enums/index.js';
import type { Constructor } from '../../../declare/class.js';
import { readProperty, type DtoProperty } from '../../../declare/dto/dto-property.js';
import type { Written } from '../../../declare/dto/exposed-fields.js';
import { shapeOf, typeOf, type Groups } from '../../../declare/dto/dto-shape.js';
import type { Described, Field } from './encode.js';
import type { OutputReads } from './instances.js';

/**
 * Finds the fields of an output that are written as JSON, as the decorators of its classes say: under the names that
 * `@Expose` gives, without fields that have `@Exclude`, and with values to which `@Transform` was applied. For the
 * output's class and the classes nested in it, only fields with a rule or `@Expose` are written.
 */
export class DescribedOutput implements Described {
  readonly #groups: Groups;
  readonly #reads: OutputReads;
  readonly #outermost: ReadonlySet<unknown>;
  /** The properties without rules, by class and name. They are added when they first occur in an output. */
  readonly #unruled = new Map<Constructor<object>, Map<string, DtoProperty>>();

  /** @param outermost the output itself or, if the output is an array, the instances in it */
  constructor(groups: Groups, reads: OutputReads, outermost: ReadonlySet<unknown>) {
    this.#groups = groups;
    this.#reads = reads;
    this.#outermost = outermost;
  }

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
    const { properties, byName, exposed } = shapeOf(type, this.#groups);
    const isCut = properties.length > 0 && (this.#outermost.has(value) || within?.nested !== undefined);
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
    const options = this.#groups.length > 0 ? { groups: [...this.#groups] } : {};
    const about = { key: name, obj: instance, type: TransformationType.CLASS_TO_PLAIN, options };
    const value = this.#reads.get(instance, name);
    return transforms.reduce<unknown>((before, transform) => transform({ ...about, value: before }), value);
  }

  #withoutRules(type: Constructor<object>, name: string): DtoProperty {
    let known = this.#unruled.get(type);
    if (!known) this.#unruled.set(type, (known = new Map()));
    let property = known.get(name);
    if (!property) known.set(name, (property = readProperty(type, name, [], this.#groups)));
    return property;
  }
}

/** Returns true for an instance of a class. Returns false for a plain object, and for one without a prototype. */
function isOfClass(value: object): boolean {
  const type: unknown = typeOf(value);
  return typeof type === 'function' && type !== Object;
}

const ownFields = (value: object): Map<string, Field> =>
  new Map(Object.keys(value).map((key): [string, Field] => [key, [Reflect.get(value, key)]]));
