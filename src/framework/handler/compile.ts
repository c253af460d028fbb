import type { DependencyContainer } from 'tsyringe';
import type { Constructor, HandlerDefinition } from '../declare/definition.js';
import type { InterceptedTask, Interceptor } from '../declare/interceptor.js';
import type { TaskContext } from '../declare/task-context.js';
import { chain, type Handling } from './chain.js';
import { resolveOnce } from './container.js';
import { runFor } from './current-task.js';
import { decode } from './decode.js';
import { encode } from './encode.js';
import { failureOf } from './failure.js';
import type { Outcome } from './outcome.js';
import { compileInput, type Validate } from './validate.js';

/** Everything between a task's input and what the service is told of it. Never rejects. */
export type CompiledHandler = (text: string, context: TaskContext) => Promise<Outcome>;

/**
 * Builds the one closure that handles every task of a handler: decode, validate, interceptors, handle, encode.
 * The activity and the interceptors are made here, once; no metadata is read afterwards.
 * @throws what the container throws for a dependency that can't be resolved.
 */
export function compile(
  definition: HandlerDefinition,
  container: DependencyContainer,
  globalInterceptors: readonly Constructor<Interceptor>[],
): CompiledHandler {
  const validate = compileInput(definition);
  const interceptors = [...globalInterceptors, ...definition.interceptors];
  const handling = chain(
    interceptors.map((each) => resolveOnce(container, each)),
    callMethod(definition, resolveOnce(container, definition.target)),
  );
  return (text, context) => runFor(context, () => handle(text, context, validate, handling));
}

async function handle(
  text: string,
  context: TaskContext,
  validate: Validate,
  handling: Handling,
): Promise<Outcome> {
  try {
    const input = await validate(decode(text));
    return { status: 'succeeded', output: encode(await handling({ input, context })) };
  } catch (thrown) {
    return failureOf(thrown, (warning) => context.log.warn(warning));
  }
}

function callMethod({ method }: HandlerDefinition, instance: object): Handling {
  const fn = Reflect.get(instance, method) as (input: unknown, task: TaskContext) => unknown;
  return async ({ input, context }: InterceptedTask) => fn.call(instance, input, context);
}
