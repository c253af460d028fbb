import type { DefinitionProblem } from '../../asl/definition/reader.js';
import { warningsIn } from '../../asl/definition/review.js';
import { NO_END } from '../../asl/definition/state-graph.js';
import { problemsIn, type MachineType } from '../../asl/machine.js';
import { isObject, parseJson, type JsonObject } from '../../asl/values/json.js';
import { jsonMistake } from '../../asl/values/json-scan.js';
import type { Operation } from '../operation.js';
import { checkHeapFor, TYPES } from './definitions.js';
import { MAX } from '../request-validation.js';

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
