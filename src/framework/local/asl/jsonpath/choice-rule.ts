import { runtimeFailure } from '../expression/evaluation-failure.js';
import type { Json } from '../values/json.js';
import { compileFinder } from './fields.js';
import { compileOperator, isOperator, type Test } from './operator.js';
import type { Reader } from '../definition/reader.js';
import type { StateData } from '../expression/state-data.js';

/**
 * Compiles a rule of a Choice state in JSONPath. The rule compares a variable, or combines other rules by And, Or or
 * Not.
 */
export function compileRule(reader: Reader): (data: StateData) => boolean {
  if (reader.has('And')) return combine(reader, 'And', (rules, data) => rules.every((rule) => rule(data)));
  if (reader.has('Or')) return combine(reader, 'Or', (rules, data) => rules.some((rule) => rule(data)));
  if (reader.has('Not')) return negate(reader);
  return compileTest(reader);
}

function combine(
  reader: Reader,
  field: string,
  holds: (rules: ((data: StateData) => boolean)[], data: StateData) => boolean,
): (data: StateData) => boolean {
  const rules = (reader.objects(field) ?? []).map(compileInner);
  if (rules.length === 0) reader.problem(`The field '${field}' must have at least one rule`, field);
  return (data) => holds(rules, data);
}

function negate(reader: Reader): (data: StateData) => boolean {
  const inner = reader.object('Not');
  if (!inner) return () => false;
  const rule = compileInner(inner);
  return (data) => !rule(data);
}

function compileInner(reader: Reader): (data: StateData) => boolean {
  const rule = compileRule(reader);
  if (reader.has('Next')) reader.problem("'Next' stands in the outermost rule only", 'Next');
  reader.finish();
  return rule;
}

function compileTest(reader: Reader): (data: StateData) => boolean {
  const text = reader.requiredString('Variable');
  const find = compileFinder(reader.has('Variable') ? text : '$', reader, 'Variable');
  const operators = Object.keys(reader.source).filter(isOperator);
  const [operator = ''] = operators;
  if (operators.length !== 1) {
    reader.problem('A rule must have exactly one comparison operator');
    for (const each of operators) reader.json(each);
    return () => false;
  }
  const test = compileOperator(operator, reader);
  return (data) => holds(test, find(data), text, data);
}

function holds(test: Test, value: Json | undefined, text: string, data: StateData): boolean {
  if (value === undefined && !test.absent) {
    throw runtimeFailure(
      `Invalid path '${text}': The choice state's condition path references an invalid value.`,
    );
  }
  return test.holds(value, data);
}
