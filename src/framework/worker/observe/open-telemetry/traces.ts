import type { TraceContext } from '../../../config/config.js';
import type { Logger } from '../../../base/log/log.js';
import type { TaskTrace, TracedHandler, TracedTask } from '../../task/tracing.js';
import { turn } from '../../../base/time/turn.js';
import { ErrorTypes } from '../metrics/error-types.js';
import type { OpenTelemetry } from './registered-api.js';
import { TaskSpan, type Origin, type SpanWorld } from './task-span.js';

export interface TracesOptions {
  readonly api: OpenTelemetry;
  /**
   * The config's option `traceContext`: finds the trace that a task's input refers to. @default spans have no link to
   * another trace
   */
  readonly traceContext: TraceContext | undefined;
  readonly log: Logger;
}

/**
 * Makes a span for each task. The task's handler runs in it, and the report gets a child span. If the app's
 * exporter throws, a span is lost, but the task isn't affected.
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

  /**
   * From now on ends each span as soon as its task has ended, so that an SDK that is about to be shut down still gets
   * all of them.
   */
  tellAtOnce(): void {
    this.#atOnce = true;
    this.#tell();
  }

  /**
   * Ends a task's spans after the current turn of the event loop, together with those of other tasks. That takes less
   * processor time than ending each of them between other work.
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

  /**
   * Returns the trace that a task's input refers to, to be used as a link or as the parent; undefined if the input
   * refers to none.
   */
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

/** Returns the name of an error. Its message isn't logged, because it could quote the task's input. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
