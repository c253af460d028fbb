import { runtimeFailure } from './failure.js';
import type { Json } from './json.js';
import { compileFind } from './jsonpath.js';
import { compileOperator, isOperator, type Test } from './operator.js';
import type { Reader } from './reader.js';
import type { View } from './view.js';

/** Compiles a rule of JSONPath: a test of a variable, or And, Or and Not of rules. */
export function compileRule(reader: Reader): (view: View) => boolean {
  if (reader.has('And')) return combine(reader, 'And', (rules, view) => rules.every((rule) => rule(view)));
  if (reader.has('Or')) return combine(reader, 'Or', (rules, view) => rules.some((rule) => rule(view)));
  if (reader.has('Not')) return negate(reader);
  return compileTest(reader);
}

function combine(
  reader: Reader,
  field: string,
  holds: (rules: ((view: View) => boolean)[], view: View) => boolean,
): (view: View) => boolean {
  const rules = (reader.objects(field) ?? []).map(compileInner);
  if (rules.length === 0) reader.problem(`The field '${field}' must have at least one rule`, field);
  return (view) => holds(rules, view);
}

function negate(reader: Reader): (view: View) => boolean {
  const inner = reader.object('Not');
  if (!inner) return () => false;
  const rule = compileInner(inner);
  return (view) => !rule(view);
}

function compileInner(reader: Reader): (view: View) => boolean {
  const rule = compileRule(reader);
  if (reader.has('Next')) reader.problem("'Next' stands in the outermost rule only", 'Next');
  reader.finish();
  return rule;
}

function compileTest(reader: Reader): (view: View) => boolean {
  const text = reader.requiredString('Variable');
  const find = compileFind(text || '$', reader, 'Variable');
  const operators = Object.keys(reader.source).filter(isOperator);
  const [operator = ''] = operators;
  if (operators.length !== 1) {
    reader.problem('A rule must have exactly one comparison operator');
    for (const each of operators) reader.json(each);
    return () => false;
  }
  const test = compileOperator(operator, reader);
  return (view) => holds(test, find(view), text, view);
}

function holds(test: Test, value: Json | undefined, text: string, view: View): boolean {
  if (value === undefined && !test.absent) {
    throw runtimeFailure(
      `Invalid path '${text}': The choice state's condition path references an invalid value.`,
    );
  }
  return test.holds(value, view);
}
