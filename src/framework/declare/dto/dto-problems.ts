import type { Problem } from '../../base/errors.js';
import { type Constructor, isBuiltIn } from '../class.js';
import { conversionFaults, fault, type Fault, OF_ARRAYS } from './conversion-problems.js';
import type { DtoProperty } from './dto-property.js';
import { fieldsWithoutRule } from './exposed-fields.js';
import {
  type DtoShape,
  fixedType,
  type Groups,
  hasRules,
  nestedShapes,
  typesOf,
  unusedRuleClasses,
} from './dto-shape.js';
import { oneCopyFix, otherCopies, type OtherCopy, ourCopy } from '../other-copies.js';

/**
 * The names of properties that every object inherits. A DTO must not have fields with these names: if an input lacked
 * such a field, class-validator would check the inherited value instead.
 */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Where a DTO is used, and the groups in which its rules apply. */
interface Use {
  readonly groups: Groups;
  readonly direction: 'input' | 'output';
}

/**
 * Finds mistakes in a DTO class because of which validation would accept a value unchecked, would lose it, or would
 * reject every value. Classes nested in it are included.
 * @param where the handler that takes or returns the class
 */
export function dtoProblems(type: Constructor<object>, where: string, use: Use): Problem[] {
  const shapes = [...nestedShapes(type, use.groups)];
  const found = shapes.flatMap((shape) =>
    shape.properties.length === 0
      ? [withoutRules(shape.type, holderOf(shape.type, shapes), use)]
      : [...instanceProblems(shape.type, use), ...propertiesProblems(shape, use)],
  );
  return found.map((each) => ({ ...each, where }));
}

function propertiesProblems(shape: DtoShape, { groups, direction }: Use): Fault[] {
  const { type, properties } = shape;
  const apart = otherDecorators(type);
  // Without them, the properties would look as if they lacked decorators.
  if (apart.length > 0) return apart;
  const nameless = unusedRuleClasses(shape, groups).map(({ name }) =>
    fault(
      'INPUT_WITHOUT_RULES',
      `${type.name} has the rule ${name}, which has no @ValidatorConstraint, so it never runs`,
      `put @ValidatorConstraint() on ${name}`,
    ),
  );
  const faults = properties.flatMap((each) => {
    const label = `${type.name}.${each.name}`;
    return [
      ...propertyFaults(each, label, groups),
      ...(direction === 'input' ? conversionFaults(each, label) : []),
    ];
  });
  return [...nameless, ...sharedKeys(shape, direction), ...faults];
}

/** Finds two fields with one key in the JSON. class-transformer reads one of them only. */
function sharedKeys({ type, properties }: DtoShape, direction: Use['direction']): Fault[] {
  const byKey = new Map<string, string>();
  return properties.flatMap(({ name, key, readable, written }): Fault[] => {
    if (direction === 'input' ? !readable : !written) return [];
    const other = byKey.get(key);
    byKey.set(key, name);
    if (other === undefined) return [];
    const what = `${type.name}.${other} and ${type.name}.${name} have the same key in the JSON, '${key}'`;
    const fix = 'give each a name of its own: @Expose({ name }) from class-transformer';
    return [fault('INPUT_TYPE_INVALID', what, fix)];
  });
}

/**
 * Returns the property that contains instances of a nested class, such as `Order.lines`; undefined for the outermost
 * class.
 */
const holderOf = (type: Constructor<object>, shapes: readonly DtoShape[]): string | undefined =>
  shapes.flatMap((shape) =>
    shape.properties.flatMap((each) =>
      each.nested && typesOf(each).includes(type) ? `${shape.type.name}.${each.name}` : [],
    ),
  )[0];

/**
 * The advice for a class without validation rules, in case its author wants no validation. It depends on where the
 * class is used.
 */
const UNCHECKED = {
  input: "leave the parameter out, or take the JSON unchecked: @Handle({ input: 'any' })",
  output: 'leave `output` out: the result is then written as it is',
  nested: 'replace @ValidateNested() and @Type() there by @Allow(): then it is accepted unchecked',
} as const;

function withoutRules(type: Constructor, holder: string | undefined, { groups, direction }: Use): Fault {
  const inGroups = groups.length > 0 ? ` in the groups ${groups.join(', ')}` : '';
  const nested = holder === undefined ? '' : `, which is nested in ${holder},`;
  return fault(
    'INPUT_WITHOUT_RULES',
    `${type.name}${nested} has no rule of class-validator${inGroups}, so nothing of it would be checked`,
    `put a rule on each of its fields, as in \`@IsString() name!: string;\`, or @Allow() for any value; or ${UNCHECKED[holder === undefined ? direction : 'nested']}`,
  );
}

/**
 * Finds a class whose constructor throws if it is called without arguments, as it is for each input, and the fields
 * that have no rule.
 */
function instanceProblems(type: Constructor<object>, { groups, direction }: Use): Fault[] {
  try {
    const lost = fieldsWithoutRule(type, Reflect.construct(type, []), groups, direction);
    if (lost.length === 0) return [];
    const isInput = direction === 'input';
    const what = `${lost.map((each) => `${type.name}.${each}`).join(', ')}: there is no rule${isInput ? '' : ' and no @Expose()'}, so the ${direction} would lose the value`;
    const fix = `write ${isInput ? '' : '@Expose() or '}a rule above ${lost[0]}, such as @IsString(), or @Allow() for any value; or @Exclude() from class-transformer if no ${direction} holds it`;
    return [fault('INPUT_WITHOUT_RULES', what, fix)];
  } catch (error) {
    const what = `new ${type.name}() without arguments throws: ${error instanceof Error ? error.message : String(error)}`;
    return [fault('INPUT_TYPE_INVALID', what, 'give it a constructor that needs no arguments, or none')];
  }
}

