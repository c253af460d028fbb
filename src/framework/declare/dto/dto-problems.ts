import type { Problem } from '../../base/errors.js';
import { type Constructor, isBuiltIn } from '../class.js';
import type { DtoProperty } from './dto-property.js';
import { fieldsWithoutRule } from './dto-property.js';
import { otherDecorators } from './other-decorators.js';
import {
  hasRules,
  nestedShapes,
  typesOf,
  unusedRuleClasses,
  type DtoShape,
  type Groups,
} from './dto-shape.js';
import { conversionTo, isInJson, isOpen, kindOf } from './kinds.js';

/**
 * The names of properties that every object inherits. A DTO must not have fields with these names: if an input lacked
 * such a field, class-validator would check the inherited value instead.
 */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/**
 * Finds mistakes in a DTO class because of which validation would accept a value unchecked, or would reject every
 * value. Classes nested in it are included.
 * @param where the handler that takes or returns the class
 */
export function dtoProblems(
  type: Constructor<object>,
  where: string,
  groups: Groups,
  direction: 'input' | 'output',
): Problem[] {
  const shapes = [...nestedShapes(type, groups)];
  const found = shapes.flatMap((shape) =>
    shape.properties.length === 0
      ? [withoutRules(shape.type, { groups, direction, holder: holderOf(shape.type, shapes) })]
      : [...instanceProblems(shape.type, groups, direction), ...propertiesProblems(shape, groups, direction)],
  );
  return found.map((each) => ({ ...each, where }));
}

/** A problem to which the handler's name is added later. */
type Fault = Omit<Problem, 'where'>;

