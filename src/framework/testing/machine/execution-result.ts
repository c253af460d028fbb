import type { Execution } from '../../local/engine/execution.js';

/** The result of an execution that has ended. */
export interface ExecutionResult {
  readonly status: 'succeeded' | 'failed' | 'timedOut' | 'aborted';
  /** The parsed output. Only present if the execution succeeded. */
  readonly output?: unknown;
  readonly error?: string;
  readonly cause?: string;
  /** The names of the states that the execution has entered, in order. */
  readonly path: readonly string[];
  /** The number of tasks that each state has scheduled, by the state's name. */
  readonly attempts: Readonly<Record<string, number>>;
  /** The milliseconds, on the test's clock, from the start of the execution to its end. */
  readonly tookMs: number;
  /** The history events of the execution, in the form in which GetExecutionHistory returns them. */
  readonly history: readonly object[];
}

const STATUS = {
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timedOut',
  ABORTED: 'aborted',
} as const;

type Event = ReturnType<Execution['history']['page']>[number];

/** Returns the result of an execution; undefined while it is running. */
export function resultOf({ end, startedAt, history }: Execution): ExecutionResult | undefined {
  if (!end) return undefined;
  const events = history.all();
  return {
    status: STATUS[end.status],
    ...(end.output !== undefined && { output: JSON.parse(end.output) as unknown }),
    ...(end.error !== undefined && { error: end.error }),
    ...(end.cause !== undefined && { cause: end.cause }),
    path: events.flatMap((event) => enteredState(event) ?? []),
    attempts: attemptsOf(events),
    tookMs: end.at - startedAt,
    history: events,
  };
}

function enteredState(event: Event): string | undefined {
  const details: unknown = Reflect.get(event, 'stateEnteredEventDetails');
  return typeof details === 'object' && details !== null ? String(Reflect.get(details, 'name')) : undefined;
}

function attemptsOf(events: readonly Event[]): Record<string, number> {
  const byId = new Map(events.map((event) => [event.id, event]));
  const attempts = new Map<string, number>();
  for (const event of events.filter(({ type }) => /^(Activity|Task|LambdaFunction)Scheduled$/.test(type))) {
    let each: Event | undefined = event;
    while (each && enteredState(each) === undefined) each = byId.get(each.previousEventId ?? 0);
    const state = each && enteredState(each);
    if (state !== undefined) attempts.set(state, (attempts.get(state) ?? 0) + 1);
  }
  return Object.fromEntries(attempts);
}
