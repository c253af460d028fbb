import type { Context, HrTime, Link, Span, SpanContext, Tracer } from '@opentelemetry/api';
import { tokenHash } from '../../../task/token-hash.js';
import type { TaskTrace, TraceEnd, TracedHandler, TracedTask } from '../../../task/tracing.js';
import type { ErrorTypes } from '../metrics/error-types.js';
import type { OpenTelemetry } from './api.js';

/** As the semantic conventions name it (registry, AWS Step Functions). What a sampler can decide by. */
const ACTIVITY = 'aws.step_functions.activity.arn';

/** What the spans of a worker have in common. */
export interface SpanMaker {
  readonly api: OpenTelemetry;
  readonly tracer: Tracer;
  readonly errorTypes: ErrorTypes;
  /** Calls `tell` when it is time. */
  readonly onEnd: (span: TaskSpan) => void;
}

/** What a task's input says of where it comes from. */
export interface Origin {
  readonly links: Link[];
  readonly parent?: Context;
}

/** The span of one task, and those of its poll and its report, which are made when it is told. */
export class TaskSpan implements TaskTrace {
  readonly #maker: SpanMaker;
  readonly #task: TracedTask;
  readonly #handler: TracedHandler;
  readonly #span: Span;
  readonly #ids: SpanContext;
  readonly #context: Context;
  #end: TraceEnd | undefined;

  constructor(maker: SpanMaker, task: TracedTask, handler: TracedHandler, origin: Origin | undefined) {
    const { api, tracer } = maker;
    const parent = origin?.parent ?? api.ROOT_CONTEXT;
    this.#maker = maker;
    this.#task = task;
    this.#handler = handler;
    this.#span = tracer.startSpan(
      handler.name,
      {
        kind: api.SpanKind.CONSUMER,
        startTime: hrTime(task.receivedAt),
        attributes: { [ACTIVITY]: handler.activityArn },
        links: origin?.links,
      },
      parent,
    );
    this.#ids = this.#span.spanContext();
    this.#context = api.trace.setSpan(parent, this.#span);
  }

  get logFields(): Readonly<Record<string, string>> {
    return { trace_id: this.#ids.traceId, span_id: this.#ids.spanId };
  }

  run<T>(fn: () => T): T {
    return this.#maker.api.context.with(this.#context, fn);
  }

  ended(end: TraceEnd): void {
    this.#end = end;
    this.#maker.onEnd(this);
  }

  /** Tells the SDK what the task came to. Attributes are set here, one by one: those given to a start are copied twice. */
  tell(): void {
    const span = this.#span;
    // Of what the app does not sample there is nothing more to tell.
    if (this.#end === undefined || !span.isRecording()) return;
    const { outcome, error, decidedAt, retries } = this.#end;
    const { name } = this.#handler;
    const { polledAt, receivedAt, token } = this.#task;
    const code = this.#maker.api.SpanStatusCode.ERROR;
    const at = hrTime(this.#end.at);
    if (polledAt !== undefined) this.#child('poll', polledAt).end(hrTime(receivedAt));
    if (decidedAt !== undefined) {
      const report = this.#child('report', decidedAt);
      report.setAttribute('stepwright.report.retries', retries);
      if (outcome === 'lost' || outcome === 'gone') report.setStatus({ code, message: outcome });
      report.end(at);
    }
    span.setAttribute('stepwright.handler', name);
    span.setAttribute('stepwright.task', tokenHash(token));
    span.setAttribute('stepwright.outcome', outcome);
    if (error !== undefined) span.setAttribute('error.type', this.#maker.errorTypes.bounded(name, error));
    if (outcome !== 'succeeded') span.setStatus({ code, message: error ?? outcome });
    span.end(at);
  }

  #child(name: string, at: number): Span {
    const { api, tracer } = this.#maker;
    return tracer.startSpan(name, { kind: api.SpanKind.CLIENT, startTime: hrTime(at) }, this.#context);
  }
}

/** Epoch milliseconds as an SDK keeps them: of a number it has to find out first what it counts from. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  const nanos = Math.round((ms - seconds * 1_000) * 1e6);
  return nanos < 1e9 ? [seconds, nanos] : [seconds + 1, 0];
}
