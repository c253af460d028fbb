import { describe, expect, test } from '@jest/globals';
import { container as root, delay, inject, injectable, injectAll, singleton } from 'tsyringe';
import { Activity, Handle, StartError, type InterceptedTask, type Interceptor } from 'stepwright';
import { createTestBed, type TestBedOptions } from 'stepwright/testing';
import type { Constructor } from '../../../src/framework/declare/class.js';

interface Shape {
  a: number;
}
class Undecorated {
  constructor(readonly name: string) {}
}
@injectable()
class Inheriting extends Undecorated {}
class Bare {
  constructor(readonly deep: { a: 1 }) {}
}
@injectable()
class Deep {
  constructor(readonly map: Map<string, string>) {}
}
@injectable()
class Failing {
  readonly name = 'never';
  constructor() {
    throw new RangeError('no database');
  }
}
@singleton()
class Counter {
  count = 0;
}
@injectable()
class Late {
  constructor(@inject(delay(() => Counter)) readonly counter: Counter) {}
}

async function problems(type: Constructor<object>, options?: TestBedOptions): Promise<unknown[]> {
  try {
    await createTestBed(type, options);
    return [];
  } catch (error) {
    if (error instanceof StartError) return [...error.problems];
    throw error;
  }
}

const needing = (make: () => Constructor<object>): Constructor<object> => make();

describe('a dependency that cannot be resolved', () => {
  test.each([
    [
      'a type of the language',
      needing(() => {
        @Activity('a')
        class Work {
          constructor(readonly name: string) {}
          @Handle() run(): void {}
        }
        return Work;
      }),
      "parameter 'name' of Work's constructor is String at run time",
    ],
    [
      'an interface',
      needing(() => {
        @Activity('a')
        class Work {
          constructor(readonly shape: Shape) {}
          @Handle() run(): void {}
        }
        return Work;
      }),
      'an interface, or a class that was imported by `import type`',
    ],
    [
      'a Map, which would be injected empty, deep inside',
      needing(() => {
        @Activity('a')
        class Work {
          constructor(readonly deep: Deep) {}
          @Handle() run(): void {}
        }
        return Work;
      }),
      "parameter 'map' of Deep's constructor is Map at run time",
    ],
    [
      'a class whose base has a constructor that nobody decorated',
      needing(() => {
        @Activity('a')
        class Work {
          constructor(readonly inheriting: Inheriting) {}
          @Handle() run(): void {}
        }
        return Work;
      }),
      'Inheriting inherits the constructor of Undecorated, which has no decorator',
    ],
    [
      'a class without @injectable',
      needing(() => {
        @Activity('a')
        class Work {
          constructor(readonly bare: Bare) {}
          @Handle() run(): void {}
        }
        return Work;
      }),
      'the compiler wrote no types for the constructor of Bare',
    ],
    [
      'a token that nobody registered',
      needing(() => {
        @Activity('a')
        class Work {
          constructor(@inject('db') readonly db: unknown) {}
          @Handle() run(): void {}
        }
        return Work;
      }),
      "asks for 'db', which is not registered",
    ],
    [
      'a constructor that throws',
      needing(() => {
        @Activity('a')
        class Work {
          constructor(readonly failing: Failing) {}
          @Handle() run(): void {}
        }
        return Work;
      }),
      'no database',
    ],
    [
      'a constructor that returns a promise',
      needing(() => {
        @Activity('a')
        class Work {
          constructor() {
            return Promise.resolve(this) as never;
          }
          @Handle() run(): void {}
        }
        return Work;
      }),
      'its instance is a promise',
    ],
  ])('%s', async (_, type, what) => {
    expect(await problems(type)).toEqual([
      {
        code: 'DEPENDENCY_UNRESOLVED',
        where: 'Work',
        what: expect.stringContaining(what),
        fix: expect.stringMatching(/.{20}/),
      },
    ]);
  });

  test('of an interceptor', async () => {
    @injectable()
    class Guard implements Interceptor {
      constructor(@inject('rules') readonly rules: unknown) {}
      intercept(_task: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
        return next();
      }
    }
    @Activity('a')
    class Work {
      @Handle({ interceptors: [Guard] }) run(): void {}
    }
    expect(await problems(Work)).toMatchObject([{ where: 'Guard (interceptor of Work.run)' }]);
    expect(await problems(Work, { interceptors: [Guard] })).toMatchObject([{ where: 'Guard (interceptor)' }]);
  });
});

describe('no false alarm', () => {
  test('for what setup registers, is optional, delayed, or several', async () => {
    @Activity('a')
    class Work {
      constructor(
        readonly map: Map<string, string>,
        @inject('db') readonly db: unknown,
        @inject('maybe', { isOptional: true }) readonly maybe: unknown,
        @injectAll('rule') readonly rules: unknown[],
        readonly late: Late,
      ) {}
      @Handle() run(): unknown {
        return [this.map.size, this.db, this.maybe ?? null, this.rules, this.late.counter.count];
      }
    }
    const bed = await createTestBed(Work, {
      setup: (own) => {
        own.register<Map<string, string>>(Map, { useValue: new Map([['a', 'b']]) });
        own.register('db', { useValue: 'db' });
        own.register('rule', { useValue: 1 }).register('rule', { useValue: 2 });
      },
    });
    expect(await bed.runText('{}')).toEqual({ status: 'succeeded', output: [1, 'db', null, [1, 2], 0] });
  });

  test('for a subclass with a constructor of its own', async () => {
    @injectable()
    class Own extends Undecorated {
      constructor() {
        super('given');
      }
    }
    @Activity('a')
    class Work {
      constructor(readonly own: Own) {}
      @Handle() run(): string {
        return this.own.name;
      }
    }
    expect(await (await createTestBed(Work)).runText('{}')).toEqual({ status: 'succeeded', output: 'given' });
  });
});

test('each bed has its own instance of a global singleton, and the global one stays untouched', async () => {
  @Activity('a')
  class Work {
    constructor(readonly counter: Counter) {}
    @Handle() run(): number {
      return ++this.counter.count;
    }
  }
  const [one, two] = [await createTestBed(Work), await createTestBed(Work)];
  await one.runText('{}');
  expect(await one.runText('{}')).toMatchObject({ output: 2 });
  expect(await two.runText('{}')).toMatchObject({ output: 1 });
  expect(root.resolve(Counter).count).toBe(0);
});

test('setup that throws is a problem, and keeps its cause', async () => {
  @Activity('a')
  class Work {
    @Handle() run(): void {}
  }
  const cause = new RangeError('no vault');
  const error = await createTestBed(Work, { setup: () => Promise.reject(cause) }).catch(
    (each: unknown) => each,
  );
  const what = expect.stringMatching(
    /^it threw RangeError: no vault \(test\/worker\/handler\/dependencies\.test\.ts:\d+\)$/,
  );
  expect(error).toMatchObject({
    problems: [{ code: 'SETUP_FAILED', where: 'setup', what }],
    cause,
  });
});
