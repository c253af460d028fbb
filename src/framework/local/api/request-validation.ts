import { parseArn, type ResourceKind } from '../asl/values/arn.js';
import { isObject } from '../asl/values/json.js';
import { CAUSE_LIMIT, DATA_LIMIT_BYTES, ERROR_LIMIT, isTooLarge } from '../asl/values/limits.js';
import { PAGE_LIMIT, type PageRequest } from '../engine/answers/pages.js';
import { errors } from '../engine/answers/service-error.js';

/** The parsed body of a request. */
export type Body = Readonly<Record<string, unknown>>;

/**
 * The most characters that each field of a request may have. For `data` it is also the most bytes in UTF-8. API
 * reference of Step Functions.
 */
export const MAX = {
  arn: 256,
  name: 80,
  token: 2_048,
  listToken: 1_024,
  executionsToken: 3_096,
  error: ERROR_LIMIT,
  cause: CAUSE_LIMIT,
  definition: 1_048_576,
  data: DATA_LIMIT_BYTES,
} as const;

interface TextRule {
  readonly required?: boolean;
  readonly min?: number;
  readonly max: number;
  /**
   * True if an error message about the field contains the field's value. Recorded from the live service: the values of
   * inputs, outputs and similar fields aren't shown.
   * @default false
   */
  readonly shown?: boolean;
}

/**
 * Checks the fields of a request. Violations are collected, and `done` throws one error that lists all of them in the
 * wording of Step Functions. Only a field of the wrong type is reported at once, by its own error.
 */
export class Checker {
  readonly #violations: string[] = [];

  constructor(private readonly body: Body) {}

  text(field: string, { required = false, min = 0, max, shown = false }: TextRule): string | undefined {
    const value = this.body[field];
    if (value === undefined || value === null) {
      if (required) this.violate(field, shown ? ' null' : '', 'Member must not be null');
      return undefined;
    }
    if (typeof value !== 'string') throw mustBe(field, 'a string');
    const display = shown ? ` '${value.slice(0, MAX.token)}'` : '';
    if (value.length < min) {
      this.violate(field, display, `Member must have length greater than or equal to ${min}`);
    } else if (value.length > max || (max === MAX.data && isTooLarge(value))) {
      this.violate(field, display, `Member must have length less than or equal to ${max}`);
    }
    return value;
  }

  requiredText(field: string, rule: TextRule): string {
    return this.text(field, { ...rule, required: true }) ?? '';
  }

  integer(field: string, min: number, max: number): number | undefined {
    const value = this.body[field];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'number' || !Number.isInteger(value)) throw mustBe(field, 'an integer');
    if (value > max) {
      this.violate(field, ` '${value}'`, `Member must have value less than or equal to ${max}`);
    } else if (value < min) {
      this.violate(field, ` '${value}'`, `Member must have value greater than or equal to ${min}`);
    }
    return value;
  }

  boolean(field: string): boolean | undefined {
    const value = this.body[field];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'boolean') throw mustBe(field, 'a boolean');
    return value;
  }

  oneOf(field: string, values: readonly string[]): string | undefined {
    const text = this.text(field, { max: MAX.arn, shown: true });
    if (text !== undefined && !values.includes(text)) {
      this.violate(field, ` '${text}'`, `Member must satisfy enum value set: [${values.join(', ')}]`);
    }
    return text;
  }

  /** Reads a list of objects. */
  objects(field: string, required = false): Body[] | undefined {
    const value = this.body[field];
    if (value === undefined || value === null) {
      if (required) this.violate(field, '', 'Member must not be null');
      return undefined;
    }
    if (!Array.isArray(value) || !value.every(isObject)) throw mustBe(field, 'a list of objects');
    return value;
  }

  /** Reads a list of strings. Returns an empty list if the field is absent. */
  strings(field: string): string[] {
    const value: unknown = this.body[field] ?? [];
    if (!Array.isArray(value) || !value.every((each) => typeof each === 'string'))
      throw mustBe(field, 'a list of strings');
    return value;
  }

  /** Reads `maxResults` and `nextToken`. @param tokenMax the most characters that `nextToken` may have */
  page(tokenMax: number): PageRequest {
    const maxResults = this.integer('maxResults', 0, PAGE_LIMIT);
    return { maxResults, token: this.text('nextToken', { min: 1, max: tokenMax, shown: true }) };
  }

  /** @throws ServiceError ValidationException with all violations, if there are any */
  done(): void {
    if (this.#violations.length > 0) throw errors.validation(this.#violations);
  }

  /** Adds a violation. @param value the field's value as the error message shows it, with a space before it */
  violate(field: string, value: string, constraint: string): void {
    this.#violations.push(`Value${value} at '${field}' failed to satisfy constraint: ${constraint}`);
  }
}

const mustBe = (field: string, expected: string): Error =>
  errors.serialization(`Expected '${field}' to be ${expected}`);

// oxlint-disable-next-line no-control-regex -- it has to find control characters
const FORBIDDEN = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/;

/** @throws ServiceError InvalidName if Step Functions would reject this name for a new resource */
export function checkName(name: string): void {
  if (name.length === 0 || name.length > MAX.name || FORBIDDEN.test(name)) throw errors.invalidName(name);
}

/**
 * Returns `text` if it is the ARN of this kind of resource, such as an activity.
 * @throws ServiceError InvalidArn, with a recorded message, for any other text
 */
export function checkArn(text: string, kind: ResourceKind): string {
  const arn = parseArn(text);
  if (!arn) throw errors.invalidArn(`Invalid ARN prefix: ${text}`);
  if (arn.kind !== kind) throw errors.invalidArn(`Resource type not valid in this context: ${arn.kind}`);
  return text;
}
