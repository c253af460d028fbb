import type { DependencyContainer } from 'tsyringe';
import type { DtoProperty, DtoRule } from '../../../declare/dto/dto-property.js';
import { type Groups, shapeOf, typeOf } from '../../../declare/dto/dto-shape.js';
import type { Kind } from '../../../declare/dto/kinds.js';
import { isThenable } from '../../../base/time/wait.js';
import { asJson } from '../outcome/failure.js';
import { kindViolation, mapParts, showPath, type ValuePath, violationAt } from './value-path.js';
import { REFUSED } from './read-object.js';
import { MOST_VIOLATIONS, type Violation } from '../outcome/own-errors.js';
import { useContainer, type ValidationArguments } from 'class-validator';
import { resolveOnce } from '../../container/registrations.js';
import { currentContainer } from '../current-task.js';
import { getOrMake } from '../../../base/collections.js';

export interface RuleOptions {
  readonly groups: Groups;
  readonly showValues: boolean;
  /** Reads the value of an instance's property. @default an ordinary property read */
  readonly read?: (instance: object, name: string) => unknown;
}

/**
 * Checks class-validator's rules on an instance or on each instance in an array, and on the instances nested in them.
 * It reads class-validator's metadata, but calls the constraints itself. So it needs only one pass, paths in messages
 * are those of the JSON, and there is no promise if no rule is asynchronous.
 * @param refused true if the value was already rejected for another reason. Errors that rules throw are then ignored.
 * @returns the broken rules. If none is broken but a rule has thrown an error, throws that error, or rejects with it
 */
export function brokenRules(
  value: unknown,
  options: RuleOptions,
  refused = false,
): readonly Violation[] | Promise<readonly Violation[]> {
  const checker = new RuleChecker(options);
  if (Array.isArray(value))
    for (const [step, each] of value.entries()) checker.check(each, { within: undefined, step });
  else checker.check(value, undefined);
  return checker.pending.length === 0
    ? checker.found(refused)
    : Promise.all(checker.pending).then(() => checker.found(refused));
}

class RuleChecker {
  /** The promises of asynchronous rules that were started. None of them rejects. */
  readonly pending: Promise<unknown>[] = [];
  /** The errors that rules have thrown. For these rules it isn't known if they are broken. */
  readonly thrown: unknown[] = [];
  readonly #violations: Violation[] = [];
  /**
   * The paths of required values that are missing from the input. If another rule has already rejected the value at a
   * path, that path isn't also reported as missing.
   */
  readonly #missing: ValuePath[] = [];

  constructor(private readonly options: RuleOptions) {}

