type Details = Readonly<Record<string, unknown>>;

/** A history event, as the view reads it. Inputs and outputs may be left out, and a long cause shortened. */
export interface HistoryEvent {
  readonly id: number;
  readonly previous: number;
  readonly type: string;
  readonly at: number;
  readonly details: Details | undefined;
}

/** A history event in the form in which GetExecutionHistory returns it (`timestamp` in epoch seconds), or the AWS SDK. */
interface ApiEvent {
  readonly id?: number | undefined;
  readonly previousEventId?: number | undefined;
  readonly type?: string | undefined;
  readonly timestamp?: number | Date | undefined;
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
  const { id = 0, previousEventId: previous = 0, type = '', timestamp = 0 } = event;
  const at = typeof timestamp === 'number' ? Math.round(timestamp * 1000) : timestamp.getTime();
  return { id, previous, type, at, details: detailsOf(event) };
}
