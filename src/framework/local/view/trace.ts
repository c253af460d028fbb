import { kindOf } from '../../asl/kinds.js';
import { messageIn } from '../../base/json.js';
import type { HistoryEvent } from './history-event.js';
import { iterationsOf, type Visit } from './visit.js';
import { Run } from './run.js';

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
  /** The visits of the states, from the events that were printed. */
  readonly run = new Run();
  readonly #waiting = new Map<number, Scheduled>();
  readonly #onlyUntaken: boolean;
  #startedAt: number | undefined;

  /** @param options `onlyUntaken`: true to print nothing but the tasks that no worker takes. @default false */
  constructor(
    private readonly write: (line: string) => void,
    { onlyUntaken = false }: { readonly onlyUntaken?: boolean } = {},
  ) {
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
    const { id, previous, type, at } = event;
    this.#startedAt ??= at;
    this.run.add([{ ...event, details: withoutData(event.details) }]);
    const visit = this.run.visitOf(id);
    const state = visit ? labelOf(visit) : '';
    // If an event points back to the scheduling of a task, the task is no longer waiting.
    this.#waiting.delete(previous);
    if (type === 'ActivityScheduled') {
      const activity = textIn(event, 'resource') ?? '';
      this.#waiting.set(id, { state, activity, at });
    }
    const text = describe(event, visit);
    if (text !== undefined && !this.#onlyUntaken) this.#line(at, state, text);
  }

  #line(at: number, state: string, text: string): void {
    const seconds = Math.max(at - (this.#startedAt ?? at), 0) / 1000;
    this.write(`${seconds.toFixed(1).padStart(7)} s  ${state === '' ? text : `${state}: ${text}`}`);
  }
}

/** Returns a state's name, with the index of each iteration that it is in: `Label[3]`. */
const labelOf = (visit: Visit): string =>
  `${visit.name}${iterationsOf(visit)
    .map((index) => `[${index}]`)
    .join('')}`;

function describe(event: HistoryEvent, visit: Visit | undefined): string | undefined {
  const { type } = event;
  if (type.endsWith('StateEntered')) return kindOf(visit?.type)?.waits ? 'waits' : 'begins';
  if (type.endsWith('StateExited')) return 'ends';
  if (type === 'ExecutionRedriven') return 'the execution is redriven';
  if (/^(?:Activity|Task|LambdaFunction)Scheduled$/.test(type)) {
    const { attempts = [] } = visit ?? {};
    return againText(attempts.length, attempts.at(-1)?.isRedriven);
  }
  if (type.endsWith('StateStarted')) return againText(visit?.starts);
  if (type === 'ActivityStarted') return `taken by ${textIn(event, 'workerName') ?? 'a worker'}`;
  return failureIn(event);
}

const textIn = ({ details }: HistoryEvent, name: string): string | undefined =>
  details?.[name] as string | undefined;

const againText = (attempt = 0, isRedriven = false): string | undefined =>
  attempt > 1 ? `${isRedriven ? 'redriven' : 'tried again'} (attempt ${attempt})` : undefined;

/** Leaves out inputs and outputs, of which a long history may have gigabytes. */
const withoutData = (details: HistoryEvent['details'] = {}): HistoryEvent['details'] => {
  const { name, index, length, state, error } = details;
  return { name, index, length, state, error };
};

/**
 * Returns the text of an event's failure or timeout. Returns undefined for other events, and for the end of the
 * execution, which is printed elsewhere.
 */
function failureIn(event: HistoryEvent): string | undefined {
  const { type } = event;
  if (type.startsWith('Execution') || !/(?:Failed|TimedOut|Aborted)$/.test(type)) return undefined;
  const [error, cause] = [textIn(event, 'error'), textIn(event, 'cause')];
  const word = type.endsWith('TimedOut') ? 'timed out' : type.endsWith('Aborted') ? 'stopped' : 'failed';
  const reason = cause === undefined ? '' : `: ${messageIn(cause)}`;
  return error === undefined ? word : `${word} by ${error}${reason}`;
}
