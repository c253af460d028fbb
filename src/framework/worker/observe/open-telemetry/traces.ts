import type { Attributes, Context, HrTime, Link, Span, Tracer } from '@opentelemetry/api';
import { turn } from '../../../clock.js';
import type { TraceContext } from '../../../config/trace-context.js';
import type { Logger } from '../../../log.js';
import { tokenHash } from '../../../task/token-hash.js';
import type { TaskTrace, TraceEnd, TracedHandler, TracedTask } from '../../../task/tracing.js';
import { ErrorTypes } from '../metrics/error-types.js';
import type { OpenTelemetry } from './api.js';
import { TaskSpan, type TaskSpanParts } from './task-span.js';

export interface TracesOptions {
  readonly api: OpenTelemetry;
  /** Where a task's input carries a trace. @default none */
  readonly traceContext: TraceContext | undefined;
  readonly log: Logger;
}

/**
 * A span a task, which the handler runs in, and below it one of its poll and one of its report. What an app has put
 * between us and its exporter must not cost a task: where that throws, a span is lost.
 */
export class Traces {
  readonly #api: OpenTelemetry;
  readonly #tracer: Tracer;
  readonly #errorTypes = new ErrorTypes();
  readonly #traceContext: TraceContext | undefined;
  readonly #log: Logger;
  #complained = false;
  #ended: Ended[] = [];
  #atOnce = false;

  constructor({ api, traceContext, log }: TracesOptions) {
    this.#api = api;
    this.#tracer = api.trace.getTracer('stepwright');
    this.#traceContext = traceContext;
    this.#log = log;
  }

  begin(task: TracedTask, handler: TracedHandler): TaskTrace | undefined {
    try {
      return this.#begin(task, handler);
    } catch (error) {
      this.#lost(error);
      return undefined;
    }
  }

  /** From now on the SDK is told of each task as it ends: who shuts the SDK down next must find all of them there. */
  tellAtOnce(): void {
    this.#atOnce = true;
    this.#tell();
  }

  #begin(task: TracedTask, { name, activityArn }: TracedHandler): TaskTrace {
    const { context: contexts, ROOT_CONTEXT, SpanKind, trace } = this.#api;
    const from = this.#contextOf(task.input);
    const parent = from?.parent ?? ROOT_CONTEXT;
    const receivedAt = hrTime(task.receivedAt);
    const attributes: Attributes = {
      // As the semantic conventions name it (registry, AWS Step Functions).
      'aws.step_functions.activity.arn': activityArn,
      'stepwright.handler': name,
      'stepwright.task': tokenHash(task.token),
    };
    const span = this.#tracer.startSpan(
      name,
      { kind: SpanKind.CONSUMER, startTime: receivedAt, attributes, links: from?.links },
      parent,
    );
    const context = trace.setSpan(parent, span);
    return new TaskSpan({
      handler: name,
      polledAt: task.polledAt,
      receivedAt,
      span,
      context,
      contexts,
      onEnd: this.#end,
    });
  }

  /**
   * What ends in one turn of the event loop is told together, when the turn is over: one by one, amid other work, it
   * costs the processor more.
   */
  readonly #end = (of: TaskSpanParts, end: TraceEnd): void => {
    this.#ended.push({ of, end });
    if (this.#atOnce) this.#tell();
    else if (this.#ended.length === 1) turn.after(this.#tell);
  };

  readonly #tell = (): void => {
    const all = this.#ended;
    this.#ended = [];
    for (const ended of all)
      try {
        this.#tellOne(ended);
      } catch (error) {
        this.#lost(error);
      }
  };

  #tellOne({ of: { handler, polledAt, receivedAt, span, context }, end }: Ended): void {
    // Of what the app does not sample there is nothing more to tell.
    if (!span.isRecording()) return;
    const { outcome, error, decidedAt, retries } = end;
    const code = this.#api.SpanStatusCode.ERROR;
    const at = hrTime(end.at);
    if (polledAt !== undefined) this.#child('poll', context, polledAt).end(receivedAt);
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

  #child(name: string, context: Context, at: number, attributes?: Attributes): Span {
    const { CLIENT } = this.#api.SpanKind;
    return this.#tracer.startSpan(name, { kind: CLIENT, startTime: hrTime(at), attributes }, context);
  }

  #lost(error: unknown): void {
    this.#log.error({ err: error }, 'OpenTelemetry threw: a span is lost');
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

interface Ended {
  readonly of: TaskSpanParts;
  readonly end: TraceEnd;
}

/** Epoch milliseconds as an SDK keeps them: of a number it has to find out first what it counts from. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  const nanos = Math.round((ms - seconds * 1_000) * 1e6);
  return nanos < 1e9 ? [seconds, nanos] : [seconds + 1, 0];
}
