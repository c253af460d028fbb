/** The most events that the history of an execution may have. AWS page "Step Functions service quotas". */
export const HISTORY_LIMIT = 25_000;

/** A history event in the form in which GetExecutionHistory returns it. `timestamp` is in epoch seconds. */
export interface HistoryEvent {
  readonly timestamp: number;
  readonly type: string;
  readonly id: number;
  readonly previousEventId: number;
  readonly [details: `${string}EventDetails`]: object;
}

/** An event as it was recorded. `at` is in epoch milliseconds. */
export interface Entry {
  readonly type: string;
  readonly at: number;
  readonly previous: number;
  readonly details: object | undefined;
}

/** Converts epoch milliseconds to epoch seconds with three decimals, which is how the API sends times. */
export function toSeconds(ms: number): number {
  return Math.floor(ms) / 1000;
}

/** The events of an execution, in the order in which they were recorded. The first event has the id 1. */
export class History {
  readonly #entries: Entry[] = [];

  #bytes = EXECUTION_BYTES;

  /** The approximate memory that the history takes, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#entries.length;
  }

  add(type: string, at: number, previous: number, details?: object): number {
    this.#bytes += EVENT_BYTES + sizeOf(details);
    this.#entries.push({ type, at, previous, details });
    return this.length;
  }

  /**
   * Returns at most `count` events, beginning with the one at index `from`. Returns fewer if their data would be more
   * than about 4 MiB.
   * @param withData false to leave out inputs, outputs and similar fields
   */
  page(from: number, count: number, { reverse = false, withData = true } = {}): HistoryEvent[] {
    const events: HistoryEvent[] = [];
    let bytes = 0;
    for (let at = from; at < this.length && events.length < count && bytes < PAGE_BYTES; at++) {
      const index = reverse ? this.length - 1 - at : at;
      events.push(this.#event(index, withData));
      if (withData) bytes += sizeOf(this.#entries[index]?.details);
    }
    return events;
  }

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Returns all events, without a limit for their size. */
  all(): HistoryEvent[] {
    return this.#entries.map((_, index) => this.#event(index, true));
  }

  #event(index: number, withData: boolean): HistoryEvent {
    const entry = this.#entries[index];
    if (!entry) throw new RangeError(`no event ${index}`);
    const { type, at, previous, details } = entry;
    const event = { timestamp: toSeconds(at), type, id: index + 1, previousEventId: previous };
    return details ? { ...event, [detailsKey(type)]: withData ? details : withoutData(details) } : event;
  }
}

const EXECUTION_BYTES = 6_000;
const EVENT_BYTES = 300;
const PAGE_BYTES = 4 * 1024 * 1024;

/**
 * Adds up the lengths of all strings in an event's details. Nested objects are included, since assigned variables are
 * in one.
 */
function sizeOf(details: object = {}): number {
  let size = 0;
  for (const key in details) {
    const value: unknown = details[key as keyof typeof details];
    if (typeof value === 'string') size += Buffer.byteLength(value);
    else if (typeof value === 'object' && value !== null) size += sizeOf(value);
  }
  return size;
}

function detailsKey(type: string): `${string}EventDetails` {
  if (type.endsWith('StateEntered')) return 'stateEnteredEventDetails';
  if (type.endsWith('StateExited')) return 'stateExitedEventDetails';
  return `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
}

/** Measured at the live service: the parameters of a task's event stay. */
const DATA_KEYS = ['input', 'inputDetails', 'output', 'outputDetails', 'assignedVariables'];

/** Returns the details of an event without inputs, outputs and similar fields. */
export function withoutData(details: object): object {
  return Object.fromEntries(Object.entries(details).filter(([key]) => !DATA_KEYS.includes(key)));
}
