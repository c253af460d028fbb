type Details = Readonly<Record<string, unknown>>;

/** A history event, as the view reads it. Inputs and outputs may be left out, and a long cause shortened. */
export interface HistoryEvent {
  readonly id: number;
  readonly previous: number;
  readonly type: string;
  readonly at: number;
  readonly details: Details | undefined;
}

/** A history event in the form in which GetExecutionHistory returns it. `timestamp` is in epoch seconds. */
interface ApiEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: string;
  readonly timestamp: number;
}

/**
 * Returns the details of an event of the API, with all that is in them. Their key depends on the type of the event, as in
 * `activityFailedEventDetails`. Returns undefined if the event has none.
 */
export function detailsOf(event: object | undefined): Details | undefined {
  const found: unknown = Object.entries(event ?? {}).find(([key]) => key.endsWith('EventDetails'))?.[1];
  return found as Details | undefined;
}

/** Converts an event of the API to the form that the view reads. Its details stay as they are. */
export function viewEvent(event: ApiEvent): HistoryEvent {
  const { id, previousEventId: previous, type, timestamp } = event;
  return { id, previous, type, at: Math.round(timestamp * 1000), details: detailsOf(event) };
}
