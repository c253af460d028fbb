import { parseArn, type ResourceKind } from '../../asl/values/arn.js';
import { hashText } from '../../asl/values/functions.js';
import { isObject, isTooLarge } from '../../asl/values/json.js';
import { PAGE_LIMIT, type PageRequest } from '../engine/pages.js';
import { errors } from '../engine/service-error.js';
import { CAUSE_LIMIT, ERROR_LIMIT, PAYLOAD_LIMIT_BYTES } from '../../base/size.js';

/** The parsed body of a request. */
export type Body = Readonly<Record<string, unknown>>;

/**
 * The most characters that each field of a request may have. For `data` it is also the most bytes in UTF-8. API
 * reference of Step Functions.
 */
export const MAX = {
  arn: 256,
  longArn: 2_000,
  name: 80,
  description: 256,
  token: 2_048,
  listToken: 1_024,
  executionsToken: 3_096,
  error: ERROR_LIMIT,
  cause: CAUSE_LIMIT,
  definition: 1_048_576,
  data: PAYLOAD_LIMIT_BYTES,
} as const;

/**
 * The most characters of a value that an error message shows. Recorded from the live service: a token that is too long,
 * of 3,097 characters, is shown whole.
 */
const SHOWN = 4_096;

interface TextRule {
  readonly min?: number;
  readonly max: number;
  /** The values that the text may have, in the order in which the error message lists them. */
  readonly values?: readonly string[];
  /** The pattern of the text, and how the error message shows it. */
  readonly pattern?: { readonly regexp: RegExp; readonly shown: string };
  /**
   * True if an error message about the field contains the field's value. Recorded from the live service: the values of
   * inputs, outputs and similar fields aren't shown.
   * @default false
   */
  readonly shown?: boolean;
}

/** The rules of an ARN and of a name. */
export const ARN = { min: 1, max: MAX.arn, shown: true } as const;
export const NAME = { min: 1, max: MAX.name, shown: true } as const;

/** The most objects that a list may have. No list of a request that is accepted has more than a few dozen. */
const LONGEST_LIST = 1_000;

/**
 * Reads and checks the fields of a request. Violations are collected: `done` throws one error that lists them all, as
 * Step Functions does. A field of the wrong type is reported at once. `done` also notes the fields that nothing has
 * read.
 */
export class Checker {
  /** The fields that were read. A request has few, so that a list is quicker than a Set. */
  readonly #read: string[] = [];
  readonly #parts: Checker[] = [];
  /** The paths of the fields that nothing has read, once `done` was called. As at AWS, they have no effect. */
  ignored: readonly string[] = [];

  /**
   * @param place the path of an object inside the request, which ends with a dot; empty for the request itself
   * @param violations the list to which this checker, and those of the objects in it, add what they find
   */
  constructor(
    private readonly body: Body,
    private readonly place = '',
    private readonly violations: string[] = [],
  ) {}

  text(field: string, rule: TextRule, required = false): string | undefined {
    const { shown = false } = rule;
    const value = this.#valueOf(field, required, shown ? ' null' : '');
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw this.#mustBe(field, 'a string');
    const constraint = broken(value, rule);
    const display = shown ? ` '${value.slice(0, SHOWN)}'` : '';
    if (constraint !== undefined) this.violate(field, display, `Member must ${constraint}`);
    return value;
  }

  requiredText(field: string, rule: TextRule): string {
    return this.text(field, rule, true) ?? '';
  }

  integer(field: string, min: number, max: number, required = false): number | undefined {
    const value = this.#valueOf(field, required);
    if (value !== undefined && !Number.isInteger(value)) throw this.#mustBe(field, 'an integer');
    return this.number(field, min, max);
  }

  number(field: string, min: number, max: number): number | undefined {
    const value = this.#valueOf(field);
    if (value === undefined) return undefined;
    if (typeof value !== 'number') throw this.#mustBe(field, 'a number');
    if (value > max) {
      this.violate(field, ` '${value}'`, `Member must have value less than or equal to ${max}`);
    } else if (value < min) {
      this.violate(field, ` '${value}'`, `Member must have value greater than or equal to ${min}`);
    }
    return value;
  }

  boolean(field: string): boolean | undefined {
    const value = this.#valueOf(field);
    if (value === undefined) return undefined;
    if (typeof value !== 'boolean') throw this.#mustBe(field, 'a boolean');
    return value;
  }

  oneOf(field: string, values: readonly string[], required = false): string | undefined {
    return this.text(field, { max: Infinity, values, shown: true }, required);
  }

  /** Returns a checker for the object in a field; undefined if the field is absent. */
  object(field: string): Checker | undefined {
    const value = this.#valueOf(field);
    if (value === undefined) return undefined;
    if (!isObject(value)) throw this.#mustBe(field, 'an object');
    return this.#part(value, `${field}.`);
  }

