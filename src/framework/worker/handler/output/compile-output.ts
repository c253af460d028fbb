import type { HandlerDefinition, OutputSpec } from '../../../declare/definition.js';
import type { Constructor } from '../../../declare/class.js';
import type { Groups } from '../../../declare/dto/dto-shape.js';
import { ARRAY } from '../../../declare/dto/kinds.js';
import { brokenRules } from '../input/broken-rules.js';
import { kindViolation, mapParts } from '../input/value-path.js';
import { Refusal, refusalOf, type Violation } from '../outcome/refusal.js';
import { OWN_ERROR } from '../outcome/own-error.js';
import { encode } from './encode.js';
import { OutputInstances } from './instances.js';
import { plainOf } from './plain.js';

/** Writes a handler's result as JSON. Throws, or rejects with, a Refusal where the result is no valid output. */
export type Encode = (result: unknown) => string | Promise<string>;

/** Compiles a handler's declared output to one function, which validates a result and writes it as JSON. */
export function compileOutput({ output, groups }: HandlerDefinition): Encode {
  return output ? (result) => serialise(result, output, groups) : encode;
}

async function serialise(result: unknown, { kind, type }: OutputSpec, groups: Groups): Promise<string> {
  const list = kind === 'array';
  if (list && !Array.isArray(result)) {
    throw invalidOutput(type, [kindViolation(undefined, ARRAY)]);
  }
  const output = new OutputInstances(groups);
  const instances = list
    ? mapParts(result, undefined, (each, path) => output.make(each, type, path, 2))
    : output.make(result, type, undefined);
  refuseAny(output.violations, type);
  refuseAny(await brokenRules(instances, { groups, showValues: false }), type);
  return encode(mapParts(instances, undefined, (each) => toPlain(each as object, groups)));
}

function refuseAny(violations: readonly Violation[], type: Constructor): void {
  if (violations.length > 0) throw invalidOutput(type, violations);
}

const invalidOutput = ({ name }: Constructor, violations: readonly Violation[]): Refusal =>
  refusalOf(OWN_ERROR.invalidOutput, `the output is not a valid ${name}`, violations);

/**
 * Makes a plain object of a DTO's instance.
 * @throws Refusal where `@Transform` functions or accessors throw, which are the user's code
 */
function toPlain(instance: object, groups: Groups): object {
  try {
    return plainOf(instance, groups);
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new Refusal(OWN_ERROR.invalidOutput, `serialising ${instance.constructor.name} failed: ${message}`);
  }
}
