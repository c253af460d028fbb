import { groupsIn, kindOf, type Transition, transitionsOf } from '../../framework/asl/kinds.js';
import { conditionText } from './condition.js';

/** The states of a machine, of a branch or of a Map, with the data that is needed to draw them. */
export interface Group {
  readonly startAt: string;
  readonly states: readonly StateNode[];
}

export interface StateNode {
  readonly name: string;
  readonly type: string;
  /**
   * The short name of a Task's resource, such as the name of the activity or function. Undefined for other types of
   * state.
   */
  readonly calls: string | undefined;
  /** The ARN of the activity that a Task uses. Undefined for a Task that uses none, and for other types of state. */
  readonly activityArn: string | undefined;
  readonly edges: readonly Edge[];
  /** True if the machine or the branch can end after this state. */
  readonly ends: boolean;
  /** The groups of states inside it, such as the branches of a Parallel. */
  readonly inside: readonly Group[];
  /** The JSON of the state in the definition. */
  readonly source: object;
}

export interface Edge {
  readonly to: string;
  readonly kind: Transition<Source>['kind'];
  readonly label: string;
}

type Source = Readonly<Record<string, unknown>>;

const isSource = (value: unknown): value is Source =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const EMPTY: Group = { startAt: '', states: [] };

/**
 * Reads as much as possible of a definition, even if it isn't valid, because the graph is shown while the user writes
 * it. Returns undefined if the text isn't a JSON object.
 */
export function readDefinition(definition: string): Group | undefined {
  try {
    const source: unknown = JSON.parse(definition);
    return isSource(source) ? readGroup(source) : undefined;
  } catch {
    return undefined;
  }
}

function readGroup(source: Source): Group {
  const { States: states } = source;
  if (!isSource(states)) return EMPTY;
  return {
    startAt: textOf(source['StartAt']) ?? '',
    states: Object.entries(states).flatMap(([name, state]) =>
      isSource(state) ? readState(name, state) : [],
    ),
  };
}

function readState(name: string, source: Source): StateNode {
  const type = textOf(source['Type']) ?? '?';
  const resource = textOf(source['Resource']);
  return {
    name,
    type,
    calls: resource && shortResource(resource),
    activityArn: resource !== undefined && resource.includes(':activity:') ? resource : undefined,
    edges: transitionsOf(source).map(({ kind, to, rule }) => ({ to, kind, label: LABELS[kind](rule) })),
    ends: source['End'] === true || kindOf(type)?.leaves.length === 0,
    inside: groupsIn(source).map(({ group }) => readGroup(group)),
    source,
  };
}

/** The labels of the lines, by the field that names the next state. */
const LABELS: Readonly<Record<Edge['kind'], (rule: Source) => string>> = {
  next: () => '',
  choice: conditionText,
  default: () => 'otherwise',
  catch: errorsOf,
};

function errorsOf({ ErrorEquals: names }: Source): string {
  return Array.isArray(names)
    ? names.map((name) => (name === 'States.ALL' ? 'any error' : String(name))).join(', ')
    : '';
}

/**
 * Returns the end of an ARN, which is enough to tell resources apart: `Greet` for an activity, `lambda:invoke` for a
 * call of Lambda.
 */
function shortResource(resource: string): string {
  const activity = /:activity:(.+)$/.exec(resource)?.[1];
  if (activity !== undefined) return activity;
  const integration = /:states:[^:]*:[^:]*:(.+)$/.exec(resource)?.[1];
  if (integration !== undefined) return integration;
  return /:function:(.+)$/.exec(resource)?.[1] ?? resource;
}

/** Yields every state of a group, including the states inside other states. */
export function* allStates(group: Group): Generator<StateNode> {
  for (const state of group.states) {
    yield state;
    for (const inner of state.inside) yield* allStates(inner);
  }
}

/**
 * Returns the name of the state at the top level of a definition that contains a state, or is that state. Returns
 * undefined if there is none.
 */
export function outermostOf(definition: string, name: string): string | undefined {
  const holds = (state: StateNode): boolean =>
    state.name === name || state.inside.some(({ states }) => states.some(holds));
  return readDefinition(definition)?.states.find(holds)?.name;
}
