import type { DependencyContainer } from 'tsyringe';
import type { HandlerDefinition } from '../../declare/definition.js';
import type { Constructor } from '../../declare/class.js';
import type { Interceptor } from '../../declare/interceptor.js';
import { type Deferral, isDeferral, type TaskContext, taskOf } from '../../declare/task-context.js';
import { isThenable } from '../../base/time/wait.js';
import { resolveOnce } from '../container/registrations.js';
import { TaskContainers } from '../container/task-containers.js';
import { arbiterOf, currentContainer, runFor } from './current-task.js';
import type { Deferred, HandlerEnd } from '../../declare/outcome.js';
import { failureOf } from './outcome/failure.js';
import { compileInput, type Validate } from './input/compile-input.js';
import { decode } from './input/decode.js';
import { intercepted, type HandleTask } from './interceptors/intercept.js';
import type { Checkpoints } from '../keep/checkpoints.js';
import { Outputs } from './output/outputs.js';
import type { Payloads } from './output/payloads.js';

/**
 * Handles one task: takes the text of its input, and calls `onEnd` once with the outcome or the deferral, as soon as that
 * is known.
 * Resolves when none of the task's code is running any more. Never rejects.
 */
export type CompiledHandler = (
  text: string,
  context: TaskContext,
  onEnd: (end: HandlerEnd) => void,
) => Promise<void>;

interface Pipeline {
  readonly validate: Validate;
  readonly handle: HandleTask;
  readonly outputs: Outputs;
  /** Present if the config has `payloads`. */
  readonly payloads: Payloads | undefined;
  /** True if the handler takes an input, so that references in it are of use. */
  readonly takesInput: boolean;
  /** True if the handler gets the parsed JSON as it is. */
  readonly takesAny: boolean;
  readonly checkpoints: Checkpoints | undefined;
}

/**
 * Returns a function that handles all tasks of a handler: it decodes and validates the input, calls the interceptors
 * and the handler, and encodes the result. The activity class and the interceptors are instantiated once, when this is
 * called. No metadata is read after that.
 * @param payloads for large inputs and outputs. @default each is sent whole
 * @throws the container's error if a dependency can't be resolved
 */
export function compile(
  definition: HandlerDefinition,
  container: DependencyContainer,
  globalInterceptors: readonly Constructor<Interceptor>[],
  payloads?: Payloads,
  checkpoints?: Checkpoints,
): CompiledHandler {
  const interceptors = [...globalInterceptors, ...definition.interceptors];
  const pipeline = {
    validate: compileInput(definition),
    handle: intercepted(
      interceptors.map((each) => resolveOnce(container, each)),
      callMethod(definition, container),
    ),
    outputs: new Outputs(definition, payloads),
    payloads,
    takesInput: definition.input.kind !== 'none',
    takesAny: definition.input.kind === 'any',
    checkpoints,
  };
  return definition.scope === 'task'
    ? withOwnContainer(pipeline, container)
    : withContainer(pipeline, container);
}

function withContainer(pipeline: Pipeline, container: DependencyContainer): CompiledHandler {
  const of = { container, outputs: pipeline.outputs };
  return (text, task, onEnd) => runFor(task, of, run, text, task, pipeline, onEnd);
}

function withOwnContainer(pipeline: Pipeline, container: DependencyContainer): CompiledHandler {
  const containers = new TaskContainers(container);
  const { outputs } = pipeline;
  return async (text, task, onEnd) => {
    const own = containers.open(task);
    await runFor(task, { container: own, outputs }, run, text, task, pipeline, onEnd);
    await containers.close(own, task);
  };
}

async function run(
  text: string,
  context: TaskContext,
  pipeline: Pipeline,
  onEnd: (end: HandlerEnd) => void,
): Promise<void> {
  const { validate, handle, outputs, payloads, takesInput, takesAny } = pipeline;
  let end: HandlerEnd;
  try {
    // A value that isn't a promise isn't awaited: in an async context, each promise costs as much as a small task.
    const parsed = decode(text, takesAny);
    const whole = payloads && takesInput ? payloads.read(parsed, text, context) : parsed;
    const checked = validate(isThenable(whole) ? await whole : whole);
    const input = isThenable(checked) ? await checked : checked;
    pipeline.checkpoints?.of(context)?.begin(context, input);
    const result = await handle({ input, context });
    if (isDeferral(result)) end = deferredBy(result, context);
    else {
      const sent = outputs.write(result, context);
      end = { status: 'succeeded', output: typeof sent === 'string' ? sent : await sent };
    }
  } catch (thrown) {
    end = failureOf(thrown, {
      handler: context.handler,
      warn: (warning) => context.log.warn(warning),
    });
  }
  onEnd(end);
}

/** @throws TypeError if the deferral belongs to another task */
function deferredBy(deferral: Deferral, { token }: TaskContext): Deferred {
  if (taskOf(deferral) === token) return { status: 'deferred' };
  throw new TypeError(
    'the handler returned the deferral of another task: return what its own task.defer() resolves to',
  );
}

type Method = (input: unknown, task: TaskContext) => unknown;

function callMethod(
  { method, target, scope }: HandlerDefinition,
  container: DependencyContainer,
): HandleTask {
  const callOn =
    (instance: object): HandleTask =>
    ({ input, context }) => {
      // A rule, a store or a container may have taken long.
      const aborted = arbiterOf(context).aborted();
      if (aborted) throw aborted;
      return (Reflect.get(instance, method) as Method).call(instance, input, context);
    };
  if (scope === 'worker') return callOn(resolveOnce(container, target));
  return async (task) => {
    // A container of the user's own may make it asynchronously.
    const made: unknown = resolveOnce(currentContainer() ?? container, target);
    return callOn((isThenable(made) ? await made : made) as object)(task);
  };
}
