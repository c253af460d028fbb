import type { FoundAt } from './finding.js';
import type { DeadPath } from './flow/environment.js';
import { followData, placeOf, type StateData } from './flow/flow.js';
import { isFields, type Shape, shapeOfSchema, UNKNOWN } from './flow/shape.js';
import { type CheckedHandler, handlerOf } from './handlers.js';
import type { StateView } from './machine-states.js';

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
  const fields = isFields(shape) ? shape : undefined;
  const named = inline.map((name) => [name, fields?.[name] ?? UNKNOWN] as const);
  return Object.fromEntries([...named, ['$stepwright', UNKNOWN]]);
}
