/**
 * The types of state of the Amazon States Language, as data: what those must know of a type who read definitions and
 * histories. What a state does when it runs is in its file in `states`. This file imports nothing, so that the model of
 * a run and the console's page can read it without the interpreter.
 */

/** What is known of one type of state. */
export interface StateKind {
  /** Its own fields, besides those that the other members tell, in the order in which an editor offers them. */
  readonly fields: readonly string[];
  readonly flow: FlowFields;
  /** The fields through which it leads on; none if it ends the machine, or the branch. `Catch` comes with `recovers`. */
  readonly leaves: readonly ('Next' | 'Choices' | 'Default')[];
  /** True if it ends by a failure, which its field Error names. @default false */
  readonly fails?: boolean;
  /** True if it can have Retry and Catch. @default false */
  readonly recovers?: boolean;
  /** True if it calls what its field Resource names. @default false */
  readonly calls?: boolean;
  /** The states inside it; undefined if it has none. */
  readonly holds?: Holding;
  /** True if it only lets time pass. @default false */
  readonly waits?: boolean;
  /** The field whose value is the result as it is written, without being evaluated; undefined if there is none. */
  readonly literal?: string;
  readonly events: StateEvents;
  /**
   * Says if a mock can stand for its work in the operation TestState. `needed`: the operation doesn't do its work.
   * @default 'none'
   */
  readonly mock?: 'possible' | 'needed';
  /** What the operation TestState shows of it besides its input and output. Recorded from the live service. */
  readonly shows: Readonly<Record<'JSONPath' | 'JSONata', readonly Stage[]>>;
}

/** The states inside a state. */
export interface Holding {
  /** The fields that contain them, the newest name first. A field contains one group of states or a list of groups. */
  readonly fields: readonly string[];
  /** `branches`: each group runs once. `iterations`: the group runs once for each item. */
  readonly as: 'branches' | 'iterations';
}

/** The data-flow fields that a type of state can have. */
export interface FlowFields {
  /**
   * Says if this type of state can have Parameters (in JSONPath) or Arguments (in JSONata). `'JSONPath'`: it can have
   * Parameters in JSONPath but no Arguments in JSONata, like a Pass state.
   * @default false
   */
  readonly arguments?: boolean | 'JSONPath';
  /**
   * True if this type of state does something that returns a result, such as a task. The state can then have
   * ResultPath. If `selector` is true too, it can also have ResultSelector.
   * @default false
   */
  readonly result?: boolean;
  readonly selector?: boolean;
  /** True if the state can have InputPath and OutputPath (in JSONPath) or Output (in JSONata). @default true */
  readonly output?: boolean;
  /** True if the state can have Assign. @default true */
  readonly assign?: boolean;
}

/**
 * The types of the history events that a type of state records between StateEntered and StateExited; absent if it
 * records none. Recorded from the live service: test/local/conformance/recorded/pointers.ts shows the
 * `previousEventId` of each.
 */
export interface StateEvents {
  /** The event that is recorded at the start of each attempt. */
  readonly started?: string;
  /**
   * The event that is recorded when the state's work (its iterations or branches) has succeeded. It is the
   * `previousEventId` of no later event, unless a field of the state itself then fails.
   */
  readonly succeeded?: string;
  /**
   * The event that is recorded when the state fails and its Retry doesn't allow another attempt. It is recorded before
   * the state's Catch is tried. It isn't recorded for a States.Runtime failure of the state's own fields.
   */
  readonly failed?: string;
  /** The event that is recorded when the state is ended from outside, for example because another branch has failed. */
  readonly aborted?: string;
}

/** The values of a state that TestState shows besides its input and output. The names are those of the API's `inspectionData`. */
export type Stage =
  | 'afterInputPath'
  | 'afterParameters'
  | 'afterArguments'
  | 'afterItemsPath'
  | 'afterItemsPointer'
  | 'afterItemSelector'
  | 'maxConcurrency'
  | 'toleratedFailureCount'
  | 'toleratedFailurePercentage'
  | 'result'
  | 'afterResultSelector'
  | 'afterResultPath';

const INPUT_ALONE: StateKind['shows'] = { JSONPath: ['afterInputPath'], JSONata: [] };
const OF_MAP = ['maxConcurrency', 'toleratedFailureCount', 'toleratedFailurePercentage'] as const;

