import type { Context, ContextAPI, HrTime, Span } from '@opentelemetry/api';
import type { TaskTrace, TraceEnd } from '../../../task/tracing.js';

export interface TaskSpanOptions {
  readonly handler: string;
  readonly polledAt: number | undefined;
  readonly receivedAt: HrTime;
  readonly span: Span;
  /** The span is in it. */
  readonly context: Context;
  readonly contexts: ContextAPI;
  readonly onEnd: (span: TaskSpan, end: TraceEnd) => void;
}

/** The span of one task. */
export class TaskSpan implements TaskTrace {
  readonly handler: string;
  readonly polledAt: number | undefined;
  readonly receivedAt: HrTime;
  readonly span: Span;
  readonly context: Context;
  readonly logFields: Readonly<Record<string, string>>;
  readonly #contexts: ContextAPI;
  readonly #onEnd: (span: TaskSpan, end: TraceEnd) => void;

  constructor({ handler, polledAt, receivedAt, span, context, contexts, onEnd }: TaskSpanOptions) {
    this.handler = handler;
    this.polledAt = polledAt;
    this.receivedAt = receivedAt;
    this.span = span;
    this.context = context;
    const { traceId, spanId } = span.spanContext();
    this.logFields = { trace_id: traceId, span_id: spanId };
    this.#contexts = contexts;
    this.#onEnd = onEnd;
  }

  run<T>(fn: () => T): T {
    return this.#contexts.with(this.context, fn);
  }

  ended(end: TraceEnd): void {
    this.#onEnd(this, end);
  }
}