  /** Returns the broken rules. If none is broken and no value was refused, throws what a rule has thrown. */
  found(refused: boolean): readonly Violation[] {
    if (this.#missing.length + this.#violations.length === 0 && !refused && this.thrown.length > 0)
      throw this.thrown[0];
    if (this.#missing.length === 0) return this.#violations;
    const broken = new Set(this.#violations.map(({ path }) => path));
    const missing = this.#missing.filter((path) => !broken.has(showPath(path)));
    return [...this.#violations, ...missing.map((path) => violationAt(path, 'isDefined', 'must be there'))];
  }

  check(instance: unknown, path: ValuePath | undefined): void {
    if (typeof instance !== 'object' || instance === null || instance === REFUSED) return;
    if (this.#violations.length >= MOST_VIOLATIONS) return;
    const { properties } = shapeOf(typeOf(instance), this.options.groups);
    for (const each of properties) this.#property(instance, each, path);
    if (properties.length > 0) return;
    const message = 'an unknown value was passed to the validate function';
    this.#violations.push({ path: showPath(path), rule: 'unknownValue', message });
  }

  #property(instance: object, property: DtoProperty, within: ValuePath | undefined): void {
    const { read = Reflect.get } = this.options;
    const value: unknown = read(instance, property.name);
    if (value === REFUSED) return;
    const path = { within, step: property.key };
    try {
      for (const holds of property.conditions) if (!holds(instance, value)) return;
      this.#value(value, instance, property, path);
    } catch (error) {
      this.thrown.push(error);
    }
  }

  #value(value: unknown, instance: object, property: DtoProperty, path: ValuePath): void {
    const { declared } = property;
    // Null is accepted only if a condition, such as @IsOptional, skips the rules.
    if (value === null && declared) return this.#refuseNull(declared, path);
    for (const rule of property.rules) this.#checkRule(rule, instance, value, property, path);
    // Not every rule rejects an absent value, and @ValidateNested alone never does.
    if (value === undefined && !property.mayBeAbsent) this.#missing.push(path);
    if (value !== undefined && property.nested)
      mapParts(value, path, (part, at) => this.#nested(part, instance, property, at));
  }

  #refuseNull(kind: Kind, path: ValuePath): void {
    const { rule, message } = kindViolation(path, kind);
    this.#add(rule, message, null, path);
  }

  #checkRule(rule: DtoRule, object: object, value: unknown, { name }: DtoProperty, path: ValuePath): void {
    const about = {
      targetName: typeOf(object).name,
      property: name,
      object,
      value,
      constraints: rule.constraints,
    };
    try {
      if (rule.applies && !rule.applies(object, value)) return;
      if (!rule.each || !isCollection(value)) this.#ask(rule, value, about, path);
      else mapParts(value, path, (part, at) => this.#ask(rule, part, about, at));
    } catch (error) {
      this.thrown.push(error);
    }
  }

  /**
   * Checks a rule on a value or, with `each: true`, on one part of a collection. `about` is then about the collection.
   */
  #ask(rule: DtoRule, part: unknown, about: ValidationArguments, path: ValuePath | undefined): void {
    if (part === REFUSED || this.#violations.length >= MOST_VIOLATIONS) return;
    const verdict = rule.decide?.(part) ?? rule.constraint.instance.validate(part, about);
    if (isThenable(verdict)) {
      const settled = verdict.then((holds) => holds || this.#broken(rule, part, about, path));
      this.pending.push(settled.then(undefined, (error: unknown) => this.thrown.push(error)));
    } else if (!verdict) this.#broken(rule, part, about, path);
  }

  #nested(part: unknown, object: object, property: DtoProperty, path: ValuePath | undefined): void {
    if (isCollection(part)) mapParts(part, path, (each, at) => this.#nested(each, object, property, at));
    else if (typeof part === 'object' && part !== null) this.check(part, path);
    else if (part !== undefined) this.#notNested(part, object, property, path);
  }

  #notNested(
    value: unknown,
    object: object,
    { name, nested }: DtoProperty,
    path: ValuePath | undefined,
  ): void {
    const about = { targetName: typeOf(object).name, property: name, object, value, constraints: [] };
    const rule = 'nestedValidation';
    this.#add(rule, fillIn(nested?.message, rule, about, this.options.showValues), value, path);
  }

  #broken(rule: DtoRule, part: unknown, about: ValidationArguments, path: ValuePath | undefined): void {
    const { name, message, constraint } = rule;
    const template = message ?? constraint.instance.defaultMessage?.(about);
    this.#add(name, fillIn(template, name, about, this.options.showValues), part, path);
  }

  #add(rule: string, message: string, value: unknown, path: ValuePath | undefined): void {
    const showsValue = this.options.showValues && value !== undefined;
    this.#violations.push({
      path: showPath(path),
      rule,
      message,
      ...(showsValue && { value: asJson(value) }),
    });
  }
}

type Collection = readonly unknown[] | ReadonlySet<unknown> | ReadonlyMap<unknown, unknown>;

const isCollection = (value: unknown): value is Collection =>
  Array.isArray(value) || value instanceof Set || value instanceof Map;

const TOKEN = /\$(?:constraint(\d+)|value|property|target)/g;

/**
 * Returns a rule's message with its variables, such as `$property`, replaced; `$value` only with `showValues`, since
 * the message is in the execution's history. A rule without a message is named instead.
 */
function fillIn(
  message: DtoRule['message'],
  rule: string,
  about: ValidationArguments,
  showValues: boolean,
): string {
  const template = typeof message === 'function' ? message(about) : message;
  return (template || `$property breaks the rule ${rule}`).replaceAll(TOKEN, (token, index?: string) => {
    if (token === '$property') return about.property;
    if (token === '$target') return about.targetName;
    if (token !== '$value') return argument(about.constraints[Number(index) - 1], token);
    if (!showValues) return '(value)';
    return ['string', 'number', 'boolean'].includes(typeof about.value) ? String(about.value) : token;
  });
}

function argument(value: unknown, token: string): string {
  if (typeof value === 'symbol') return value.description ?? '';
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return value === undefined ? token : list.join(', ');
}

type RuleClass = new (...args: unknown[]) => object;

/**
 * The instances of constraint classes (`@ValidatorConstraint`), separate for each container, so that workers, test beds
 * and tasks don't share them.
 */
const rules = new WeakMap<DependencyContainer, Map<RuleClass, object>>();

/**
 * Makes dependency injection work in constraint classes (`@ValidatorConstraint`): class-validator gets their instances
 * from the container of the task whose input is being validated. If the user's code calls `useContainer` too, the
 * user's container is used instead.
 */
useContainer(
  {
    get(type: RuleClass): object | undefined {
      const container = currentContainer();
      if (!container) return undefined;
      const own = getOrMake(rules, container, () => new Map<RuleClass, object>());
      return getOrMake(own, type, () =>
        type.length > 0 || container.isRegistered(type, true) ? resolveOnce(container, type) : new type(),
      );
    },
  },
  { fallback: true },
);
