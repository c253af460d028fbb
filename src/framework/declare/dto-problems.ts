import type { Problem } from '../errors.js';
import type { Constructor } from './definition.js';
import type { DtoProperty } from './dto-property.js';
import {
  hasRules,
  nestedShapes,
  typesOf,
  unusedRuleClasses,
  type DtoShape,
  type Groups,
} from './dto-shape.js';
import { conversionTo, isBuiltIn, isInJson, isOpen, kindOf } from './kinds.js';

/** Names that class-validator looks up on a plain object and finds there. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/**
 * What would let a value through unchecked, or refuse every one, in a class and in all that it nests.
 * @param where the handler that takes or gives it.
 */
export function dtoProblems(
  type: Constructor<object>,
  where: string,
  groups: Groups,
  direction: 'input' | 'output',
): Problem[] {
  const found = [...nestedShapes(type, groups)].flatMap((shape) =>
    shape.properties.length === 0
      ? [withoutRules(shape.type, groups)]
      : [...constructionProblem(shape.type), ...propertiesProblems(shape, groups, direction)],
  );
  return found.map((each) => ({ ...each, where }));
}

/** All but `where`. */
type Fault = Omit<Problem, 'where'>;

function propertiesProblems(shape: DtoShape, groups: Groups, direction: 'input' | 'output'): Fault[] {
  const { type, properties } = shape;
  const nameless = unusedRuleClasses(shape, groups).map((each) => unusedRule(type, each));
  const faults = properties.flatMap((each) => {
    const place = `${type.name}.${each.name}`;
    return [
      ...propertyFaults(each, place, groups),
      ...(direction === 'input' ? conversionFaults(each, place) : []),
    ];
  });
  return [...nameless, ...faults];
}

function withoutRules(type: Constructor, groups: Groups): Fault {
  const inGroups = groups.length > 0 ? ` in the groups ${groups.join(', ')}` : '';
  return {
    code: 'INPUT_WITHOUT_RULES',
    what: `${type.name} has no rule of class-validator${inGroups}, so nothing of it would be checked`,
    fix: `decorate its fields (@IsString(), @IsInt(), … or @Allow()), leave the parameter out, or take the JSON unchecked with @Handle({ input: 'any' })`,
  };
}

/** The constructor is called without arguments. */
function constructionProblem(type: Constructor<object>): Fault[] {
  try {
    Reflect.construct(type, []);
    return [];
  } catch (error) {
    const what = `new ${type.name}() without arguments throws: ${error instanceof Error ? error.message : String(error)}`;
    return [
      {
        code: 'INPUT_TYPE_INVALID',
        what,
        fix: 'give it a constructor that needs no arguments, or none',
      },
    ];
  }
}

function unusedRule(owner: Constructor, rule: Constructor): Fault {
  return {
    code: 'INPUT_WITHOUT_RULES',
    what: `${owner.name} has the rule ${rule.name}, which carries no @ValidatorConstraint and is never asked`,
    fix: `put @ValidatorConstraint() on ${rule.name}`,
  };
}

function propertyFaults(property: DtoProperty, place: string, groups: Groups): Fault[] {
  if (INHERITED.has(property.name)) {
    const what = `${place} has the name of something that every object inherits; class-validator can't check it`;
    const fix = "rename it, and keep its key with @Expose({ name: '…' })";
    return [{ code: 'INPUT_TYPE_INVALID', what, fix }];
  }
  const types = typesOf(property);
  if (!property.nested) return types.flatMap((type) => uncheckedNested(type, place, groups));
  return types.length === 0 && !property.typed ? [untypedNested(place)] : [];
}

function uncheckedNested(type: Constructor<object>, place: string, groups: Groups): Fault[] {
  if (!hasRules(type, groups)) return [];
  const what = `${place} is made into ${type.name}, whose rules are not applied without @ValidateNested()`;
  return [{ code: 'INPUT_WITHOUT_RULES', what, fix: `add @ValidateNested() to ${place}` }];
}

function untypedNested(place: string): Fault {
  return {
    code: 'INPUT_TYPE_LOST',
    what: `${place} has @ValidateNested() but no @Type(), so its class can't be known and every input would be refused`,
    fix: `add @Type(() => TheClass) from class-transformer to ${place}; if it is there, two copies of class-transformer are installed (npm ls class-transformer)`,
  };
}

/** Rules that only a Date keeps, whatever the compiler wrote: nothing, where it is a union. */
const OF_DATES = new Set(['isDate', 'minDate', 'maxDate']);

/** What arrives in JSON is not what the property declares, and nothing makes it so. */
function conversionFaults(property: DtoProperty, place: string): Fault[] {
  const { readable, transforms, typed, nested, declaredType } = property;
  if (!readable || transforms.length > 0) return [];
  if (!typed && !nested && property.rules.some(({ name }) => OF_DATES.has(name)))
    return [neverInJson(Date, place)];
  if (!typed) return nested || isInJson(declaredType) ? [] : [neverInJson(declaredType, place)];
  return nested ? [] : typesOf(property).flatMap((type) => wrongType(property, type, place));
}

function neverInJson(declared: unknown, place: string): Fault {
  const { name } = declared as { name: string };
  const property = place.split('.').at(-1) ?? place;
  return {
    code: 'INPUT_TYPE_INVALID',
    what:
      declared === Function
        ? `${place} is a function, or its class did not survive compilation (\`import type\`); JSON has no such value`
        : `${place} is declared as ${name}, which JSON has no value of: it would arrive as whatever was sent`,
    fix: `say how it is made: ${LINES.get(declared)?.(property) ?? lineForClass(declared, name, property)}`,
  };
}

/** To be pasted in the place of the property. */
const LINES = new Map<unknown, (property: string) => string>([
  [Date, (property) => `@IsDate() @Type(() => Date) ${property}!: Date;`],
  [
    Set,
    (property) =>
      `@IsString({ each: true }) @Type(() => String) ${property}!: Set<string>; (the class of its elements stands in both places)`,
  ],
  [
    Map,
    (property) =>
      `@IsString({ each: true }) @Type(() => String) ${property}!: Map<string, string>; (the class of its values stands in both places)`,
  ],
  [BigInt, (property) => `@Transform(({ value }) => BigInt(value)) @Allow() ${property}!: bigint;`],
  [
    Function,
    (property) =>
      `import the class without \`type\`, and @ValidateNested() @Type(() => TheClass) ${property}!: TheClass;`,
  ],
]);

const lineForClass = (declared: unknown, name: string, property: string): string =>
  isBuiltIn(declared)
    ? `@Transform(({ value }) => new ${name}(value)) @Allow() ${property}!: ${name};`
    : `@ValidateNested() @Type(() => ${name}) ${property}!: ${name};`;

function wrongType({ declaredType, container }: DtoProperty, type: Constructor, place: string): Fault[] {
  if (isOpen(type)) return [];
  if (isBuiltIn(type) && !conversionTo(type)) {
    const what = `${place} has @Type(() => ${type.name}), which converts nothing`;
    const fix = `make it by hand: @Transform(({ value }) => new ${type.name}(value))`;
    return [{ code: 'INPUT_TYPE_INVALID', what, fix }];
  }
  const fits = type === declaredType || !(isBuiltIn(declaredType) || isBuiltIn(type));
  if (container !== 'one' || kindOf(declaredType) === undefined || fits) return [];
  const { name } = declaredType as { name: string };
  const what = `${place} is declared as ${name}, but its @Type makes a ${type.name}: every input would be refused`;
  return [{ code: 'INPUT_TYPE_INVALID', what, fix: `write @Type(() => ${name}), or leave it out` }];
}
