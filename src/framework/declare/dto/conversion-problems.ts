import type { Problem } from '../../base/errors.js';
import { type Constructor, isBuiltIn } from '../class.js';
import type { DtoProperty } from './dto-property.js';
import { typesOf } from './dto-shape.js';
import { conversionTo, isInJson, isOpen, kindOf } from './kinds.js';

/** A problem to which the handler's name is added later. */
export type Fault = Omit<Problem, 'where'>;

export const fault = (code: Fault['code'], what: string, fix: string): Fault => ({ code, what, fix });

/**
 * The rules of class-validator that only a Date can satisfy. If the compiler emits no type for a field, such as a field
 * with a union type, these rules show that it is a date.
 */
const OF_DATES = new Set(['isDate', 'minDate', 'maxDate']);

/** Finds properties whose declared type doesn't exist in JSON and that no `@Type` or `@Transform` converts. */
export function conversionFaults(property: DtoProperty, label: string): Fault[] {
  const { readable, transforms, typed, nested, declaredType } = property;
  if (!readable || transforms.length > 0) return [];
  if (isUnchecked(property)) return [unchecked(property, label)];
  if (!typed && !nested && property.rules.some(({ name }) => OF_DATES.has(name)))
    return [neverInJson(Date, property, label)];
  if (!typed) return nested || isInJson(declaredType) ? [] : [neverInJson(declaredType, property, label)];
  return nested ? [] : typesOf(property).flatMap((type) => wrongType(property, type, label));
}

/** The rules of class-validator that nothing but an array can satisfy. */
export const OF_ARRAYS: ReadonlySet<string> = new Set(
  'isArray arrayContains arrayNotContains arrayNotEmpty arrayMinSize arrayMaxSize arrayUnique'.split(' '),
);

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
  ...OF_ARRAYS,
]);

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
  return fault(
    'INPUT_TYPE_LOST',
    `${what}: a date or an object of a class would arrive as it was sent, unchecked`,
    `write above ${name} what its values are: @ValidateNested(${each}) @Type(() => TheClass) for a class, ${list ? '' : '@IsDate() @Type(() => Date) for a date, '}a rule such as @IsString(${each}), or @Allow() for any value${compile}`,
  );
}

function neverInJson(declared: unknown, property: DtoProperty, label: string): Fault {
  const { name } = declared as { name: string };
  const what =
    declared === Function
      ? `${label} is declared as a function, or as a class that was imported by \`import type\`; JSON has no such value`
      : `${label} is declared as ${name}. JSON has no such value, and nothing says how to make one: the field would stay what was sent`;
  return fault('INPUT_TYPE_INVALID', what, `write ${lineFor(declared, property)}`);
}

/** The built-in classes that `new` makes of a JSON value. */
const MADE_BY_NEW = new Set<unknown>([URL, URLSearchParams, RegExp, Uint8Array]);

/** Returns the declaration that a message proposes for a property that is to hold values of a type. */
function lineFor(type: unknown, property: DtoProperty): string {
  const { name: field } = property;
  const { name } = type as { name: string };
  const element = elementOf(property);
  const ofType = 'Type is in class-transformer';
  const ofTransform = 'Transform is in class-transformer';
  switch (type) {
    case Date:
      return `@IsDate() @Type(() => Date) ${field}!: Date; ${ofType}. Where it may be null or left out, @IsOptional() as well`;
    case Set:
      return `${element.decorators} ${field}!: Set<${element.text}>; ${ofType}`;
    case Map:
      return `${element.decorators} ${field}!: Map<string, ${element.text}>; ${ofType}`;
    case BigInt:
      return `@Transform(({ value }) => BigInt(value)) @IsDefined() ${field}!: bigint; ${ofTransform}`;
    case Function:
      return `@ValidateNested() @Type(() => TheClass) ${field}!: TheClass; and import the class without \`type\`; a function can't come in JSON: remove the field`;
    default:
      if (!isBuiltIn(type)) return `@ValidateNested() @Type(() => ${name}) ${field}!: ${name}; ${ofType}`;
      return MADE_BY_NEW.has(type)
        ? `@Transform(({ value }) => new ${name}(value)) @IsDefined() ${field}!: ${name}; ${ofTransform}`
        : `what the JSON holds, such as @IsString() ${field}!: string, and make the ${name} in the handler`;
  }
}

/**
 * Returns the decorators and the type that a message proposes for the elements of a collection. They follow from the
 * property's rules, or else are those for strings.
 */
function elementOf({ rules }: DtoProperty): { decorators: string; text: string } {
  const names = new Set(rules.map(({ name }) => name));
  const [rule, type] = names.has('isInt')
    ? ['IsInt({ each: true })', 'Number']
    : names.has('isNumber')
      ? ['IsNumber({}, { each: true })', 'Number']
      : names.has('isBoolean')
        ? ['IsBoolean({ each: true })', 'Boolean']
        : ['IsString({ each: true })', 'String'];
  return { decorators: `@${rule} @Type(() => ${type})`, text: type.toLowerCase() };
}

function wrongType(property: DtoProperty, type: Constructor, label: string): Fault[] {
  const { declaredType, container } = property;
  if (isOpen(type)) return [];
  if (isBuiltIn(type) && !conversionTo(type)) {
    const what = `${label} has @Type(() => ${type.name}), which converts nothing`;
    return [fault('INPUT_TYPE_INVALID', what, `write in its place ${lineFor(type, property)}`)];
  }
  const fits = type === declaredType || !(isBuiltIn(declaredType) || isBuiltIn(type));
  if (container !== 'one' || kindOf(declaredType) === undefined || fits) return [];
  const { name } = declaredType as { name: string };
  const what = `${label} is declared as ${name}, but its @Type makes a ${type.name}: every input would be refused`;
  const fix = `write @Type(() => ${name}) or no @Type, or declare the field as what its @Type makes`;
  return [fault('INPUT_TYPE_INVALID', what, fix)];
}
