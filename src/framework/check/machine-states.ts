import { activityTasks } from '../asl/machine.js';
import { isPlainObject } from '../base/json.js';
import type { FoundState } from '../asl/definition/state-graph.js';
import type { JsonStep } from './source/json-text.js';

/** A state of a definition, at any depth. */
export type StateView = FoundState;

/** A Task state whose resource is an activity. */
export interface ActivityState extends StateView {
  readonly activityArn: string;
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
  readonly steps: readonly JsonStep[];
  readonly names: readonly string[];
}

/** Returns the Retry and Catch entries of the state itself, without those of the states that contain it. */
export function rulesOf(state: StateView): Rule[] {
  return (['Retry', 'Catch'] as const).flatMap((kind) => {
    const list: unknown = state.source[kind];
    if (!Array.isArray(list)) return [];
    return list.flatMap((rule: unknown, index): Rule[] => {
      const names: unknown = isPlainObject(rule) ? rule['ErrorEquals'] : undefined;
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
