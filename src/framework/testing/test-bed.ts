import type { DependencyContainer } from 'tsyringe';
import type { Constructor, HandlerDefinition } from '../declare/definition.js';
import { discover } from '../declare/discovery.js';
import type { Interceptor } from '../declare/interceptor.js';
import { throwProblems } from '../errors.js';
import { compile, type CompiledHandler } from '../handler/compile.js';
import { createContainer, resolveProblems, type Setup } from '../handler/container.js';
import type { Outcome } from '../handler/outcome.js';
import { silentLog, type Logger } from '../log.js';
import { bedContext } from './bed-context.js';
import { asRegistration, type Mock } from './mock.js';
import type { HandlerName, InputOf, OutputOf } from './handler-types.js';

export interface TestBedOptions {
  /** Stand-ins for what would be injected, each a token and a value, a class or a factory. @default [] */
  readonly mocks?: readonly Mock[];
  /** Global interceptors, as in the config. @default [] */
  readonly interceptors?: readonly Constructor<Interceptor>[];
  /** Registers providers, as in the config. The mocks win over it. @default none */
  readonly setup?: Setup;
  /** Where `task.log` goes. @default nowhere */
  readonly log?: Logger;
}

/** What the service would be told of a task. */
export type TaskResult<Output = unknown> =
  | { readonly status: 'succeeded'; /** Parsed from the JSON that would be sent. */ readonly output: Output }
  | {
      readonly status: 'failed';
      readonly error: string;
      /** The JSON text that would be sent. */ readonly cause: string;
    }
  /** The service no longer wants the task, and is told nothing. */
  | { readonly status: 'gone' };

/** Runs tasks through the real pipeline of the handlers of some classes. */
export interface TestBed<T extends object> {
  /** The bed's own container. */
  readonly container: DependencyContainer;
  /**
   * Hands a task to a handler and gives what the service would be told.
   * @param input becomes JSON on the way, as an execution's input does.
   * @param options `handler`, as `'Class.method'`: needed where there are several.
   */
  run<M extends HandlerName<T> = HandlerName<T>>(
    input: InputOf<T, M>,
    options?: { readonly handler?: `${string}.${M}` },
  ): Promise<TaskResult<OutputOf<T, M>>>;
  /** As `run`, with the text of the input as it would arrive: for what `run` can't express. */
  runText<M extends HandlerName<T> = HandlerName<T>>(
    json: string,
    options?: { readonly handler?: `${string}.${M}` },
  ): Promise<TaskResult<OutputOf<T, M>>>;
}

/**
 * Makes a bed: the container, the checks and the compiled handlers of a worker, with nothing to connect to.
 * @throws StartError for whatever would keep a worker from starting; an activity's unset `${NAME}` would not.
 */
export async function createTestBed<C extends Constructor<object>>(
  classes: C | readonly C[],
  { mocks = [], interceptors = [], setup, log = silentLog }: TestBedOptions = {},
): Promise<TestBed<InstanceType<C>>> {
  const list = typeof classes === 'function' ? [classes] : classes;
  const { handlers, problems } = discover(list, process.env, { standIn: true });
  // A bed connects to no account at all.
  throwProblems(problems.filter(({ code }) => code !== 'TWO_ACCOUNTS'));
  const container = await createContainer(setup, mocks.map(asRegistration));
  throwProblems(resolveProblems(handlers, container, interceptors));
  const compiled = handlers.map((definition) => ({
    definition,
    handle: compile(definition, container, interceptors),
  }));
  return new Bed<InstanceType<C>>(container, compiled, log);
}

interface Compiled {
  readonly definition: HandlerDefinition;
  readonly handle: CompiledHandler;
}

class Bed<T extends object> implements TestBed<T> {
  readonly container: DependencyContainer;
  readonly #handlers: readonly Compiled[];
  readonly #log: Logger;
  #runs = 0;

  constructor(container: DependencyContainer, handlers: readonly Compiled[], log: Logger) {
    this.container = container;
    this.#handlers = handlers;
    this.#log = log;
  }

  run<M extends HandlerName<T>>(
    input: InputOf<T, M>,
    options?: { readonly handler?: `${string}.${M}` },
  ): Promise<TaskResult<OutputOf<T, M>>> {
    return this.runText(JSON.stringify(input) ?? 'null', options);
  }

  async runText<M extends HandlerName<T>>(
    json: string,
    { handler }: { readonly handler?: `${string}.${M}` } = {},
  ): Promise<TaskResult<OutputOf<T, M>>> {
    const { definition, handle } = this.#find(handler);
    const context = bedContext(definition, json, ++this.#runs, this.#log);
    return resultOf(await handle(json, context));
  }

  #find(name: string | undefined): Compiled {
    const names = this.#handlers.map(({ definition }) => definition.name).join(', ');
    if (name === undefined) {
      const [only, second] = this.#handlers;
      if (only && !second) return only;
      throw new Error(
        `This bed has several handlers; name one: run(input, { handler: '…' }). There are: ${names}`,
      );
    }
    const found = this.#handlers.find(({ definition }) => definition.name === name);
    if (!found) throw new Error(`This bed has no handler '${name}'. There are: ${names}`);
    return found;
  }
}

function resultOf<Output>(outcome: Outcome): TaskResult<Output> {
  if (outcome.status === 'failed') return outcome;
  return { status: 'succeeded', output: JSON.parse(outcome.output) as Output };
}
