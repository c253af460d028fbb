import { isPlainObject } from '../base/plain-object.js';
import type { CheckedHandler } from './handlers.js';
import type { FoundAt } from './finding.js';
import { knownResult } from './known-results.js';
import { schemaMismatches, UNKNOWN } from './schema-mismatch.js';
import type { Step } from './source/json-text.js';
import type { ActivityState } from './machine-states.js';

/**
 * Finds the parts of a Task state's payload (the input that it sends to its handler) that the handler would reject in
 * every task, whatever the state's own input is.
 */
export function payloadMismatches(state: ActivityState, { name, schema }: CheckedHandler): FoundAt[] {
  const field = state.language === 'JSONata' ? 'Arguments' : 'Parameters';
  const template: unknown = state.source[field];
  if (template === undefined) return [];
  const value = state.language === 'JSONata' ? jsonataTemplate(template) : pathTemplate(template);
  return schemaMismatches(value, schema).map(({ steps, what, fix }) => ({
    state,
    steps: stepsInFile(template, [...state.steps, field], steps),
    found: {
      code: 'PAYLOAD_MISFIT',
      level: 'error',
      what: `${steps.length > 0 ? `'${steps.join('.')}' in ` : ''}${field} ${what}: ${name} would refuse every task`,
      fix,
    },
  }));
}

/**
 * Returns the payload that the JSONPath template of a state makes. A value that is known only at run time, such as that
 * of a key `"id.$"`, is replaced by `UNKNOWN`, or by its type if the text shows that.
 */
function pathTemplate(template: unknown): unknown {
  if (Array.isArray(template)) return template.map(pathTemplate);
  if (!isPlainObject(template)) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) =>
      key.endsWith('.$') ? [key.slice(0, -2), knownResult(value) ?? UNKNOWN] : [key, pathTemplate(value)],
    ),
  );
}

function jsonataTemplate(template: unknown): unknown {
  if (typeof template === 'string') return /^\{%.*%\}$/s.test(template) ? UNKNOWN : template;
  if (Array.isArray(template)) return template.map(jsonataTemplate);
  if (!isPlainObject(template)) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, jsonataTemplate(value)]));
}

/** Returns the keys and indexes that lead, in the machine's text, to a part of the payload. */
function stepsInFile(template: unknown, base: readonly Step[], steps: readonly Step[]): Step[] {
  const place = [...base];
  let at: unknown = template;
  for (const step of steps) {
    const key = isPlainObject(at) && !Object.hasOwn(at, step) ? `${step}.$` : step;
    at = isPlainObject(at) || Array.isArray(at) ? Reflect.get(at, key) : undefined;
    place.push(key);
  }
  return place;
}
