import { types } from 'node:util';
import { PAYLOAD_LIMIT_BYTES } from '../../../base/size.js';
import { hasRules, typeOf } from '../../../declare/dto/dto-shape.js';
import { DEPTH_LIMIT } from '../input/decode.js';
import { showPath, type ValuePath } from '../input/value-path.js';
import { OWN_ERROR, Refusal } from '../outcome/own-errors.js';
import { cut } from '../../../base/show.js';
import { readThrown } from '../outcome/failure.js';

/** The most bytes that the JSON of an output may have. */
export interface OutputLimit {
  readonly bytes: number;
  /**
   * Makes the Refusal of an output that has more.
   * @param bytes their number, or a text such as `more than 524288`
   * @param largest the words that name the largest field
   */
  readonly refuse: (bytes: string, largest?: string) => Refusal;
}

/** The limit of outputs that are sent whole. */
export const SERVICE_LIMIT: OutputLimit = {
  bytes: PAYLOAD_LIMIT_BYTES,
  refuse: (bytes, largest = '') =>
    new Refusal(
      OWN_ERROR.outputTooLarge,
      `the output has ${bytes} bytes as JSON${largest}; Step Functions accepts ${PAYLOAD_LIMIT_BYTES}. Return less, or store it yourself and return its key; or set payloads: { store: s3({ bucket: '…' }) } in the config (docs/payloads.md)`,
    ),
};

/**
 * Returns the Refusal of an output whose reading has failed with an error. Getters, `toJSON` and `@Transform` functions
 * in an output are the user's code, so they may throw.
 * @param path the path that was being read
 */
export const unreadable = (error: unknown, path: ValuePath | undefined): Refusal =>
  Refusal.is(error) ? error : invalidOutput(path, `can't be read: ${readThrown(error).message}`);

const PATH_LIMIT = 200;

/** Makes the Refusal of a value that is nested deeper than an input may be. */
export const tooDeep = (path: ValuePath | undefined): Refusal =>
  invalidOutput(path, `is nested deeper than ${DEPTH_LIMIT} levels`);

/** Makes the Refusal of a value that contains itself. */
export const holdsItself = (path: ValuePath | undefined): Refusal =>
  invalidOutput(
    path,
    'refers back to an object that contains it; return a copy without that field, or give its class a toJSON',
  );

export function invalidOutput(path: ValuePath | undefined, fault: string): Refusal {
  const shown = showPath(path);
  const message =
    shown === '' ? `the output ${fault}` : `the output can't be JSON: ${cut(shown, PATH_LIMIT)} ${fault}`;
  return new Refusal(OWN_ERROR.invalidOutput, message);
}

/**
 * Describes what is wrong with an object without fields to write: an instance whose data is private, behind getters or
 * in native code. Undefined for a plain object, a Map, and an instance of a class with rules.
 */
export function emptyInstanceFault(value: object): string | undefined {
  if (isPlain(value) || types.isMap(value)) return undefined;
  const type = typeOf(value);
  if (hasRules(type)) return undefined;
  const name = typeof type.name === 'string' && type.name !== '' ? type.name : 'a class';
  return `is an instance of ${name} without fields of its own, of which JSON would be {}; ${wayFor(value, name)}`;
}

/**
 * Returns true for an object without a class: its prototype is null or `Object.prototype`, even that of another `vm`
 * context.
 */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * Returns advice for the error message, about what to return instead of the object: for a response, a request or a
 * blob, its content; for any other class, its data.
 */
function wayFor(value: object, name: string): string {
  const reader = ['json', 'text'].find((each) => typeof Reflect.get(value, each) === 'function');
  return reader === undefined
    ? 'return its data in a plain object, or give its class a toJSON'
    : `return its content, as in \`await ${name.charAt(0).toLowerCase()}${name.slice(1)}.${reader}()\``;
}
