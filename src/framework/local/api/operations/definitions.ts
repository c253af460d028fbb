import type { DefinitionProblem } from '../../../asl/definition/reader.js';
import { warningsIn } from '../../../asl/definition/review.js';
import { NO_END } from '../../../asl/definition/state-graph.js';
import { problemsIn, type MachineType, DefinitionError } from '../../../asl/machine.js';
import { isObject, parseJson, type JsonObject } from '../../../asl/values/json.js';
import { jsonMistake } from '../../../asl/values/json-scan.js';
import type { Operation } from '../operation.js';
import { MAX } from '../request-validation.js';
import { hasHeapFor } from '../../engine/heap.js';
import { errors } from '../../engine/service-error.js';

/** The types of machines. */
export const TYPES = ['STANDARD', 'EXPRESS'];

/** The most bytes that reading and compiling a definition takes for each of its characters. */
const COMPILING = 100;

/** @throws ServiceError ThrottlingException if the process has no memory now to read this definition */
export function checkHeapFor(definition: string): void {
  if (!hasHeapFor(COMPILING * definition.length)) throw errors.throttled();
}

/**
 * Compiles the definition of a request.
 * @throws ServiceError InvalidDefinition, which lists all mistakes; ThrottlingException if there is no memory now
 */
export function compiled<T>(definition: string, compile: (definition: string) => T): T {
  checkHeapFor(definition);
  try {
    return compile(definition);
  } catch (error) {
    throw error instanceof DefinitionError ? errors.invalidDefinition(error.message) : error;
  }
}

/** The most diagnostics in one response. API reference of Step Functions. */
const MOST = 100;

/** Returns the definition as an object; an empty one if it isn't an object in JSON. */
function parsed(definition: string): JsonObject {
  const value = parseJson(definition);
  return isObject(value) ? value : {};
}

/**
 * Returns a problem as it is in the response. Recorded from the live service: some problems have no `location`. If the
 * definition isn't JSON, `location` contains its text.
 */
function describe(
  severity: 'ERROR' | 'WARNING',
  { code = 'SCHEMA_VALIDATION_FAILED', path, text, placeless = false }: DefinitionProblem,
  definition: string,
): object {
  const problem = { severity, code, message: text };
  if (code === 'INVALID_JSON_DESCRIPTION') return { ...problem, ...describeBrokenJson(definition, text) };
  return code === NO_END || placeless ? problem : { ...problem, location: path };
}

function describeBrokenJson(definition: string, text: string): object {
  const { message, end } = jsonMistake(definition) ?? { message: text, end: 0 };
  const before = definition.slice(0, end);
  const lines = before.split('\n');
  const column = (lines.at(-1)?.length ?? 0) + 1;
  const location = `[Source: (String)"${definition}"; line: ${lines.length}, column: ${column}]`;
  return { message: `${message}\n at ${location}`, location };
}

export const validateOperations: Record<string, Operation> = {
  ValidateStateMachineDefinition({ checker }) {
    const definition = checker.requiredText('definition', { max: MAX.definition });
    const type = checker.oneOf('type', TYPES) as MachineType | undefined;
    const severity = checker.oneOf('severity', ['ERROR', 'WARNING']) ?? 'ERROR';
    const asked = checker.integer('maxResults', 0, MOST);
    checker.done();
    checkHeapFor(definition);
    const problems = problemsIn(definition, type);
    const warnings = severity === 'WARNING' ? warningsIn(parsed(definition)) : [];
    const all = [
      ...problems.map((problem) => describe('ERROR', problem, definition)),
      ...warnings.map((warning) => describe('WARNING', warning, definition)),
    ];
    const most = asked === undefined || asked === 0 ? MOST : asked;
    return {
      result: problems.length === 0 ? 'OK' : 'FAIL',
      diagnostics: all.slice(0, most),
      truncated: all.length > most,
    };
  },
};