function propertiesProblems(shape: DtoShape, groups: Groups, direction: 'input' | 'output'): Fault[] {
  const { type, properties } = shape;
  const apart = otherDecorators(type);
  // Without them, the properties would look as if they lacked decorators.
  if (apart.length > 0) return apart;
  const nameless = unusedRuleClasses(shape, groups).map((each) => unusedRule(type, each));
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
function sharedKeys({ type, properties }: DtoShape, direction: 'input' | 'output'): Fault[] {
  const byKey = new Map<string, string>();
  return properties.flatMap(({ name, key, readable, written }): Fault[] => {
    if (direction === 'input' ? !readable : !written) return [];
    const other = byKey.get(key);
    byKey.set(key, name);
    if (other === undefined) return [];
    const what = `${type.name}.${other} and ${type.name}.${name} have the same key in the JSON, '${key}'`;
    const fix = 'give each a name of its own: @Expose({ name }) from class-transformer';
    return [{ code: 'INPUT_TYPE_INVALID', what, fix }];
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

interface Unruled {
  readonly groups: Groups;
  readonly direction: 'input' | 'output';
  readonly holder: string | undefined;
}

function withoutRules(type: Constructor, { groups, direction, holder }: Unruled): Fault {
  const inGroups = groups.length > 0 ? ` in the groups ${groups.join(', ')}` : '';
  const nested = holder === undefined ? '' : `, which is nested in ${holder},`;
  return {
    code: 'INPUT_WITHOUT_RULES',
    what: `${type.name}${nested} has no rule of class-validator${inGroups}, so nothing of it would be checked`,
    fix: `put a rule on each of its fields, as in \`@IsString() name!: string;\`, or @Allow() for any value; or ${UNCHECKED[holder === undefined ? direction : 'nested']}`,
  };
}

/** Finds a class whose constructor throws if it is called without arguments, as it is for each input; and lost fields. */
function instanceProblems(type: Constructor<object>, groups: Groups, direction: 'input' | 'output'): Fault[] {
  try {
    const lost = fieldsWithoutRule(type, Reflect.construct(type, []), groups, direction);
    return lost.length > 0 ? [lostFields(type, lost, direction)] : [];
  } catch (error) {
    const what = `new ${type.name}() without arguments throws: ${error instanceof Error ? error.message : String(error)}`;
    const fix = 'give it a constructor that needs no arguments, or none';
    return [{ code: 'INPUT_TYPE_INVALID', what, fix }];
  }
}

function lostFields({ name }: Constructor, lost: readonly string[], direction: 'input' | 'output'): Fault {
  const [has, keep] = direction === 'input' ? ['no rule', ''] : ['no rule and no @Expose()', '@Expose() or '];
  return {
    code: 'INPUT_WITHOUT_RULES',
    what: `${lost.map((each) => `${name}.${each}`).join(', ')}: there is ${has}, so the ${direction} would lose the value`,
    fix: `write ${keep}a rule above ${lost[0]}, such as @IsString(), or @Allow() for any value; or @Exclude() from class-transformer if no ${direction} holds it`,
  };
}

function unusedRule(owner: Constructor, rule: Constructor): Fault {
  return {
    code: 'INPUT_WITHOUT_RULES',
    what: `${owner.name} has the rule ${rule.name}, which has no @ValidatorConstraint, so it never runs`,
    fix: `put @ValidatorConstraint() on ${rule.name}`,
  };
}

function propertyFaults(property: DtoProperty, label: string, groups: Groups): Fault[] {
  if (INHERITED.has(property.name)) {
    const what = `${label} has the name of something that every object inherits; class-validator can't check it`;
    const fix = `rename the field, and keep its key in the JSON by @Expose({ name: '${property.name}' }) from class-transformer`;
    return [{ code: 'INPUT_TYPE_INVALID', what, fix }];
  }
  const never =
    property.container === 'set' || property.container === 'map' ? neverHolds(property, label) : [];
  if (never.length > 0) return never;
  const types = typesOf(property);
  if (!property.nested) return types.flatMap((type) => uncheckedNested(type, label, groups));
  if (types.length === 0 && !property.typed) return [untypedNested(property, label)];
  return unknownSubtypes(property, label, groups);
}

/** Finds the rules about arrays, such as `@ArrayMinSize`, which class-validator lets no Set and no Map satisfy. */
function neverHolds({ name, rules, container }: DtoProperty, label: string): Fault[] {
  const rule = rules.find((each) => !each.each && OF_ARRAYS.has(each.name));
  if (!rule) return [];
  const kind = container === 'set' ? 'Set' : 'Map';
  const decorator = `@${rule.name.charAt(0).toUpperCase()}${rule.name.slice(1)}`;
  return [
    {
      code: 'INPUT_TYPE_INVALID',
      what: `${label} is a ${kind}, and ${decorator} accepts nothing but arrays: every value would be refused`,
      fix: `remove ${decorator}, or declare ${name} as an array, with @ArrayUnique() if its values must differ`,
    },
  ];
}

/** Finds a discriminator that would make an instance of the base class of a value whose type it doesn't know. */
function unknownSubtypes(property: DtoProperty, label: string, groups: Groups): Fault[] {
  const { discriminator } = property;
  const [base] = typesOf({ ...property, discriminator: undefined });
  if (
    !discriminator ||
    !base ||
    !hasRules(base, groups) ||
    discriminator.subTypes.some(({ value }) => value === base)
  )
    return [];
  const { property: key } = discriminator;
  return [
    {
      code: 'INPUT_TYPE_INVALID',
      what: `${label} holds subtypes of ${base.name}, which has rules and is no subtype itself: class-transformer makes an instance of ${base.name} of a value whose ${key} it doesn't know`,
      fix: `write @Type(() => Object, …), and such a value is refused; or list ${base.name} in subTypes, and such a value becomes a ${base.name}`,
    },
  ];
}

function uncheckedNested(type: Constructor<object>, label: string, groups: Groups): Fault[] {
  if (!hasRules(type, groups)) return [];
  const what = `${label} is made into ${type.name}, whose rules are not applied without @ValidateNested()`;
  return [
    {
      code: 'INPUT_WITHOUT_RULES',
      what,
      fix: `write @ValidateNested() above ${label.split('.').at(-1)}, with { each: true } where it is an array`,
    },
  ];
}

function untypedNested({ name, declaredType }: DtoProperty, label: string): Fault {
  const declared = typeof declaredType === 'function' && !isBuiltIn(declaredType) && declaredType.name;
  return {
    code: 'INPUT_TYPE_LOST',
    what: `${label} has @ValidateNested() but no @Type(), so its class can't be known and every input would be refused`,
    fix: `write @Type(() => ${declared || 'TheClass'}) above ${name}, with Type from class-transformer`,
  };
}

/**
 * The rules of class-validator that only a Date can satisfy. If the compiler emits no type for a field, such as a field
 * with a union type, these rules show that it is a date.
 */
const OF_DATES = new Set(['isDate', 'minDate', 'maxDate']);

/** Finds properties whose declared type doesn't exist in JSON and that no `@Type` or `@Transform` converts. */
function conversionFaults(property: DtoProperty, label: string): Fault[] {
  const { readable, transforms, typed, nested, declaredType } = property;
  if (!readable || transforms.length > 0) return [];
  if (isUnchecked(property)) return [unchecked(property, label)];
  if (!typed && !nested && property.rules.some(({ name }) => OF_DATES.has(name)))
    return [neverInJson(Date, property, label)];
  if (!typed) return nested || isInJson(declaredType) ? [] : [neverInJson(declaredType, property, label)];
  return nested ? [] : typesOf(property).flatMap((type) => wrongType(property, type, label));
}

/**
 * The rules of class-validator that objects, or arrays of anything, can satisfy. These rules don't show what type of
 * value a field has.
 */
export const OPEN_RULES: ReadonlySet<string> = new Set([
  'isDefined',
  'isNotEmpty',
  'notEquals',
  'isNotIn',
  'isObject',
  'isNotEmptyObject',
  'isArray',
  'arrayContains',
  'arrayNotContains',
  'arrayNotEmpty',
  'arrayMinSize',
  'arrayMaxSize',
  'arrayUnique',
]);

const OF_ARRAYS: ReadonlySet<string> = new Set([...OPEN_RULES].filter((name) => /array/i.test(name)));

/**
 * Returns true if nothing shows what type of value a property has, or its elements if it is an array: the compiler has
 * emitted no type, or only `Array`, and no rule or decorator shows it. The value may be a date, which would then stay a
 * string, or an instance of a class, whose rules would then not be applied.
 */
const isUnchecked = ({ emitted, declaredType, typed, nested, open, rules }: DtoProperty): boolean =>
  !(emitted && declaredType !== Array) &&
  !(typed || nested || open) &&
  rules.every(({ name }) => OPEN_RULES.has(name));

function unchecked({ name, rules, emitted }: DtoProperty, label: string): Fault {
  const list = emitted || rules.some((rule) => rule.name.startsWith('array') || rule.name === 'isArray');
  const each = list ? '{ each: true }' : '';
  const what = emitted
    ? `the compiler wrote Array for ${label}, whatever its elements are, and no rule says what they are`
    : `the compiler wrote no type for ${label}, and no rule says what it holds`;
  const compile = emitted
    ? ''
    : '; or compile with tsc and "emitDecoratorMetadata": true (swc: decoratorMetadata)';
  return {
    code: 'INPUT_TYPE_LOST',
    what: `${what}: a date or an object of a class would arrive as it was sent, unchecked`,
    fix: `write above ${name} what its values are: @ValidateNested(${each}) @Type(() => TheClass) for a class, ${list ? '' : '@IsDate() @Type(() => Date) for a date, '}a rule such as @IsString(${each}), or @Allow() for any value${compile}`,
  };
}

function neverInJson(declared: unknown, property: DtoProperty, label: string): Fault {
  const { name } = declared as { name: string };
  return {
    code: 'INPUT_TYPE_INVALID',
    what:
      declared === Function
        ? `${label} is declared as a function, or as a class that was imported by \`import type\`; JSON has no such value`
        : `${label} is declared as ${name}. JSON has no such value, and nothing says how to make one: the field would stay what was sent`,
    fix: `write ${lineFor(declared, property)}`,
  };
}

/** Functions that return the declaration that a message proposes for a property, by the property's declared type. */
const LINES = new Map<unknown, (property: DtoProperty) => string>([
  [
    Date,
    ({ name }) =>
      `@IsDate() @Type(() => Date) ${name}!: Date; ${WHERE_TYPE_IS}. Where it may be null or left out, @IsOptional() as well`,
  ],
  [
    Set,
    (property) => {
      const { rule, type, text } = elementOf(property);
      return `${rule} @Type(() => ${type}) ${property.name}!: Set<${text}>; ${WHERE_TYPE_IS}`;
    },
  ],
  [
    Map,
    (property) => {
      const { rule, type, text } = elementOf(property);
      return `${rule} @Type(() => ${type}) ${property.name}!: Map<string, ${text}>; ${WHERE_TYPE_IS}`;
    },
  ],
  [
    BigInt,
    ({ name }) =>
      `@Transform(({ value }) => BigInt(value)) @IsDefined() ${name}!: bigint; Transform is in class-transformer`,
  ],
  [
    Function,
    ({ name }) =>
      `@ValidateNested() @Type(() => TheClass) ${name}!: TheClass; and import the class without \`type\`; a function can't come in JSON: remove the field`,
  ],
]);

const WHERE_TYPE_IS = 'Type is in class-transformer';

/**
 * Returns the validation rule and the type that a message proposes for the elements of a collection. They follow from
 * the property's rules, or else are those for strings.
 */
function elementOf({ rules }: DtoProperty): { rule: string; type: string; text: string } {
  const names = new Set(rules.map(({ name }) => name));
  if (names.has('isInt')) return { rule: '@IsInt({ each: true })', type: 'Number', text: 'number' };
  if (names.has('isNumber')) return { rule: '@IsNumber({}, { each: true })', type: 'Number', text: 'number' };
  if (names.has('isBoolean')) return { rule: '@IsBoolean({ each: true })', type: 'Boolean', text: 'boolean' };
  return { rule: '@IsString({ each: true })', type: 'String', text: 'string' };
}

/** The built-in classes that `new` makes of a JSON value. */
const MADE_BY_NEW = new Set<unknown>([URL, URLSearchParams, RegExp, Uint8Array]);

/** Returns the declaration that a message proposes for a property that is to hold values of a type. */
function lineFor(type: unknown, property: DtoProperty): string {
  const known = LINES.get(type)?.(property);
  if (known !== undefined) return known;
  const { name } = type as { name: string };
  if (!isBuiltIn(type))
    return `@ValidateNested() @Type(() => ${name}) ${property.name}!: ${name}; ${WHERE_TYPE_IS}`;
  return MADE_BY_NEW.has(type)
    ? `@Transform(({ value }) => new ${name}(value)) @IsDefined() ${property.name}!: ${name}; Transform is in class-transformer`
    : `what the JSON holds, such as @IsString() ${property.name}!: string, and make the ${name} in the handler`;
}

function wrongType(property: DtoProperty, type: Constructor, label: string): Fault[] {
  const { declaredType, container } = property;
  if (isOpen(type)) return [];
  if (isBuiltIn(type) && !conversionTo(type)) {
    const what = `${label} has @Type(() => ${type.name}), which converts nothing`;
    return [{ code: 'INPUT_TYPE_INVALID', what, fix: `write in its place ${lineFor(type, property)}` }];
  }
  const fits = type === declaredType || !(isBuiltIn(declaredType) || isBuiltIn(type));
  if (container !== 'one' || kindOf(declaredType) === undefined || fits) return [];
  const { name } = declaredType as { name: string };
  const what = `${label} is declared as ${name}, but its @Type makes a ${type.name}: every input would be refused`;
  return [
    {
      code: 'INPUT_TYPE_INVALID',
      what,
      fix: `write @Type(() => ${name}) or no @Type, or declare the field as what its @Type makes`,
    },
  ];
}
