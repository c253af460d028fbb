import { isPlainObject } from '../base/plain-object.js';
import type { FoundAt } from './finding.js';
import { follow, Missing } from './flow/environment.js';
import { followData, placeOf, type StateData } from './flow/flow.js';
import { pathKeys } from './flow/path-fields.js';
import { isFields, type Shape, shapeOfSchema, UNKNOWN } from './flow/shape.js';
import { type CheckedHandler, handlerOf } from './handlers.js';
import type { StateView } from './machine-states.js';
import type { Step } from './source/json-text.js';

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
    const dataOf = (all: ReadonlyMap<string, StateData>): StateData =>
      all.get(placeOf(state.steps)) ?? { given: UNKNOWN, dead: [] };
    const known = new Set(deadIn(state, dataOf(whole)).map(({ steps }) => placeOf(steps)));
    const fresh = deadIn(state, dataOf(asReferences)).filter(({ steps }) => !known.has(placeOf(steps)));
    return fresh.map((path) => foundAt(state, path));
  });
}

const foundAt = (state: StateView, { steps, path, name }: Dead): FoundAt => ({
  state,
  steps: [...state.steps, ...steps],
  found: {
    code: 'FIELD_NOT_INLINE',
    level: 'advice',
    what: `${path} leads nowhere where the result with '${name}' is large: it is sent as a reference then`,
    fix: `add '${name}' to \`inline\` of the handler, or read it in a handler`,
  },
});

type Dead = Pick<StateData['dead'][number], 'steps' | 'path' | 'name'>;

/** Returns the paths of a state that lead to nothing, those of the rules of a Choice too. */
function deadIn(state: StateView, { given, dead }: StateData): readonly Dead[] {
  const { Type, Choices } = state.source;
  if (Type !== 'Choice') return dead;
  const read = variablesIn(Choices, ['Choices']);
  const asked = new Set(read.flatMap(({ path, isAsked }) => (isAsked ? path : [])));
  const lost = read.flatMap(({ steps, path }): readonly Dead[] => {
    const keys = asked.has(path) ? undefined : pathKeys(path);
    const end = keys && follow(given, keys);
    return end instanceof Missing ? [{ steps, path, name: end.missing }] : [];
  });
  return [...dead, ...lost];
}

interface Variable {
  readonly steps: readonly Step[];
  readonly path: string;
  /** True if the rule asks for the presence of the field. */
  readonly isAsked: boolean;
}

/** Returns the paths that the rules of a Choice read, at any depth. */
function variablesIn(rules: unknown, steps: readonly Step[]): Variable[] {
  if (Array.isArray(rules)) return rules.flatMap((rule, index) => variablesIn(rule, [...steps, index]));
  if (!isPlainObject(rules)) return [];
  const { Variable: path } = rules;
  if (typeof path === 'string')
    return [{ steps: [...steps, 'Variable'], path, isAsked: rules['IsPresent'] !== undefined }];
  return ['And', 'Or', 'Not'].flatMap((key) => variablesIn(rules[key], [...steps, key]));
}

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
