import type { HandlerDefinition, OutputSpec } from '../../../declare/definition.js';
import type { Constructor } from '../../../declare/class.js';
import type { Groups } from '../../../declare/dto/dto-shape.js';
import { ARRAY } from '../../../declare/dto/kinds.js';
import { brokenRules } from '../input/broken-rules.js';
import { kindViolation, mapParts } from '../input/value-path.js';
import { type Refusal, refusalOf, type Violation } from '../outcome/refusal.js';
import { OWN_ERROR } from '../outcome/own-error.js';
import { DescribedOutput } from './described.js';
import { encode, reading } from './encode.js';
import { OutputInstances } from './instances.js';
import { type OutputLimit, SERVICE_LIMIT } from './output-limit.js';
import { OutputReads } from './reads.js';

/** Writes a handler's result as JSON. If the result isn't a valid output, throws (or rejects with) a Refusal. */
export type Encode = (result: unknown) => string | Promise<string>;

/**
 * Returns a function that validates a handler's results and writes them as JSON, as the handler declares its output.
 * @param limit the most bytes of an output
 */
export function compileOutput(
  { output, groups }: HandlerDefinition,
  limit: OutputLimit = SERVICE_LIMIT,
): Encode {
  return output ? (result) => serialise(result, output, groups, limit) : (result) => encode(result, limit);
}

async function serialise(
  result: unknown,
  { kind, type }: OutputSpec,
  groups: Groups,
  limit: OutputLimit,
): Promise<string> {
  const list = kind === 'array';
  if (list && !Array.isArray(result)) {
    throw invalidOutput(type, [kindViolation(undefined, ARRAY)]);
  }
  const reads = new OutputReads();
  const output = new OutputInstances(groups, reads, limit);
  const instances = reading(
    () => output.path,
    () =>
      list
        ? mapParts(result, undefined, (each, path) => output.make(each, type, path, 2))
        : output.make(result, type, undefined),
  );
  refuseAny(output.violations, type);
  const read = (object: object, name: string): unknown => reads.get(object, name);
  refuseAny(await brokenRules(instances, { groups, showValues: false, read }), type);
  return encode(instances, limit, new DescribedOutput(groups, reads, new Set([instances].flat())));
}

function refuseAny(violations: readonly Violation[], type: Constructor): void {
  if (violations.length > 0) throw invalidOutput(type, violations);
}

const invalidOutput = ({ name }: Constructor, violations: readonly Violation[]): Refusal =>
  refusalOf(OWN_ERROR.invalidOutput, `the output is not a valid ${name}`, violations);
