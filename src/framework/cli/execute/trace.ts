import type { HistoryEvent } from '../../aws/queries/execution-queries.js';

/** If no worker has taken a task for this many milliseconds, because none polls or all are busy, that is reported. */
export const UNTAKEN_MS = 2_000;

interface Scheduled {
  readonly state: string;
  readonly activity: string;
  readonly at: number;
}

/**
 * Prints the history of an execution for people, one line for each event: states, attempts, waits, and tasks that no
 * worker takes.
 */
export class Trace {
  readonly #write: (line: string) => void;
  /** The name of the state to which each event belongs, by the event's id. */
  readonly #states = new Map<number, string>();
  readonly #attempts = new Map<string, number>();
  readonly #waiting = new Map<number, Scheduled>();
  readonly #onlyUntaken: boolean;
  #startedAt: number | undefined;

  /** @param options `onlyUntaken`: true to print nothing but the tasks that no worker takes. @default false */
  constructor(
    write: (line: string) => void,
    { onlyUntaken = false }: { readonly onlyUntaken?: boolean } = {},
  ) {
    this.#write = write;
    this.#onlyUntaken = onlyUntaken;
  }

  /**
   * Prints new events, and the tasks that no worker has taken for a while.
   * @param now the current time in epoch milliseconds, if possible by the same clock as the events' timestamps
   */
  print(events: readonly HistoryEvent[], now: number): void {
    for (const event of events) this.#event(event);
    for (const [id, { state, activity, at }] of this.#waiting) {
      if (now - at < UNTAKEN_MS) continue;
      this.#waiting.delete(id);
      this.#line(now, state, `no worker has taken its task: is one running that polls ${activity}?`);
    }
  }

  #event(event: HistoryEvent): void {
    const { id = 0, previousEventId = 0, type = '', timestamp } = event;
    const at = timestamp?.getTime() ?? 0;
    this.#startedAt ??= at;
    const entered = event.stateEnteredEventDetails?.name;
    const state = entered ?? this.#states.get(previousEventId) ?? '';
    this.#states.set(id, state);
    if (type.endsWith('StateEntered')) this.#attempts.delete(state);
    // If an event points back to the scheduling of a task, the task is no longer waiting.
    this.#waiting.delete(previousEventId);
    if (type === 'ActivityScheduled') {
      const activity = event.activityScheduledEventDetails?.resource ?? '';
      this.#waiting.set(id, { state, activity, at });
    }
    const text = this.#describe(event, state);
    if (text !== undefined && !this.#onlyUntaken) this.#line(at, state, text);
  }

  #describe(event: HistoryEvent, state: string): string | undefined {
    const { type = '' } = event;
    if (type === 'WaitStateEntered') return 'waits';
    if (type.endsWith('StateEntered')) return 'begins';
    if (type.endsWith('StateExited')) return 'ends';
    if (/^(?:Activity|Task|LambdaFunction)Scheduled$/.test(type)) return this.#attempt(state);
    if (type === 'ActivityStarted')
      return `taken by ${event.activityStartedEventDetails?.workerName ?? 'a worker'}`;
    return failureIn(event);
  }

  #attempt(state: string): string | undefined {
    const attempt = (this.#attempts.get(state) ?? 0) + 1;
    this.#attempts.set(state, attempt);
    return attempt > 1 ? `tried again (attempt ${attempt})` : undefined;
  }

  #line(at: number, state: string, text: string): void {
    const seconds = Math.max(at - (this.#startedAt ?? at), 0) / 1000;
    this.#write(`${seconds.toFixed(1).padStart(7)} s  ${state === '' ? text : `${state}: ${text}`}`);
  }
}

/**
 * Returns the text of an event's failure or timeout. Returns undefined for other events, and for the end of the
 * execution, which is printed elsewhere.
 */
function failureIn(event: HistoryEvent): string | undefined {
  const { type = '' } = event;
  if (type.startsWith('Execution') || !/(?:Failed|TimedOut|Aborted)$/.test(type)) return undefined;
  const details = Object.entries(event).find(([key]) => key.endsWith('EventDetails'))?.[1] as unknown;
  const { error, cause } = (details ?? {}) as { readonly error?: string; readonly cause?: string };
  const word = type.endsWith('TimedOut') ? 'timed out' : type.endsWith('Aborted') ? 'stopped' : 'failed';
  const reason = cause === undefined ? '' : `: ${messageIn(cause)}`;
  return error === undefined ? word : `${word} by ${error}${reason}`;
}

/**
 * Returns the message in a failure's cause, if the cause has the form that Lambda gives it. Returns any other cause
 * unchanged.
 */
function messageIn(cause: string): string {
  try {
    const { errorMessage } = JSON.parse(cause) as { readonly errorMessage?: unknown };
    return typeof errorMessage === 'string' ? errorMessage : cause;
  } catch {
    return cause;
  }
}
