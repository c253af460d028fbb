import { getMetadataStorage, type ValidationError } from 'class-validator';
import type { Constructor } from '../../declare/definition.js';
import { shapeOf } from '../../declare/dto-shape.js';
import { indexPath, keyPath } from './path.js';
import type { Violation } from './refusal.js';
import { writable } from '../output/writable.js';

export interface ViolationOptions {
  readonly groups: readonly string[];
  readonly showValues: boolean;
}

/** Flattens what class-validator found. Paths are in the words of the JSON, not of the class. */
export function violationsOf(
  errors: readonly ValidationError[],
  path: string,
  options: ViolationOptions,
): Violation[] {
  return errors.flatMap((error) => {
    const here = pathOf(error, path, options.groups);
    const broken = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
      path: here,
      rule,
      message: options.showValues ? message : withoutValue(error, rule, message),
      ...(options.showValues && error.value !== undefined && { value: writable(error.value) }),
    }));
    return [...broken, ...violationsOf(error.children ?? [], here, options)];
  });
}

/** In the order of their paths, numbers as numbers, then of their rules: asynchronous rules come in as they end. */
export function inOrder(violations: readonly Violation[]): Violation[] {
  return violations.toSorted((a, b) => COLLATOR.compare(a.path, b.path) || compare(a.rule, b.rule));
}

const COLLATOR = new Intl.Collator('en', { numeric: true });
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

function pathOf({ target, property }: ValidationError, path: string, groups: readonly string[]): string {
  // An object whose class has no rule is reported on the object itself.
  if (property === undefined) return path;
  if (Array.isArray(target) || target instanceof Set) return indexPath(path, property);
  if (target === undefined || target instanceof Map) return keyPath(path, property);
  const declared = shapeOf(target.constructor as Constructor<object>, groups).byName.get(property);
  return keyPath(path, declared?.key ?? property);
}

/** A message of the user's with `$value` in it would carry the input into the cause. */
function withoutValue({ target, property }: ValidationError, rule: string, message: string): string {
  if (target === undefined) return message;
  const storage = getMetadataStorage();
  const rules = storage.getTargetValidationMetadatas(target.constructor, '', true, false);
  const template = rules.find(
    (each) =>
      each.propertyName === property &&
      (each.name ?? storage.getTargetValidatorConstraints(each.constraintCls)[0]?.name ?? each.type) === rule,
  )?.message;
  if (typeof template !== 'string' || !template.includes('$value')) return message;
  return template.replaceAll('$value', '(value)').replaceAll('$property', property);
}
