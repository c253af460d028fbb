import { isPlainObject } from '../base/json.js';
import { meantName, proposal } from '../base/show.js';
import { type CheckedHandler, handlerOf } from './handlers.js';
import type { FoundAt } from './finding.js';
import { followData, placeOf, type StateData } from './flow/flow.js';
import { isObjectShape, type Missing, type Shape, shapeOfSchema, shapesOf, UNKNOWN } from './flow/shape.js';
import { schemaMismatches } from './schema-mismatch.js';
import type { JsonStep } from './source/json-text.js';
import type { ActivityState, StateView } from './machine-states.js';
import type { DeadPath } from './flow/paths.js';

/**
 * Finds the parts of a Task state's payload (the input that it sends to its handler) that the handler would reject in
 * every task, whatever the execution's input is.
 */
export function payloadMismatches(
  state: ActivityState,
  { name, schema }: CheckedHandler,
  { given }: StateData,
): FoundAt[] {
  const field = state.language === 'JSONata' ? 'Arguments' : 'Parameters';
  const template: unknown = state.source[field];
  const where = template === undefined ? 'its input' : field;
  return schemaMismatches(given, schema).map(({ steps, what, fix, isSure }) => ({
    state,
    steps:
      template === undefined
        ? [...state.steps, 'Resource']
        : stepsInFile(template, [...state.steps, field], steps),
    found: {
      code: 'PAYLOAD_MISFIT',
      level: isSure ? 'error' : 'advice',
      what: `${steps.length > 0 ? `'${steps.join('.')}' in ` : ''}${where} ${what}: ${name} would refuse ${isSure ? 'every task' : 'it'}`,
      fix,
    },
  }));
}

/** Finds the fields of a state whose values it never takes, such as a text in Seconds. */
export const fieldMismatches = (state: StateView, { values }: StateData): FoundAt[] =>
  values.flatMap(({ steps, value, schema }) =>
    schemaMismatches(value, schema).map(({ what, fix, isSure }) => ({
      state,
      steps: [...state.steps, ...steps],
      found: {
        code: 'PAYLOAD_MISFIT',
        level: isSure ? 'error' : 'advice',
        what: `${String(steps.at(-1) ?? 'its input')} ${what}: the state fails`,
        fix,
      },
    })),
  );

/** Finds the paths in a state's fields that lead to nothing, whatever the execution's input is. */
export const deadPaths = (state: StateView, { dead }: StateData): FoundAt[] =>
  dead.map(({ steps, path, missing, isSure }) => ({
    state,
    steps: [...state.steps, ...steps],
    found: {
      code: 'PATH_LEADS_NOWHERE',
      level: isSure ? 'error' : 'advice',
      what: WHAT[missing.kind](path, missing.name),
      fix: fixFor(missing),
    },
  }));

const WHAT: Readonly<Record<Missing['kind'], (path: string, name: string) => string>> = {
  field: (path, name) => `${path} leads nowhere: there is never a '${name}'`,
  variable: (_, name) => `no state before this one assigns $${name}`,
  function: (path) => `there is no function ${path}`,
};

function fixFor({ name, within, kind }: Missing): string {
  const objects = shapesOf(within).filter(isObjectShape);
  if (objects.length === 0) return 'correct the path: the value that it goes through has no fields';
  const names = [...new Set(objects.flatMap((each) => Object.keys(each)))];
  const meant = meantName(name, names);
  if (meant) return proposal(kind === 'field' ? meant : `$${meant}`);
  if (kind === 'variable') return 'assign the variable in a state before this one';
  if (kind === 'function') return 'write the name of a function of JSONata, or of Step Functions';
  return names.length > 0 ? `there are: ${names.join(', ')}` : 'write the field before it is read';
}

/** Returns the keys and indexes that lead, in the machine's text, to a part of the payload. */
function stepsInFile(template: unknown, base: readonly JsonStep[], steps: readonly JsonStep[]): JsonStep[] {
  const place = [...base];
  let at: unknown = template;
  for (const step of steps) {
    const key = isPlainObject(at) && !Object.hasOwn(at, step) ? `${step}.$` : step;
    at = isPlainObject(at) || Array.isArray(at) ? Reflect.get(at, key) : undefined;
    place.push(key);
  }
  return place;
}

/**
 * Finds paths that lead nowhere when a handler's result goes out as a reference, because they read a field that isn't in
 * the handler's `inline`. Handlers without `inline` aren't expected to have large results.
 * @param whole what is known of each state's data when every result is sent whole
 */
export function notInline(
  definition: string,
  states: readonly StateView[],
  handlers: readonly CheckedHandler[],
  whole: ReadonlyMap<string, StateData>,
): FoundAt[] {
  if (handlers.every(({ inline }) => inline.length === 0)) return [];
  const asReferences = followData(definition, (arn) => referenceShape(handlerOf(handlers, arn)));
  return states.flatMap((state) => {
    const deadIn = (all: ReadonlyMap<string, StateData>): StateData['dead'] =>
      all.get(placeOf(state.steps))?.dead ?? [];
    const known = new Set(deadIn(whole).map(({ steps }) => placeOf(steps)));
    return deadIn(asReferences)
      .filter(({ steps, missing }) => !known.has(placeOf(steps)) && missing.kind === 'field')
      .map((path) => foundAt(state, path));
  });
}

const foundAt = (state: StateView, { steps, path, missing: { name } }: DeadPath): FoundAt => ({
  state,
  steps: [...state.steps, ...steps],
  found: {
    code: 'FIELD_NOT_INLINE',
    level: 'advice',
    what: `${path} leads nowhere where the result with '${name}' is large: it is sent as a reference then`,
    fix: `add '${name}' to \`inline\` of the handler, or read it in a handler`,
  },
});

/** Returns the shape of a handler's result that is sent as a reference. */
function referenceShape(handler: CheckedHandler | undefined): Shape | undefined {
  if (!handler) return undefined;
  const { output, inline } = handler;
  const shape = output && shapeOfSchema(output);
  if (inline.length === 0) return shape;
  const fields = isObjectShape(shape) ? shape : undefined;
  const named = inline.map((name) => [name, fields?.[name] ?? UNKNOWN] as const);
  return Object.fromEntries([...named, ['$stepwright', UNKNOWN]]);
}
