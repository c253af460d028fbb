import type { Context, ContextAPI, HrTime, Span } from '@opentelemetry/api';
import type { TaskTrace, TraceEnd } from '../../../task/tracing.js';

export interface TaskSpanParts {
  readonly handler: string;
  readonly polledAt: number | undefined;
  readonly receivedAt: HrTime;
  readonly span: Span;
  /** The span is in it. */
  readonly context: Context;
  readonly contexts: ContextAPI;
  readonly onEnd: (parts: TaskSpanParts, end: TraceEnd) => void;
}

/** The span of one task. */
export class TaskSpan implements TaskTrace {
  readonly logFields: Readonly<Record<string, string>>;
  readonly #parts: TaskSpanParts;

  constructor(parts: TaskSpanParts) {
    const { traceId, spanId } = parts.span.spanContext();
    this.logFields = { trace_id: traceId, span_id: spanId };
    this.#parts = parts;
  }

  run<T>(fn: () => T): T {
    return this.#parts.contexts.with(this.#parts.context, fn);
  }

  ended(end: TraceEnd): void {
    this.#parts.onEnd(this.#parts, end);
  }
}
