import * as fc from 'fast-check';
import { inject } from 'tsyringe';
import { Activity, ActivityFailure, CLOCK, Handle, type Clock } from 'stepwright';
import type { Constructor } from '../../../src/framework/declare/class.js';

/** A state of a generated machine, without its name and what follows it. */
type State = Readonly<Record<string, unknown>>;
/** The part of a machine that Map, Parallel and the machine itself have: states one after the other. */
interface Sequence {
  readonly states: readonly Node[];
}
type Node =
  | { readonly kind: 'leaf'; readonly state: State; readonly recovers: boolean; readonly jsonata: boolean }
  | { readonly kind: 'choice'; readonly rule: State; readonly then: State }
  | { readonly kind: 'parallel'; readonly branches: readonly Sequence[]; readonly fields: State }
  | { readonly kind: 'map'; readonly items: number; readonly body: Sequence; readonly fields: State };

/** The settings of one handler. */
interface HandlerPlan {
  readonly concurrency: number;
  readonly heartbeat: string | false;
  readonly timeout: string | false;
}

/** A whole machine, with the settings of the handlers of its two activities. */
export interface MachinePlan {
  readonly body: Sequence;
  readonly timeoutSeconds: number | undefined;
  readonly handlers: readonly [HandlerPlan, HandlerPlan];
}

/** What a task of a generated machine is to do: wait, then end. */
export interface Order {
  readonly ms: number;
  readonly end: 'succeed' | 'fail' | 'nothing';
  /** It fails by this name while the task was retried less often. */
  readonly fails: number;
  readonly error: string;
  readonly retry?: number;
}

const ERRORS = ['E1', 'E2'] as const;
const retry = fc.record(
  {
    ErrorEquals: fc.constantFrom(
      ['E1'],
      ['E2'],
      ['E1', 'E2'],
      ['States.ALL'],
      ['States.Timeout'],
      ['States.TaskFailed'],
    ),
    IntervalSeconds: fc.integer({ min: 1, max: 3 }),
    MaxAttempts: fc.integer({ min: 0, max: 3 }),
    BackoffRate: fc.constantFrom(1, 1.5, 2),
    MaxDelaySeconds: fc.constantFrom(4, 5),
  },
  { requiredKeys: ['ErrorEquals'] },
);
const catcher = fc.record({ ErrorEquals: fc.constantFrom(['E1'], ['States.ALL'], ['States.Timeout']) });
const recovery = fc
  .record(
    {
      Retry: fc.array(retry, { minLength: 1, maxLength: 2 }),
      Catch: fc.array(catcher, { minLength: 1, maxLength: 1 }),
    },
    { requiredKeys: [] },
  )
  .map(({ Retry, ...rest }) => ({ ...rest, ...(Retry && { Retry: lastWithAll(Retry) }) }));

/** States.ALL has to be the last retrier. */
const lastWithAll = (list: readonly { readonly ErrorEquals: readonly string[] }[]): object[] => [
  ...list.filter(({ ErrorEquals }) => !ErrorEquals.includes('States.ALL')),
  ...list.filter(({ ErrorEquals }) => ErrorEquals.includes('States.ALL')).slice(0, 1),
];
const limits = fc.oneof(
  fc.constant({}),
  fc.integer({ min: 1, max: 6 }).map((TimeoutSeconds) => ({ TimeoutSeconds })),
  fc.integer({ min: 1, max: 4 }).map((HeartbeatSeconds) => ({ HeartbeatSeconds })),
  fc
    .tuple(fc.integer({ min: 3, max: 6 }), fc.integer({ min: 1, max: 2 }))
    .map(([TimeoutSeconds, HeartbeatSeconds]) => ({ TimeoutSeconds, HeartbeatSeconds })),
);
const order = (ends: readonly Order['end'][]) =>
  fc.record({
    // Off the whole seconds that the service counts in, so that few things happen at one instant.
    ms: fc
      .integer({ min: 0, max: 28 })
      .map((quarters) => (quarters % 4 === 0 ? quarters * 250 + 125 : quarters * 250)),
    end: fc.constantFrom(...ends),
    fails: fc.constantFrom(0, 0, 0, 1, 2, 9),
    error: fc.constantFrom(...ERRORS),
  });
