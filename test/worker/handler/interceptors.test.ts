import { describe, expect, test } from '@jest/globals';
import { injectable } from 'tsyringe';
import { Activity, Handle, type InterceptedTask, type Interceptor } from 'stepwright';
import { createTestBed } from 'stepwright/testing';
import { IsString } from 'class-validator';
import type { Constructor } from '../../../src/framework/declare/class.js';
import { currentTask } from '../../../src/framework/worker/handler/current-task.js';

class Hello {
  @IsString() who!: string;
}

type Intercept = (task: InterceptedTask, next: () => Promise<unknown>) => Promise<unknown>;

function interceptor(intercept: Intercept): Constructor<Interceptor> {
  return class Ad implements Interceptor {
    intercept = intercept;
    static readonly note = 'made for one test';
  };
}

/** The same with the method on the prototype, where a declaration is checked. */
function by(intercept: Intercept): Constructor<Interceptor> {
  class Made implements Interceptor {
    intercept(task: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
      return intercept(task, next);
    }
  }
  return Made;
}

async function run(
  interceptors: Constructor<Interceptor>[],
  handle: (input: Hello) => unknown = ({ who }) => who,
) {
  @Activity('hello', { interceptors })
  class Greeting {
    @Handle() hello(input: Hello): unknown {
      return handle(input);
    }
  }
  const bed = await createTestBed(Greeting);
  return bed.runText('{"who":"hoge","y":1}');
}

const failure = (error: string, errorMessage: string) => ({
  status: 'failed',
  error,
  cause: expect.stringContaining(JSON.stringify(errorMessage).slice(1, -1)),
});
const success = (output: unknown) => ({ status: 'succeeded', output });

test('they run global, class, method, and unwind the other way', async () => {
  const order: string[] = [];
  const noting = (name: string): Constructor<Interceptor> =>
    by(async (_, next) => {
      order.push(`${name} before`);
      const result = await next();
      order.push(`${name} after`);
      return result;
    });
  @Activity('hello', { interceptors: [noting('class')] })
  class Greeting {
    @Handle({ interceptors: [noting('method')] }) hello(_input: Hello): void {
      order.push('handler');
    }
  }
  const bed = await createTestBed(Greeting, { interceptors: [noting('global 1'), noting('global 2')] });
  await bed.runText('{"who":"a"}');
  expect(order).toEqual([
    'global 1 before',
    'global 2 before',
    'class before',
    'method before',
    'handler',
    'method after',
    'class after',
    'global 2 after',
    'global 1 after',
  ]);
});

test('each sees the validated input and the context', async () => {
  let seen: InterceptedTask | undefined;
  await run([by((task, next) => ((seen = task), next()))]);
  expect(seen?.input).toBeInstanceOf(Hello);
  expect(seen?.input).toEqual({ who: 'hoge' });
  expect(seen?.context).toMatchObject({ handler: 'Greeting.hello', rawInput: '{"who":"hoge","y":1}' });
});

test('none is asked about an input that was refused', async () => {
  let asked = false;
  @Activity('hello', { interceptors: [by((_, next) => ((asked = true), next()))] })
  class Greeting {
    @Handle() hello(_input: Hello): void {}
  }
  const bed = await createTestBed(Greeting);
  expect(await bed.runText('{}')).toMatchObject({ error: 'Stepwright.InvalidInput' });
  expect(asked).toBe(false);
});

test('the task is known to whatever runs below an interceptor', async () => {
  const known: (string | undefined)[] = [];
  await run([
    by(async (_, next) => {
      await Promise.resolve();
      known.push(currentTask()?.handler);
      return next();
    }),
  ]);
  expect(known).toEqual(['Greeting.hello']);
  expect(currentTask()).toBeUndefined();
});

