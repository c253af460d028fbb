import { inject, injectable } from 'tsyringe';
import {
  currentTask,
  type InterceptedTask,
  type Interceptor,
  TASK_CONTEXT,
  type TaskContext,
} from 'stepwright';
import { currentContainer } from '../../../../src/framework/worker/handler/current-task.js';
import { type Row, type Expected } from './row.js';

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
  name,
  options: { input: 'any' },
  json: '{}',
  run: () => 'done',
  interceptors,
  expected,
  ...more,
});

const given = (value: unknown): Expected => ({ output: JSON.stringify(value) });

const interceptors: Row[] = [
  row('the first is the outermost', [marking('a'), marking('b')], given('a(b(done))')),
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
