import type { TraceContext } from '../../../config/config.js';
import type { Logger } from '../../../base/log/log.js';
import type { TaskTrace, TracedHandler, TracedTask } from '../../task/tracing.js';
import { turn } from '../../../base/time/turn.js';
import { ErrorTypes } from '../metrics/error-types.js';
import type { OpenTelemetry } from './registered-api.js';
import { TaskSpan, type Origin, type SpanWorld } from './task-span.js';

export interface TracesOptions {
  readonly api: OpenTelemetry;
  /** Finds the trace that a task's input names. @default none */
  readonly traceContext: TraceContext | undefined;
  readonly log: Logger;
}

/**
 * Makes a span for each task, in which its handler runs, with a child span for the poll and one for the report. If an
 * exporter of the app throws, a span is lost, but never a task.
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

  /** From now on ends each span at once, so that an SDK that is about to be shut down gets all of them. */
  tellAtOnce(): void {
    this.#atOnce = true;
    this.#tell();
  }

  /**
   * Ends a span after the current turn of the event loop, together with other spans. That costs less processor time
   * than ending each of them between other work.
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

  /** Returns the trace that a task's input names, as a link or as the parent; undefined if it names none. */
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

/** Returns the name of an error, without its message, since that could quote the input. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
