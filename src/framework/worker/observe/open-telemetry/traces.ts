import type { Attributes, Context, Link, Span, Tracer } from '@opentelemetry/api';
import type { TraceContext } from '../../../config/trace-context.js';
import type { Logger } from '../../../log.js';
import { tokenHash } from '../../../task/token-hash.js';
import type { TaskTrace, TraceEnd, TracedTask } from '../../../task/tracing.js';
import { ErrorTypes } from '../metrics/error-types.js';
import type { OpenTelemetry } from './api.js';

export interface TracesOptions {
  readonly api: OpenTelemetry;
  /** Where a task's input carries a trace. @default none */
  readonly traceContext: TraceContext | undefined;
  readonly log: Logger;
}

/** A span a task, which the handler runs in, and below it one of its poll and one of its report. */
export class Traces {
  readonly #api: OpenTelemetry;
  readonly #tracer: Tracer;
  readonly #errorTypes = new ErrorTypes();
  readonly #traceContext: TraceContext | undefined;
  readonly #log: Logger;
  #complained = false;

  constructor({ api, traceContext, log }: TracesOptions) {
    this.#api = api;
    this.#tracer = api.trace.getTracer('stepwright');
    this.#traceContext = traceContext;
    this.#log = log;
  }

  /** @param guarded runs what an app's SDK does in it, and never throws */
  begin(task: TracedTask, guarded: (fn: () => void) => void): TaskTrace {
    const { ROOT_CONTEXT, SpanKind, trace } = this.#api;
    const from = this.#contextOf(task.input);
    const attributes: Attributes = {
      // As the semantic conventions name it (registry, AWS Step Functions).
      'aws.step_functions.activity.arn': task.activityArn,
      'stepwright.handler': task.handler,
      'stepwright.task': tokenHash(task.token),
    };
    const span = this.#tracer.startSpan(
      task.handler,
      { kind: SpanKind.CONSUMER, startTime: task.receivedAt, attributes, links: from?.links ?? [] },
      from?.parent ?? ROOT_CONTEXT,
    );
    const context = trace.setSpan(from?.parent ?? ROOT_CONTEXT, span);
    // Of what the app does not sample there is nothing more to tell.
    if (span.isRecording() && task.polledAt !== undefined)
      this.#child('poll', context, task.polledAt).end(task.receivedAt);
    return this.#follow(task, span, context, guarded);
  }

  #follow(
    { handler }: TracedTask,
    span: Span,
    context: Context,
    guarded: (fn: () => void) => void,
  ): TaskTrace {
    const { traceId, spanId } = span.spanContext();
    return {
      logFields: { trace_id: traceId, span_id: spanId },
      run: (fn) => this.#api.context.with(context, fn),
      ended: (end) =>
        guarded(() => {
          if (span.isRecording()) this.#end(handler, span, context, end);
        }),
    };
  }

  #end(
    handler: string,
    span: Span,
    context: Context,
    { outcome, error, decidedAt, retries, at }: TraceEnd,
  ): void {
    const { code } = { code: this.#api.SpanStatusCode.ERROR };
    if (decidedAt !== undefined) {
      const report = this.#child('report', context, decidedAt, { 'stepwright.report.retries': retries });
      if (outcome === 'lost' || outcome === 'gone') report.setStatus({ code, message: outcome });
      report.end(at);
    }
    span.setAttribute('stepwright.outcome', outcome);
    if (error !== undefined) span.setAttribute('error.type', this.#errorTypes.bounded(handler, error));
    if (outcome !== 'succeeded') span.setStatus({ code, message: error ?? outcome });
    span.end(at);
  }

  #child(name: string, context: Context, startTime: number, attributes: Attributes = {}): Span {
    return this.#tracer.startSpan(name, { kind: this.#api.SpanKind.CLIENT, startTime, attributes }, context);
  }

  /** What the input carries: as a link, or as the parent. */
  #contextOf(input: string): { readonly links: Link[]; readonly parent?: Context } | undefined {
    if (this.#traceContext === undefined) return undefined;
    const { propagation, trace, ROOT_CONTEXT } = this.#api;
    const { read, as } =
      typeof this.#traceContext === 'function'
        ? { read: this.#traceContext, as: 'link' as const }
        : this.#traceContext;
    try {
      const carrier = read(JSON.parse(input));
      if (!carrier) return undefined;
      const extracted = propagation.extract(ROOT_CONTEXT, carrier);
      const context = trace.getSpanContext(extracted);
      if (!context || !trace.isSpanContextValid(context)) return undefined;
      return as === 'parent' ? { links: [], parent: extracted } : { links: [{ context }] };
    } catch (error) {
      if (!this.#complained)
        this.#log.warn({ error: nameOf(error) }, 'traceContext threw: its tasks are not linked');
      this.#complained = true;
      return undefined;
    }
  }
}

/** A message could quote the input. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
