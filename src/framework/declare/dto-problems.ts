import type { Problem } from '../errors.js';
import type { Constructor } from './definition.js';
import type { DtoProperty } from './dto-property.js';
import { hasRules, nestedShapes, shapeOf, typesOf, type DtoShape, type Groups } from './dto-shape.js';

/** Names that class-validator looks up on a plain object and finds there. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/**
 * What would let an input through unchecked, or refuse every input, in a class and in all that it nests.
 * @param where the handler that takes it.
 */
export function dtoProblems(type: Constructor<object>, where: string, groups: Groups = []): Problem[] {
  return [...nestedShapes(type, groups)].flatMap((shape) =>
    shape.properties.length === 0
      ? [withoutRules(shape.type, where, groups)]
      : [...constructionProblem(shape.type, where), ...propertiesProblems(shape, where, groups)],
  );
}

function propertiesProblems({ type, properties }: DtoShape, where: string, groups: Groups): Problem[] {
  return properties.flatMap((each) => propertyProblems(each, `${type.name}.${each.name}`, where, groups));
}

function withoutRules(type: Constructor, where: string, groups: Groups): Problem {
  const inGroups = groups.length > 0 ? ` in the groups ${groups.join(', ')}` : '';
  return {
    code: 'INPUT_WITHOUT_RULES',
    where,
    what: `${type.name} has no rule of class-validator${inGroups}, so nothing of it would be checked`,
    fix: `decorate its fields (@IsString(), @IsInt(), … or @Allow()), leave the parameter out, or take the JSON unchecked with @Handle({ input: 'any' })`,
  };
}

/** class-transformer calls the constructor without arguments. */
function constructionProblem(type: Constructor<object>, where: string): Problem[] {
  try {
    Reflect.construct(type, []);
    return [];
  } catch (error) {
    const what = `new ${type.name}() without arguments throws: ${error instanceof Error ? error.message : String(error)}`;
    return [
      {
        code: 'INPUT_TYPE_INVALID',
        where,
        what,
        fix: 'give it a constructor that needs no arguments, or none',
      },
    ];
  }
}

function propertyProblems(property: DtoProperty, place: string, where: string, groups: Groups): Problem[] {
  if (INHERITED.has(property.name)) {
    const what = `${place} has the name of something that every object inherits; class-validator can't check it`;
    return [
      {
        code: 'INPUT_TYPE_INVALID',
        where,
        what,
        fix: "rename it, and keep its key with @Expose({ name: '…' })",
      },
    ];
  }
  const types = typesOf(property);
  if (!property.nested) return types.flatMap((type) => uncheckedNested(type, place, where, groups));
  if (types.length === 0) return property.typed ? [] : [untypedNested(place, where)];
  return lostDiscriminator(property, place, where, groups);
}

function uncheckedNested(type: Constructor<object>, place: string, where: string, groups: Groups): Problem[] {
  if (!hasRules(type, groups)) return [];
  const what = `${place} is made into ${type.name}, whose rules are not applied without @ValidateNested()`;
  return [{ code: 'INPUT_WITHOUT_RULES', where, what, fix: `add @ValidateNested() to ${place}` }];
}

function untypedNested(place: string, where: string): Problem {
  return {
    code: 'INPUT_TYPE_LOST',
    where,
    what: `${place} has @ValidateNested() but no @Type(), so its class can't be known and every input would be refused`,
    fix: `add @Type(() => TheClass) from class-transformer to ${place}; if it is there, two copies of class-transformer are installed (npm ls class-transformer)`,
  };
}

function lostDiscriminator(
  { discriminator }: DtoProperty,
  place: string,
  where: string,
  groups: Groups,
): Problem[] {
  if (!discriminator || discriminator.kept) return [];
  const ruled = discriminator.subTypes.filter(({ value }) =>
    shapeOf(value, groups).properties.some(({ name }) => name === discriminator.property),
  );
  return ruled.map(({ value }) => ({
    code: 'INPUT_TYPE_INVALID',
    where,
    what: `${value.name} has rules for '${discriminator.property}', which class-transformer deletes before they run`,
    fix: `set keepDiscriminatorProperty: true in the @Type of ${place}`,
  }));
}