  /** Returns a checker for each object in a list; undefined if the field is absent. */
  objects(field: string, required = false): Checker[] | undefined {
    const value = this.#valueOf(field, required);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every(isObject)) throw this.#mustBe(field, 'a list of objects');
    if (value.length > LONGEST_LIST) {
      this.violate(field, '', `Member must have length less than or equal to ${LONGEST_LIST}`);
      return [];
    }
    return value.map((each, i) => this.#part(each, `${field}.${i + 1}.member.`));
  }

  /** Reads a list of strings. Every string must have `min` to `max` characters. */
  strings(field: string, { min, max }: { min: number; max: number }): string[] {
    const value = this.#valueOf(field, true);
    if (value === undefined) return [];
    if (!Array.isArray(value) || !value.every((each) => typeof each === 'string'))
      throw this.#mustBe(field, 'a list of strings');
    if (value.some(({ length }) => length < min || length > max)) {
      const each = `Member must have length less than or equal to ${max}, Member must have length greater than or equal to ${min}`;
      const shown = value.join(', ').slice(0, MAX.token);
      this.violate(field, ` '[${shown}]'`, `Member must satisfy constraint: [${each}]`);
    }
    return value;
  }

  /** Reads a request whose only field is the ARN of this kind of resource. @throws ServiceError as `checkArn` does */
  onlyArn(field: string, kind: ResourceKind, max: number = MAX.arn): string {
    const arn = this.requiredText(field, { ...ARN, max });
    this.done();
    return checkArn(arn, kind);
  }

  /**
   * Reads `maxResults` and `nextToken`. A token isn't valid for a request with other parameters. API reference of Step
   * Functions: "Keep all other arguments unchanged".
   * @param tokenMax the most characters that `nextToken` may have
   */
  page(operation: string, tokenMax: number): PageRequest {
    const { maxResults: _most, nextToken: _token, ...others } = this.body;
    const list = `${operation} ${hashText(JSON.stringify(others), 'MD5')}`;
    const maxResults = this.integer('maxResults', 0, PAGE_LIMIT);
    return { list, maxResults, token: this.text('nextToken', { min: 1, max: tokenMax, shown: true }) };
  }

  /**
   * Notes the fields that nothing has read.
   * @throws ServiceError ValidationException with all violations, if there are any
   */
  done(): void {
    if (this.violations.length > 0) throw errors.validation(this.violations);
    this.ignored = this.#unread();
  }

  /** Adds a violation. @param value the field's value as the error message shows it, with a space before it */
  violate(field: string, value: string, constraint: string): void {
    this.violations.push(
      `Value${value} at '${this.place}${field}' failed to satisfy constraint: ${constraint}`,
    );
  }

  /**
   * Returns the value of a field, which then counts as read; undefined if it is absent or null.
   * @param shown the missing value of a required field as the error message shows it
   */
  #valueOf(field: string, required = false, shown = ' null'): unknown {
    this.#read.push(field);
    const value = this.body[field] ?? undefined;
    if (value === undefined && required) this.violate(field, shown, 'Member must not be null');
    return value;
  }

  #part(body: Body, place: string): Checker {
    const part = new Checker(body, `${this.place}${place}`, this.violations);
    this.#parts.push(part);
    return part;
  }

  #unread(): string[] {
    const unread: string[] = [];
    for (const [field, value] of Object.entries(this.body))
      if (!this.#read.includes(field) && value !== null && value !== undefined)
        unread.push(this.place + field);
    for (const part of this.#parts) for (const path of part.#unread()) unread.push(path);
    return unread;
  }

  #mustBe(field: string, expected: string): Error {
    return errors.serialization(`Expected '${this.place}${field}' to be ${expected}`);
  }
}

/** Returns the first constraint that a text breaks, as the error message names it; undefined if there is none. */
function broken(text: string, { min = 0, max, values, pattern }: TextRule): string | undefined {
  if (text.length < min) return `have length greater than or equal to ${min}`;
  if (text.length > max || (max === MAX.data && isTooLarge(text)))
    return `have length less than or equal to ${max}`;
  if (values && !values.includes(text)) return `satisfy enum value set: [${values.join(', ')}]`;
  if (pattern && !pattern.regexp.test(text)) return `satisfy regular expression pattern: ${pattern.shown}`;
  return undefined;
}

/** The characters that no name may have. API reference of Step Functions, DescribeExecution. */
const FORBIDDEN =
  // oxlint-disable-next-line no-control-regex -- it has to find control characters
  /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f\ufffe\uffff\p{Cs}\u{10ffff}]/u;

/** @throws ServiceError InvalidName if Step Functions would reject this name for a new resource */
export function checkName(name: string): void {
  if (name.length === 0 || name.length > MAX.name || FORBIDDEN.test(name)) throw errors.invalidName(name);
}

/**
 * Returns `text` if it is the ARN of this kind of resource, such as an activity.
 * @throws ServiceError InvalidArn, with a recorded message, for any other text; ValidationException for the ARN of a
 *   machine with a label
 */
export function checkArn(text: string, kind: ResourceKind): string {
  const arn = parseArn(text);
  if (!arn) throw errors.invalidArn(`Invalid ARN prefix: ${text}`);
  if (arn.kind !== kind) throw errors.invalidArn(`Resource type not valid in this context: ${arn.kind}`);
  if (kind === 'stateMachine' && arn.name.includes('/'))
    throw errors.invalidRequest(
      `The ARN of a Distributed Map's state can't be used here: '${text}'`,
      'API_DOES_NOT_SUPPORT_LABELED_ARNS',
    );
  return text;
}

const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/;

/** @throws ServiceError InvalidArn, with a message of the live service, if the text isn't the ARN of a role */
export function checkRole(roleArn: string): void {
  if (!ROLE.test(roleArn)) throw errors.invalidRole(roleArn);
}
