import { activityTasks } from '../local/index.js';
import { type Language, languageOf } from './flow/query-language.js';
import type { Step } from './source/json-text.js';

type Json = Record<string, unknown>;

/** A state of a definition, at any depth, and the keys and indexes that lead to it. */
export interface StateView {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly source: Json;
  readonly language: Language;
  /** The Parallel and Map states in which the state is nested, the innermost first. */
  readonly around: readonly StateView[];
}

/** A Task state whose resource is an activity. */
export interface ActivityState extends StateView {
  readonly activityArn: string;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Returns every state of a valid definition. A state is returned before the states nested in it. */
export function statesOf(definition: string): StateView[] {
  const machine: unknown = JSON.parse(definition);
  return isObject(machine) ? [...walk(machine, [], languageOf(machine, 'JSONPath'), [])] : [];
}

function* walk(
  group: Json,
  steps: readonly Step[],
  language: Language,
  around: readonly StateView[],
): Generator<StateView> {
  const states = isObject(group['States']) ? group['States'] : {};
  for (const [name, source] of Object.entries(states)) {
    if (!isObject(source)) continue;
    const at = [...steps, 'States', name];
    const state: StateView = { name, steps: at, source, language: languageOf(source, language), around };
    yield state;
    for (const [inner, where] of nestedIn(source))
      yield* walk(inner, [...at, ...where], language, [state, ...around]);
  }
}

function nestedIn(source: Json): [Json, Step[]][] {
  const branches: unknown = source['Branches'];
  const list: unknown[] = Array.isArray(branches) ? branches : [];
  return [
    ...list.map((branch, index): [unknown, Step[]] => [branch, ['Branches', index]]),
    ...['ItemProcessor', 'Iterator'].map((key): [unknown, Step[]] => [source[key], [key]]),
  ].filter((pair): pair is [Json, Step[]] => isObject(pair[0]));
}

/** Returns those of the states that are Tasks on activities. */
export function activityStates(definition: string, states: readonly StateView[]): ActivityState[] {
  const arns = new Set(activityTasks(definition).map(({ activityArn }) => activityArn));
  return states.flatMap((state) => {
    const resource: unknown = state.source['Resource'];
    return typeof resource === 'string' && arns.has(resource) ? [{ ...state, activityArn: resource }] : [];
  });
}

/** One entry of a state's Retry or Catch. */
export interface Rule {
  readonly kind: 'Retry' | 'Catch';
  readonly state: StateView;
  readonly steps: readonly Step[];
  readonly names: readonly string[];
}

/** Returns the Retry and Catch entries of the state itself, without those of the states that contain it. */
export function rulesOf(state: StateView): Rule[] {
  return (['Retry', 'Catch'] as const).flatMap((kind) => {
    const list: unknown = state.source[kind];
    if (!Array.isArray(list)) return [];
    return list.flatMap((rule: unknown, index): Rule[] => {
      const names: unknown = isObject(rule) ? rule['ErrorEquals'] : undefined;
      if (!Array.isArray(names)) return [];
      return [
        {
          kind,
          state,
          steps: [...state.steps, kind, index],
          names: names.filter((each) => typeof each === 'string'),
        },
      ];
    });
  });
}

/**
 * Returns the Retry and Catch entries that may match a failure of a state: its own entries, then those of the states
 * that contain it.
 */
export const rulesAround = (state: StateView): Rule[] => [state, ...state.around].flatMap(rulesOf);

/**
 * Returns true if a Retry or Catch entry matches a failure with this name. AWS page "Handling errors in Step
 * Functions".
 */
export function takes({ names }: Rule, error: string): boolean {
  if (names.includes('States.ALL') || names.includes(error)) return true;
  if (error === 'States.Timeout') return names.includes('States.HeartbeatTimeout');
  return names.includes('States.TaskFailed');
}