const withRetryCount = (made: object): object => ({ ...made, 'retry.$': '$$.State.RetryCount' });
const task = fc
  .tuple(fc.constantFrom('a', 'b'), order(['succeed']), limits, recovery)
  .map(([Resource, made, ...fields]) => ({
    Type: 'Task',
    Resource,
    Parameters: withRetryCount(made),
    ...Object.assign({}, ...fields),
  }));
const callback = fc
  .tuple(order(['succeed', 'succeed', 'fail', 'nothing']), limits, recovery)
  .map(([made, ...fields]) => ({
    Type: 'Task',
    Resource: CALLBACK,
    Parameters: { QueueUrl: 'q', MessageBody: withRetryCount(made) },
    // A callback that is never answered has to end.
    TimeoutSeconds: 7,
    ...Object.assign({}, ...fields),
  }));
export const CALLBACK = 'arn:aws:states:::sqs:sendMessage.waitForTaskToken';

const leaf = (made: fc.Arbitrary<State>, recovers: boolean): fc.Arbitrary<Node> =>
  fc
    .tuple(made, fc.constantFrom(false, false, true))
    .map(([state, jsonata]) => ({ kind: 'leaf', state, recovers, jsonata }));
/** Rules that depend on which states have run, and on the item of a Map. */
const isPresent = fc
  .integer({ min: 0, max: 9 })
  .map((state) => ({ Variable: `$.S${state}`, IsPresent: true }));
const isEarly = fc.integer({ min: 0, max: 3 }).map((index) => ({
  And: [
    { Variable: '$.index', IsPresent: true },
    { Variable: '$.index', NumericLessThan: index },
  ],
}));
const rules: fc.Arbitrary<State> = fc.oneof(
  isPresent,
  isEarly,
  isPresent.map((rule) => ({ Not: rule })),
);
const { body } = fc.letrec<{ body: Sequence; node: Node }>((tie) => ({
  body: fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((states) => ({ states })),
  node: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    { weight: 4, arbitrary: leaf(task, true) },
    { weight: 1, arbitrary: leaf(callback, true) },
    {
      weight: 1,
      arbitrary: fc.tuple(rules, task).map(([rule, then]): Node => ({ kind: 'choice', rule, then })),
    },
    {
      weight: 1,
      arbitrary: leaf(
        fc.integer({ min: 1, max: 4 }).map((Seconds) => ({ Type: 'Wait', Seconds })),
        false,
      ),
    },
    {
      weight: 1,
      arbitrary: leaf(
        fc.jsonValue({ maxDepth: 1 }).map((Result) => ({ Type: 'Pass', Result })),
        false,
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.array(tie('body'), { minLength: 2, maxLength: 3 }), recovery)
        .map(([branches, fields]): Node => ({ kind: 'parallel', branches, fields })),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.integer({ min: 1, max: 4 }), tie('body'), fc.integer({ min: 0, max: 3 }), recovery)
        .map(([items, within, MaxConcurrency, fields]): Node => ({
          kind: 'map',
          items,
          body: within,
          fields: { ...fields, MaxConcurrency },
        })),
    },
  ),
}));

const handler: fc.Arbitrary<HandlerPlan> = fc.record({
  concurrency: fc.constantFrom(1, 2, 10),
  // Below each HeartbeatSeconds: a worker sends the first beat of a task earlier, at a random time.
  heartbeat: fc.constantFrom('500ms', '900ms', false as const),
  timeout: fc.constantFrom('4100ms', false as const, false as const),
});
export const machinePlans: fc.Arbitrary<MachinePlan> = fc.record({
  body,
  timeoutSeconds: fc.constantFrom(undefined, undefined, 6, 15, 60),
  handlers: fc.tuple(handler, handler),
});

export const arnOf = (name: string): string => `arn:aws:states:us-east-1:123456789012:activity:${name}`;

