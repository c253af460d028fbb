import type { TraceContext } from '../../../config/config.js';
import type { Logger } from '../../../base/log/log.js';
import type { TaskTrace, TracedHandler, TracedTask } from '../../task/tracing.js';
import { turn } from '../../../base/time/turn.js';
import { ErrorTypes } from '../metrics/error-types.js';
import type { OpenTelemetry } from './registered-api.js';
import { TaskSpan, type Origin, type SpanWorld } from './task-span.js';

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
  readonly #world: SpanWorld;
  readonly #traceContext: TraceContext | undefined;
  readonly #log: Logger;
  #complained = false;
  #ended: (() => void)[] = [];
  #atOnce = false;

  constructor({ api, traceContext, log }: TracesOptions) {
    const tracer = api.trace.getTracer('stepwright');
    this.#world = { api, tracer, errorTypes: new ErrorTypes(), onEnd: (tell) => this.#end(tell) };
    this.#traceContext = traceContext;
    this.#log = log;
  }

  begin(task: TracedTask, handler: TracedHandler): TaskTrace | undefined {
    try {
      return new TaskSpan(this.#world, task, handler, this.#originOf(task.input));
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

  /**
   * What ends in one turn of the event loop is told together, when the turn is over: one by one, amid other work, it
   * costs the processor more.
   */
  #end(tell: () => void): void {
    this.#ended.push(tell);
    if (this.#atOnce) this.#tell();
    else if (this.#ended.length === 1) turn.after(this.#tell);
  }

  readonly #tell = (): void => {
    const all = this.#ended;
    this.#ended = [];
    for (const tell of all)
      try {
        tell();
      } catch (error) {
        this.#lost(error);
      }
  };

  #lost(error: unknown): void {
    this.#log.error({ err: error }, 'OpenTelemetry threw: a span is lost');
  }

  /** What the input carries: as a link, or as the parent. */
  #originOf(input: string): Origin | undefined {
    if (this.#traceContext === undefined) return undefined;
    const { propagation, trace, ROOT_CONTEXT } = this.#world.api;
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