function propertyFaults(property: DtoProperty, label: string, groups: Groups): Fault[] {
  const { name, container, nested, typed, declaredType } = property;
  if (INHERITED.has(name)) {
    const what = `${label} has the name of something that every object inherits; class-validator can't check it`;
    const fix = `rename the field, and keep its key in the JSON by @Expose({ name: '${name}' }) from class-transformer`;
    return [fault('INPUT_TYPE_INVALID', what, fix)];
  }
  if (container === 'set' || container === 'map') {
    const rule = property.rules.find((each) => !each.each && OF_ARRAYS.has(each.name));
    if (rule) return [neverHolds(rule.name, label, container)];
  }
  const types = typesOf(property);
  if (!nested) return types.flatMap((type) => uncheckedNested(type, label, groups));
  if (types.length > 0 || typed) return unknownSubtypes(property, label, groups);
  const declared = typeof declaredType === 'function' && !isBuiltIn(declaredType) && declaredType.name;
  return [
    fault(
      'INPUT_TYPE_LOST',
      `${label} has @ValidateNested() but no @Type(), so its class can't be known and every input would be refused`,
      `write @Type(() => ${declared || 'TheClass'}) above ${name}, with Type from class-transformer`,
    ),
  ];
}

/** The fault of a rule about arrays, such as `@ArrayMinSize`, on a Set or a Map: class-validator accepts neither. */
function neverHolds(rule: string, label: string, container: 'set' | 'map'): Fault {
  const decorator = `@${rule.charAt(0).toUpperCase()}${rule.slice(1)}`;
  const kind = container === 'set' ? 'Set' : 'Map';
  return fault(
    'INPUT_TYPE_INVALID',
    `${label} is a ${kind}, and ${decorator} accepts nothing but arrays: every value would be refused`,
    `remove ${decorator}, or declare an array, with @ArrayUnique() if its values must differ`,
  );
}

/** Finds a discriminator that would make an instance of the base class of a value whose type it doesn't know. */
function unknownSubtypes(property: DtoProperty, label: string, groups: Groups): Fault[] {
  const { property: key, subTypes = [] } = property.discriminator ?? {};
  const base = key === undefined ? undefined : fixedType(property);
  if (!base || !hasRules(base, groups) || subTypes.some(({ value }) => value === base)) return [];
  const { name } = base;
  return [
    fault(
      'INPUT_TYPE_INVALID',
      `${label} holds subtypes of ${name}, which has rules and is no subtype itself: class-transformer makes an instance of ${name} of a value whose ${key} it doesn't know`,
      `write @Type(() => Object, …), and such a value is refused; or list ${name} in subTypes, and such a value becomes a ${name}`,
    ),
  ];
}

function uncheckedNested(type: Constructor<object>, label: string, groups: Groups): Fault[] {
  if (!hasRules(type, groups)) return [];
  const what = `${label} is made into ${type.name}, whose rules are not applied without @ValidateNested()`;
  const fix = `write @ValidateNested() above ${label.split('.').at(-1)}, with { each: true } where it is an array`;
  return [fault('INPUT_WITHOUT_RULES', what, fix)];
}

const LIBRARY = 'class-transformer';
const STORAGE = 'cjs/storage.js';
/** The maps in which class-transformer keeps what its decorators declare, by class. */
const MAPS = ['_typeMetadatas', '_transformMetadatas', '_exposeMetadatas', '_excludeMetadatas'];

/**
 * The problems of the classes that were examined. A class keeps the decorators with which it was defined, and the copies
 * that they come from were loaded before.
 */
const examined = new WeakMap<Constructor<object>, Fault[]>();

/**
 * Returns a problem if the decorators of class-transformer on a class come from another copy of it than Stepwright
 * uses. Stepwright then doesn't see them.
 */
function otherDecorators(type: Constructor<object>): Fault[] {
  const known = examined.get(type);
  if (known) return known;
  const other = otherCopies(LIBRARY, STORAGE).find(({ exports }) => isDecoratedIn(exports, type));
  const found: Fault[] = other ? [apart(type, other)] : [];
  examined.set(type, found);
  return found;
}

function apart({ name }: Constructor, { folder }: OtherCopy): Fault {
  const what = `the @Type, @Transform and @Expose of ${name} come from another copy of ${LIBRARY} (${folder}) than Stepwright uses (${ourCopy(LIBRARY, STORAGE)}), and have no effect`;
  return fault('TWO_COPIES', what, oneCopyFix(LIBRARY));
}

function isDecoratedIn(module: object, type: Constructor<object>): boolean {
  const storage: unknown = Reflect.get(module, 'defaultMetadataStorage');
  if (typeof storage !== 'object' || storage === null) return false;
  return MAPS.some((name) => {
    const map: unknown = Reflect.get(storage, name);
    return map instanceof Map && map.has(type);
  });
}