/** Every type of state, in the order in which Step Functions' error messages list them. */
export const KINDS = {
  Task: {
    fields: [
      'Resource',
      'TimeoutSeconds',
      'TimeoutSecondsPath',
      'HeartbeatSeconds',
      'HeartbeatSecondsPath',
      'Credentials',
    ],
    flow: { arguments: true, result: true, selector: true },
    leaves: ['Next'],
    recovers: true,
    calls: true,
    events: { aborted: 'TaskStateAborted' },
    mock: 'possible',
    shows: {
      JSONPath: ['afterInputPath', 'afterParameters', 'result', 'afterResultSelector', 'afterResultPath'],
      JSONata: ['afterArguments', 'result'],
    },
  },
  Wait: {
    fields: ['Seconds', 'Timestamp', 'SecondsPath', 'TimestampPath'],
    flow: {},
    leaves: ['Next'],
    waits: true,
    events: { aborted: 'WaitStateAborted' },
    shows: INPUT_ALONE,
  },
  Pass: {
    fields: ['Result'],
    flow: { arguments: 'JSONPath', result: true },
    leaves: ['Next'],
    literal: 'Result',
    events: {},
    shows: {
      JSONPath: ['afterInputPath', 'afterParameters', 'afterResultSelector', 'afterResultPath'],
      JSONata: [],
    },
  },
  Succeed: { fields: [], flow: { assign: false }, leaves: [], events: {}, shows: INPUT_ALONE },
  Fail: {
    fields: ['Error', 'Cause', 'ErrorPath', 'CausePath'],
    flow: { output: false, assign: false },
    leaves: [],
    fails: true,
    events: {},
    shows: INPUT_ALONE,
  },
  Choice: { fields: [], flow: {}, leaves: ['Choices', 'Default'], events: {}, shows: INPUT_ALONE },
  Parallel: {
    fields: [],
    flow: { arguments: true, result: true, selector: true },
    leaves: ['Next'],
    recovers: true,
    holds: { fields: ['Branches'], as: 'branches' },
    events: {
      started: 'ParallelStateStarted',
      succeeded: 'ParallelStateSucceeded',
      failed: 'ParallelStateFailed',
      aborted: 'ParallelStateAborted',
    },
    mock: 'needed',
    shows: { JSONPath: ['afterResultSelector', 'afterResultPath'], JSONata: [] },
  },
  Map: {
    fields: [
      'ItemsPath',
      'Items',
      'ItemReader',
      'ItemSelector',
      'ItemBatcher',
      'ResultWriter',
      'Label',
      'MaxConcurrency',
      'MaxConcurrencyPath',
      'ToleratedFailureCount',
      'ToleratedFailureCountPath',
      'ToleratedFailurePercentage',
      'ToleratedFailurePercentagePath',
    ],
    flow: { arguments: false, result: true, selector: true },
    leaves: ['Next'],
    recovers: true,
    holds: { fields: ['ItemProcessor', 'Iterator'], as: 'iterations' },
    events: {
      started: 'MapStateStarted',
      succeeded: 'MapStateSucceeded',
      failed: 'MapStateFailed',
      aborted: 'MapStateAborted',
    },
    mock: 'needed',
    shows: {
      JSONPath: [
        'afterInputPath',
        'afterItemsPath',
        'afterItemsPointer',
        'afterItemSelector',
        'afterResultSelector',
        'afterResultPath',
        ...OF_MAP,
      ],
      JSONata: ['afterItemsPointer', 'afterItemSelector', ...OF_MAP],
    },
  },
} as const satisfies Readonly<Record<string, StateKind>>;

/** The name of a type of state, which is also its name for people. */
export type StateType = keyof typeof KINDS;

/** The name of a field that contains states. */
export type HoldingField = Extract<
  (typeof KINDS)[StateType],
  { readonly holds: Holding }
>['holds']['fields'][number];

/** Returns true for the name of a type of state. */
export const isType = (type: unknown): type is StateType =>
  typeof type === 'string' && Object.hasOwn(KINDS, type);

/** Returns what is known of a type of state, by its name in a definition or a history; undefined for another value. */
export const kindOf = (type: unknown): StateKind | undefined => (isType(type) ? KINDS[type] : undefined);

/** The keys and indexes that lead from a state to a part of it. */
export type Steps = readonly (string | number)[];

/** Returns the object in a field, or those in its list, each with the steps to it. */
function objectsIn<S extends object>(state: S, field: string): [steps: Steps, object: S][] {
  const value: unknown = Reflect.get(state, field);
  const isList = Array.isArray(value);
  const all: unknown[] = isList ? value : [value];
  return all.flatMap((each, index): [Steps, S][] =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? [[isList ? [field, index] : [field], each as S]]
      : [],
  );
}

/** Returns a state, the rules of its Choices, and its catchers, each with the steps to it. */
export const rulesIn = <S extends object>(state: S): [steps: Steps, rule: S][] => [
  [[], state],
  ...objectsIn(state, 'Choices'),
  ...objectsIn(state, 'Catch'),
];

/** A transition from a state to the one that a field of it, of a rule or of a catcher names. */
export interface Transition<S> {
  readonly kind: 'next' | 'choice' | 'default' | 'catch';
  /** The steps to the field. */
  readonly steps: Steps;
  readonly to: string;
  /** The state itself, or its rule or catcher. */
  readonly rule: S;
}

/** Returns the transitions from a state. A field counts even if the state's type doesn't have it. */
export function transitionsOf<S extends object>(state: S): Transition<S>[] {
  const named = (kind: Transition<S>['kind'], [steps, rule]: [Steps, S], field = 'Next'): Transition<S>[] => {
    const to: unknown = Reflect.get(rule, field);
    return typeof to === 'string' ? [{ kind, steps: [...steps, field], to, rule }] : [];
  };
  return [
    ...named('next', [[], state]),
    ...objectsIn(state, 'Choices').flatMap((rule) => named('choice', rule)),
    ...named('default', [[], state], 'Default'),
    ...objectsIn(state, 'Catch').flatMap((rule) => named('catch', rule)),
  ];
}

/** States inside a state: a branch, or those that each iteration runs. */
export interface HeldGroup<S> {
  readonly as: Holding['as'];
  readonly steps: Steps;
  readonly group: S;
}

const HOLDINGS = Object.values<StateKind>(KINDS).flatMap(({ holds }) => holds ?? []);

/** Returns the groups of states inside a state. A field counts even if the state's type doesn't have it. */
export const groupsIn = <S extends object>(state: S): HeldGroup<S>[] =>
  HOLDINGS.flatMap(({ fields, as }) =>
    fields.flatMap((field) => objectsIn(state, field).map(([steps, group]) => ({ as, steps, group }))),
  );
