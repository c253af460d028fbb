import type { HistoryEvent } from '../../aws/queries/execution-queries.js';

/** A task that nobody has taken for so long: its worker is not there, or busy. */
const UNTAKEN_MS = 2_000;

interface Scheduled {
  readonly state: string;
  readonly activity: string;
  readonly at: number;
}

/** Tells an execution's history for a person, an event a line: states, attempts, waits, tasks that nobody takes. */
export class Trace {
  readonly #say: (line: string) => void;
  /** By id: the state that an event belongs to. */
  readonly #states = new Map<number, string>();
  readonly #attempts = new Map<string, number>();
  readonly #waiting = new Map<number, Scheduled>();
  #startedAt: number | undefined;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** @param now epoch milliseconds by the clock that the events go by, as far as it is known. */
  tell(events: readonly HistoryEvent[], now: number): void {
    for (const event of events) this.#event(event);
    for (const [id, { state, activity, at }] of this.#waiting) {
      if (now - at < UNTAKEN_MS) continue;
      this.#waiting.delete(id);
      this.#line(now, state, `no worker polls ${activity}`);
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
    // Whatever follows a schedule says that it is over.
    this.#waiting.delete(previousEventId);
    if (type === 'ActivityScheduled') {
      const activity = event.activityScheduledEventDetails?.resource ?? '';
      this.#waiting.set(id, { state, activity, at });
    }
    const said = this.#said(event, state);
    if (said !== undefined) this.#line(at, state, said);
  }

  #said(event: HistoryEvent, state: string): string | undefined {
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

  #line(at: number, state: string, said: string): void {
    const seconds = Math.max(at - (this.#startedAt ?? at), 0) / 1000;
    this.#say(`${seconds.toFixed(1).padStart(7)} s  ${state === '' ? said : `${state}: ${said}`}`);
  }
}

/** The failure or the timeout that an event tells of; the execution's own end is told elsewhere. */
function failureIn(event: HistoryEvent): string | undefined {
  const { type = '' } = event;
  if (type.startsWith('Execution') || !/(?:Failed|TimedOut|Aborted)$/.test(type)) return undefined;
  const details = Object.entries(event).find(([key]) => key.endsWith('EventDetails'))?.[1] as unknown;
  const { error, cause } = (details ?? {}) as { readonly error?: string; readonly cause?: string };
  const word = type.endsWith('TimedOut') ? 'timed out' : type.endsWith('Aborted') ? 'stopped' : 'failed';
  const reason = cause === undefined ? '' : `: ${messageIn(cause)}`;
  return error === undefined ? word : `${word} by ${error}${reason}`;
}

/** What a cause in Lambda's shape says; another one as it is. */
function messageIn(cause: string): string {
  try {
    const { errorMessage } = JSON.parse(cause) as { readonly errorMessage?: unknown };
    return typeof errorMessage === 'string' ? errorMessage : cause;
  } catch {
    return cause;
  }
}