/** Writes the machine of a plan. Its activities are named after it. */
export function definitionOf({ body: whole, timeoutSeconds }: MachinePlan, name: string): object {
  let states = 0;
  const write = ({ states: list }: Sequence): object => {
    const names = list.map(() => `S${states++}`);
    const entries = list.flatMap((node, at) => {
      const own = names[at] ?? '';
      const next = names[at + 1];
      const follows = next === undefined ? { End: true } : { Next: next };
      return node.kind === 'choice'
        ? writeChoice(own, node, follows)
        : withCatch(own, writeNode(node), follows);
    });
    return { StartAt: names[0], States: Object.fromEntries(entries) };
  };
  const writeNode = (node: Exclude<Node, { kind: 'choice' }>): Record<string, unknown> => {
    if (node.kind === 'parallel')
      return { Type: 'Parallel', Branches: node.branches.map(write), ...node.fields };
    if (node.kind === 'leaf') {
      const state = withActivity(node.state, name);
      return node.jsonata && !('Result' in state) ? inJsonata(state) : state;
    }
    const ItemSelector = { ...INPUT, 'index.$': '$$.Map.Item.Index' };
    return {
      Type: 'Map',
      ItemsPath: `$.items${node.items}`,
      ItemSelector,
      ItemProcessor: write(node.body),
      ...node.fields,
    };
  };
  const writeChoice = (
    own: string,
    { rule, then }: Extract<Node, { kind: 'choice' }>,
    follows: object,
  ): [string, object][] => [
    [own, { Type: 'Choice', Choices: [{ ...rule, Next: `${own}then` }], Default: `${own}else` }],
    ...withCatch(`${own}then`, withActivity(then, name), follows),
    [`${own}else`, { Type: 'Pass', ...follows }],
  ];
  const machine = write(whole);
  return { ...machine, ...(timeoutSeconds !== undefined && { TimeoutSeconds: timeoutSeconds }) };
}

function withActivity(state: State, name: string): Record<string, unknown> {
  const { Resource } = state;
  return {
    ...state,
    ...((Resource === 'a' || Resource === 'b') && { Resource: arnOf(`${name}${Resource}`) }),
  };
}

/** Writes a state in JSONata that was made in JSONPath. */
function inJsonata({ Parameters, ...state }: State): Record<string, unknown> {
  const text = JSON.stringify(Parameters ?? null).replace(
    '"retry.$":"$$.State.RetryCount"',
    '"retry":"{% $states.context.State.RetryCount %}"',
  );
  return {
    ...state,
    QueryLanguage: 'JSONata',
    ...(Parameters !== undefined && { Arguments: JSON.parse(text) as unknown }),
  };
}

/** The fields that put a value into the input of the state that follows, under the state's name. */
function resultField(own: string, { Type, QueryLanguage }: State, value: 'result' | 'errorOutput'): object {
  if (QueryLanguage !== 'JSONata') return Type === 'Wait' ? {} : { ResultPath: `$.${own}` };
  if (Type === 'Wait') return {};
  return { Output: `{% $merge([$states.input, {'${own}': $states.${value}}]) %}` };
}

/** Adds the fields after a state. What is caught goes through a state of its own, so that a difference shows in the path. */
function withCatch(own: string, state: Record<string, unknown>, follows: object): [string, object][] {
  const { Catch } = state;
  const whole = { ...state, ...resultField(own, state, 'result'), ...follows };
  if (!Array.isArray(Catch)) return [[own, whole]];
  const list: unknown[] = Catch;
  const caught = `${own}caught`;
  const output = resultField(own, state, 'errorOutput');
  return [
    [own, { ...whole, Catch: list.map((each) => Object.assign({}, each, { Next: caught }, output)) }],
    [caught, { Type: 'Pass', ...follows }],
  ];
}

/** The input of every generated machine, and of each item of its Maps: lists of items. */
export const INPUT: Readonly<Record<string, unknown>> = Object.fromEntries(
  [1, 2, 3, 4].map((count) => [`items${count}`, Array.from({ length: count }, (_, at) => at)]),
);

/** Makes the class with the handlers of both activities of a machine. */
export function classOf({ handlers }: MachinePlan, name: string): Constructor<object> {
  class Worker {
    constructor(private readonly clock: Clock) {}
    async a({ ms, fails, error, retry = 0 }: Order): Promise<number> {
      await this.clock.sleep(ms);
      if (retry < fails) throw new ActivityFailure(error, `try ${retry}`);
      return ms;
    }
    b(input: Order): Promise<number> {
      return this.a(input);
    }
  }
  Object.defineProperty(Worker, 'name', { value: `W${name}` });
  inject(CLOCK)(Worker, undefined, 0);
  for (const [at, method] of (['a', 'b'] as const).entries()) {
    const descriptor = Object.getOwnPropertyDescriptor(Worker.prototype, method);
    const options = { ...handlers[at], input: 'any' as const, activity: arnOf(`${name}${method}`) };
    Handle(options)(Worker.prototype, method, descriptor as never);
  }
  Activity(arnOf(`${name}none`))(Worker as never);
  return Worker;
}
