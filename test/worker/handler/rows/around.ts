import { inject, injectable } from 'tsyringe';
import {
  ActivityFailure,
  currentTask,
  type InterceptedTask,
  type Interceptor,
  Retry,
  TASK_CONTEXT,
  type TaskContext,
} from 'stepwright';
import * as dto from './dtos.js';
import { currentContainer } from '../../../../src/framework/worker/handler/current-task.js';
import { seen, type Row, type Expected } from './row.js';

type Intercept = Interceptor['intercept'];

/** Makes an interceptor of a function. */
function around(intercept: Intercept): Row['interceptors'][number] {
  @injectable()
  class Around implements Interceptor {
    intercept(task: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
      return intercept(task, next);
    }
  }
  return Around;
}

const marking = (mark: string): Row['interceptors'][number] =>
  around(async (_, next) => `${mark}(${String(await next())})`);

const row = (
  name: string,
  interceptors: Row['interceptors'],
  expected: Expected,
  more: Partial<Row> = {},
): Row => ({
  ...{ name, options: { input: 'any' }, json: '{}', run: () => 'done', interceptors, expected },
  ...more,
});

const failure = (error: string, errorMessage: string, more: object = {}): Expected => ({
  error,
  cause: { errorType: error, errorMessage, trace: 'trace', ...more },
});
const given = (value: unknown): Expected => ({ output: JSON.stringify(value) });

let attempts = 0;

const interceptors: Row[] = [
  row('the first is the outermost', [marking('a'), marking('b')], given('a(b(done))')),
  row(
    'one that returns nothing leaves the result as it is',
    [around(async (_, next) => void (await next()))],
    given('done'),
  ),
  row('one that never calls next', [around(() => Promise.resolve('instead'))], given('instead')),
  row(
    'one that refuses',
    [around(() => Promise.reject(new ActivityFailure('Closed', 'not today', { until: 7 })))],
    failure('Closed', 'not today', { data: { until: 7 } }),
  ),
  row(
    'one that translates an error',
    [
      around(async (_, next) => {
        try {
          return await next();
        } catch (cause) {
          throw new ActivityFailure('Translated', 'it was odd', undefined, { cause });
        }
      }),
    ],
    failure('Translated', 'it was odd'),
    {
      run: () => {
        throw new RangeError('odd');
      },
    },
  ),
  row(
    'one that sees the instance',
    [around(async ({ input }) => seen(input))],
    given({ Hello: { who: 'a' } }),
    {
      options: { input: dto.Hello },
      json: '{"who":"a"}',
    },
  ),
  row('one that tries again', [Retry({ attempts: 3, delay: '1ms' })], given(2), {
    run: () => {
      if (++attempts % 2 === 1) throw new Error('once more');
      return 2;
    },
  }),
];

@injectable()
class Session {
  constructor(@inject(TASK_CONTEXT) readonly task: TaskContext) {}
}

const scopes: Row[] = [
  row('currentTask() is the task', [], given(true), { run: (_, task) => currentTask() === task }),
  row('a scope of its own knows the task', [], given(true), {
    scope: 'task',
    run: (_, task) => currentContainer()?.resolve(Session).task === task,
  }),
];

/** Rows about what surrounds a handler: interceptors, and the scope of its task. */
export const aroundRows: Row[] = [...interceptors, ...scopes];