describe('one interceptor', () => {
  const rows: [string, Intercept, object][] = [
    ['that passes on', (_, next) => next(), success('hoge')],
    ['that replaces the result', async (_, next) => `${String(await next())}!`, success('hoge!')],
    ['that replaces it by null', async (_, next) => (await next(), null), success(null)],
    ['that returns nothing leaves the result', async (_, next) => void (await next()), success('hoge')],
    ['that never calls next answers by itself', async () => 'mine', success('mine')],
    ['that never calls next and returns nothing', async () => undefined, success(null)],
    ['that refuses', () => Promise.reject(new RangeError('not today')), failure('RangeError', 'not today')],
    [
      'that throws before it is asynchronous',
      () => {
        throw new RangeError('at once');
      },
      failure('RangeError', 'at once'),
    ],
    [
      'that throws after the handler',
      async (_, next) => {
        await next();
        throw new RangeError('after');
      },
      failure('RangeError', 'after'),
    ],
    [
      'that calls next again once the first has settled: the last result counts',
      async (_, next) => {
        await next();
        await next();
      },
      success('hoge'),
    ],
    [
      'that calls next while the first still runs',
      async (_, next) => {
        await Promise.all([next(), next()]);
      },
      failure('Error', 'Made called next() while an earlier call still runs'),
    ],
    ['that does not wait for next', async (_, next) => void next(), success('hoge')],
    [
      'that returns something JSON cannot hold',
      async () => 1n,
      failure('Stepwright.InvalidOutput', 'the output is a BigInt'),
    ],
  ];
  test.each(rows)('%s', async (_, intercept, result) => {
    expect(await run([by(intercept)])).toEqual(result);
  });

  test('that translates an error', async () => {
    const translating = by(async (_, next) => {
      try {
        return await next();
      } catch (error) {
        throw new RangeError('translated', { cause: error });
      }
    });
    const result = await run([translating], () => {
      throw new TypeError('original');
    });
    expect(result).toMatchObject({
      error: 'RangeError',
      cause: expect.stringContaining('TypeError: original'),
    });
  });

  test('that swallows an error', async () => {
    const swallowing = by((_, next) => next().catch(() => 'instead'));
    const result = await run([swallowing], () => {
      throw new TypeError('original');
    });
    expect(result).toEqual(success('instead'));
  });
});

test('what an interceptor did not wait for holds the task, and its error is nobody else’s', async () => {
  let settle = (): void => {};
  let settled = false;
  const result = run(
    [by(async (_, next) => (void next(), 'early'))],
    () =>
      new Promise((_, reject) => {
        settle = () => {
          settled = true;
          reject(new Error('late'));
        };
      }),
  );
  await new Promise(setImmediate);
  expect(settled).toBe(false);
  settle();
  expect(await result).toEqual(success('early'));
});

test('an error that an interceptor did not wait for is not lost', async () => {
  const result = await run([by(async (_, next) => void next())], () => {
    throw new TypeError('dropped');
  });
  expect(result).toEqual(failure('TypeError', 'dropped'));
});

test('an error is swallowed only by giving something in its place', async () => {
  const observing = by(async (_, next) => {
    await next().catch(() => {});
  });
  const result = await run([observing], () => {
    throw new TypeError('seen');
  });
  expect(result).toEqual(failure('TypeError', 'seen'));
});

test('an interceptor is injected, and made once for all handlers', async () => {
  let made = 0;
  @injectable()
  class Greeter {
    greet = (who: string): string => `Hi ${who}`;
  }
  @injectable()
  class Greets implements Interceptor {
    constructor(private readonly greeter: Greeter) {
      made++;
    }
    async intercept(_task: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
      return this.greeter.greet(String(await next()));
    }
  }
  @Activity('hello', { interceptors: [Greets] })
  class Greeting {
    @Handle() hello({ who }: Hello): string {
      return who;
    }
    @Handle({ activity: 'bye' }) bye({ who }: Hello): string {
      return who;
    }
  }
  const bed = await createTestBed(Greeting);
  expect(await bed.run({ who: 'a' }, { handler: 'Greeting.hello' })).toEqual(success('Hi a'));
  expect(await bed.run({ who: 'b' }, { handler: 'Greeting.bye' })).toEqual(success('Hi b'));
  expect(made).toBe(1);
});

test('an interceptor whose method is a field is refused at start', async () => {
  await expect(run([interceptor((_, next) => next())])).rejects.toThrow('intercept(task, next)');
});
