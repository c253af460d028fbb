/** A history event without inputs and outputs. A long cause is shortened. */
export interface HistoryEvent {
  readonly id: number;
  /** The `previousEventId` of the event. */
  readonly previous: number;
  readonly type: string;
  readonly at: number;
  readonly details: Readonly<Record<string, unknown>> | undefined;
}
