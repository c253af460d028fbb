import type { HandlerDefinition } from '../../../declare/definition.js';
import type { TaskContext } from '../../../declare/task-context.js';
import type { TaskOutputs } from '../context/current-task.js';
import { compileOutput, type Encode } from './compile-output.js';
import { NearLimit } from './near-limit.js';
import type { OutputLimit } from './output-limit.js';

/** The inputs and outputs that go through a store, because they are large. */
export interface TaskPayloads {
  /** The most bytes of an output. */
  readonly limit: OutputLimit;
  /** Returns the input with each reference replaced by its payload. */
  readonly read: (input: unknown, text: string, task: Pick<TaskContext, 'signal'>) => unknown;
  /** Returns the JSON to send for an output: the output itself, or a reference to it beside its `inline` fields. */
  readonly write: (
    text: string,
    inline: readonly string[],
    task: Pick<TaskContext, 'signal'>,
  ) => string | Promise<string>;
  /** Leaves no timer. */
  readonly close: () => void;
}

/** An output that an interceptor has asked for, or has repeated, before the chain of interceptors has ended. */
type Made =
  | {
      /** The output as JSON, before it may become a reference. */ readonly text: string;
      readonly sent: string;
    }
  | { /** The value that was given to the task. */ readonly repeated: unknown };

/** An outcome is also kept if its task has ended meanwhile. */
const WANTED = { signal: new AbortController().signal } as const;

/** Writes the results of a handler's tasks as the JSON to send. */
export class Outputs implements TaskOutputs {
  readonly #encode: Encode;
  readonly #payloads: TaskPayloads | undefined;
  readonly #inline: readonly string[];
  readonly #nearLimit: NearLimit;
  /** Undefined until an interceptor asks for an output, so that a task without such an interceptor costs no look. */
  #made: WeakMap<TaskContext, Made> | undefined;

  constructor(definition: HandlerDefinition, payloads: TaskPayloads | undefined) {
    this.#encode = compileOutput(definition, payloads?.limit);
    this.#payloads = payloads;
    this.#inline = definition.inline;
    this.#nearLimit = new NearLimit(payloads !== undefined);
  }

  /** Returns the JSON to send for a result. @throws Refusal if it isn't a valid output */
  write(result: unknown, task: TaskContext): string | Promise<string> {
    const made = this.#made?.get(task);
    if (made) return this.#writeAgain(result, made, task);
    const encoded = this.#encode(result);
    return typeof encoded === 'string'
      ? this.#look(this.#send(encoded, task), task)
      : encoded.then((text) => this.#look(this.#send(text, task), task));
  }

  async sentFor(result: unknown, task: TaskContext): Promise<unknown> {
    const text = await this.#encode(result);
    const sent = await this.#send(text, WANTED);
    this.#remember(task, { text, sent });
    return JSON.parse(sent);
  }

  repeat(sent: unknown, task: TaskContext): unknown {
    this.#remember(task, { repeated: sent });
    return sent;
  }

  async #writeAgain(result: unknown, made: Made, task: TaskContext): Promise<string> {
    // It was a valid output when it was sent first. It is JSON since then, so its classes can't be told from it.
    if ('repeated' in made && Object.is(made.repeated, result)) return JSON.stringify(result);
    const text = await this.#encode(result);
    return this.#look('text' in made && text === made.text ? made.sent : this.#send(text, task), task);
  }

  #remember(task: TaskContext, made: Made): void {
    this.#made ??= new WeakMap();
    this.#made.set(task, made);
  }

  #send(text: string, task: Pick<TaskContext, 'signal'>): string | Promise<string> {
    return this.#payloads ? this.#payloads.write(text, this.#inline, task) : text;
  }

  #look(sent: string | Promise<string>, task: TaskContext): string | Promise<string> {
    if (typeof sent !== 'string') return sent.then((text) => this.#nearLimit.look(text, task));
    return this.#nearLimit.look(sent, task);
  }
}
