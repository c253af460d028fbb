/** What a trace travels in: `traceparent` and its like, by name. */
export type Carrier = Readonly<Record<string, unknown>>;

/** Finds a trace in a task's input, as it was parsed and before it is validated. */
export type ReadCarrier = (input: unknown) => Carrier | undefined;

/**
 * Where a task's input carries a trace. Linked to the task's span; with `as: 'parent'` the task's span is part of that
 * trace.
 */
export type TraceContext = ReadCarrier | { readonly read: ReadCarrier; readonly as: 'link' | 'parent' };
