import {
  Activity,
  type Constructor,
  Handle,
  type HandlerOptions,
  type Interceptor,
  type TaskContext,
} from 'stepwright';
import { ARN } from './world.js';

type Options = HandlerOptions & { readonly interceptors?: readonly Constructor<Interceptor>[] };

/** A task in a handler. The test decides when and how it ends. */
export interface Held {
  readonly input: unknown;
  readonly task: TaskContext;
  readonly succeed: (output?: unknown) => void;
  readonly fail: (error: unknown) => void;
}

/** An activity class whose handler is this function; its name ends like its ARN. */
export function activity(
  handle: (input: unknown, task: TaskContext) => unknown,
  options: Options = {},
  arn: string = ARN,
): Constructor {
  @Activity(arn, options)
  class Work {
    static readonly name = arn.slice(arn.lastIndexOf(':') + 1);

    @Handle({ input: 'any' })
    async run(input: unknown, task: TaskContext): Promise<unknown> {
      return handle(input, task);
    }
  }
  return Work;
}

/** An activity class whose every task is held until the test ends it. */
export function holding(options: Options = {}, arn?: string): { type: Constructor; held: Held[] } {
  const held: Held[] = [];
  const hold = (input: unknown, task: TaskContext): Promise<unknown> =>
    new Promise((succeed, fail) => held.push({ input, task, succeed, fail }));
  return { type: activity(hold, options, arn), held };
}
