import type { Context, HrTime, Link, Span, SpanContext, SpanStatusCode, Tracer } from '@opentelemetry/api';
import { tokenHash } from '../../../base/show.js';
import type { HandlerRef } from '../../../declare/worker-events.js';
import type { ReceivedTask, TaskTrace, TraceEnd } from '../../task/received-task.js';
import { ErrorTypes } from '../metrics/record.js';
import type { TraceContext } from '../../../config/config.js';
import type { Logger } from '../../../base/log/log.js';

/** The package `@opentelemetry/api`. The app and Stepwright may each have their own copy of it. */
export type OpenTelemetry = typeof import('@opentelemetry/api');

/**
 * The attribute for a task's activity in OpenTelemetry's semantic conventions (registry, AWS Step Functions). It is set
 * when a span starts, so that a sampler can use it.
 */
const ACTIVITY = 'aws.step_functions.activity.arn';

/** The objects that all spans of a worker use. */
interface SpanTools {
  readonly api: OpenTelemetry;
  readonly tracer: Tracer;
  readonly errorTypes: ErrorTypes;
  /** Called if the app's SDK throws at the end of a span. */
  readonly onLost: (error: unknown) => void;
}

/** The trace that a task's input refers to. The task's span gets it either as a link or as its parent. */
interface Origin {
  readonly links: Link[];
  readonly parent?: Context;
}

/** The span of one task. When the task has ended, the span of its report is made too, as a child. */
class TaskSpan implements TaskTrace {
  readonly #handler: string;
  readonly #span: Span;
  readonly #ids: SpanContext;
  readonly #context: Context;

  constructor(
    private readonly tools: SpanTools,
    task: ReceivedTask,
    handler: HandlerRef,
    origin: Origin | undefined,
  ) {
    const { api, tracer } = tools;
    const { handler: name, activityArn } = handler;
    const parent = origin?.parent ?? api.ROOT_CONTEXT;
    this.#handler = name;
    const span = tracer.startSpan(
      name,
      {
        kind: api.SpanKind.CONSUMER,
        startTime: hrTime(task.receivedAt),
        attributes: { [ACTIVITY]: activityArn },
        links: origin?.links,
      },
      parent,
    );
    this.#span = span;
    // Read now: if this throws, only the span is lost. If it threw when a handler logs, the task would fail.
    this.#ids = span.spanContext();
    this.#context = api.trace.setSpan(parent, span);
    if (!span.isRecording()) return;
    // Set one by one, since the SDK copies twice what is passed to `startSpan`.
    span.setAttribute('stepwright.handler', name);
    span.setAttribute('stepwright.task', tokenHash(task.token));
    // No span: the poll began before the task, and would make its trace as long as the worker was idle.
    if (task.polledAt !== undefined)
      span.setAttribute('stepwright.poll.open_ms', Math.round(task.receivedAt - task.polledAt));
  }

  get logFields(): Readonly<Record<string, string>> {
    return { trace_id: this.#ids.traceId, span_id: this.#ids.spanId };
  }

  run<T>(fn: () => T): T {
    return this.tools.api.context.with(this.#context, fn);
  }

  ended(end: TraceEnd): void {
    try {
      this.#tell(end);
    } catch (error) {
      this.tools.onLost(error);
    }
  }

  #tell(end: TraceEnd): void {
    const span = this.#span;
    // A span that is not sampled needs nothing more.
    if (!span.isRecording()) return;
    const { outcome, error } = end;
    const code = this.tools.api.SpanStatusCode.ERROR;
    try {
      this.#tellReport(end, code);
    } finally {
      span.setAttribute('stepwright.outcome', outcome);
      if (error !== undefined)
        span.setAttribute('error.type', this.tools.errorTypes.bounded(this.#handler, error));
      if (outcome !== 'succeeded' && outcome !== 'deferred')
        span.setStatus({ code, message: error ?? outcome });
      span.end(hrTime(end.at));
    }
  }

  #tellReport({ outcome, decidedAt, retries, at }: TraceEnd, code: SpanStatusCode.ERROR): void {
    if (decidedAt === undefined) return;
    const { api, tracer } = this.tools;
    const options = { kind: api.SpanKind.CLIENT, startTime: hrTime(decidedAt) };
    const report = tracer.startSpan('report', options, this.#context);
    report.setAttribute('stepwright.report.retries', retries);
    if (outcome === 'lost' || outcome === 'gone') report.setStatus({ code, message: outcome });
    report.end(hrTime(at));
  }
}

/** Converts epoch milliseconds to the SDK's own form of a time, since the SDK's own conversion is slower. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  const nanos = Math.round((ms - seconds * 1_000) * 1e6);
  return nanos < 1e9 ? [seconds, nanos] : [seconds + 1, 0];
}

/**
 * Makes a span for each task. The task's handler runs in it, and the report gets a child span. If the app's
 * exporter throws, a span is lost, but the task isn't affected.
 */
export class Traces {
  readonly #tools: SpanTools;
  #complained = false;

  /** @param traceContext finds the trace that a task's input refers to. @default spans have no link to another trace */
  constructor(
    api: OpenTelemetry,
    private readonly log: Logger,
    private readonly traceContext: TraceContext | undefined,
  ) {
    const tracer = api.trace.getTracer('stepwright');
    this.#tools = { api, tracer, errorTypes: new ErrorTypes(), onLost: (error) => this.#lost(error) };
  }

  begin(task: ReceivedTask, handler: HandlerRef): TaskTrace | undefined {
    try {
      return new TaskSpan(this.#tools, task, handler, this.#originOf(task.input));
    } catch (error) {
      this.#lost(error);
      return undefined;
    }
  }

  #lost(error: unknown): void {
    this.log.error({ err: error }, 'OpenTelemetry threw: a span is lost');
  }

  /**
   * Returns the trace that a task's input refers to, to be used as a link or as the parent; undefined if the input
   * refers to none.
   */
  #originOf(input: string): Origin | undefined {
    if (this.traceContext === undefined) return undefined;
    const { propagation, trace, ROOT_CONTEXT } = this.#tools.api;
    const { read, as } =
      typeof this.traceContext === 'function'
        ? { read: this.traceContext, as: 'link' as const }
        : this.traceContext;
    try {
      const carrier = read(JSON.parse(input));
      if (!carrier) return undefined;
      const extracted = propagation.extract(ROOT_CONTEXT, carrier);
      const context = trace.getSpanContext(extracted);
      if (!context || !trace.isSpanContextValid(context)) return undefined;
      return as === 'parent' ? { links: [], parent: extracted } : { links: [{ context }] };
    } catch (error) {
      if (!this.#complained)
        this.log.warn({ error: nameOf(error) }, 'traceContext threw: its tasks are not linked');
      this.#complained = true;
      return undefined;
    }
  }
}

/** Returns the name of an error. Its message isn't logged, because it could quote the task's input. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
