import { expect, test } from '@jest/globals';
import { inject, injectable, Lifecycle, scoped, singleton } from 'tsyringe';
import { IsString, Validate, ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';
import { Activity, Handle, type TaskContext } from 'stepwright';
import { createTestBed, HandClock } from 'stepwright/testing';
import { currentTask } from '../../../src/framework/worker/handler/current-task.js';
import { CLOCK, TASK_CONTEXT } from '../../../src/framework/worker/container/registrations.js';
import { silentLog } from '../../../src/framework/base/log/log.js';

class Hello {
  @IsString() who!: string;
}

test('each task has an instance, dependencies and a context of its own', async () => {
  const made: Session[] = [];
  @injectable()
  class Session {
    disposed = false;
    constructor(@inject(TASK_CONTEXT) readonly task: TaskContext) {
      made.push(this);
    }
    dispose(): void {
      this.disposed = true;
    }
  }
  const instances = new Set<unknown>();
  @Activity('hello', { scope: 'task' })
  class Greeting {
    constructor(private readonly session: Session) {
      instances.add(this);
    }
    @Handle() async hello({ who }: Hello, task: TaskContext): Promise<unknown[]> {
      await new Promise(setImmediate);
      return [who, this.session.task === task, this.session.disposed, currentTask() === task];
    }
  }
  const bed = await createTestBed(Greeting);
  const results = await Promise.all(
    Array.from({ length: 100 }, (_, index) => bed.run({ who: String(index) })),
  );
  expect(results).toEqual(
    Array.from({ length: 100 }, (_, index) => ({
      status: 'succeeded',
      output: [String(index), true, false, true],
    })),
  );
  expect([instances.size, made.length]).toEqual([100, 100]);
  expect(made.every(({ disposed }) => disposed)).toBe(true);
});

test('what was made for a task is disposed youngest first, one after the other', async () => {
  const order: string[] = [];
  @scoped(Lifecycle.ContainerScoped)
  class Connection {
    async dispose(): Promise<void> {
      await new Promise(setImmediate);
      order.push('connection');
    }
  }
  @injectable()
  class Transaction {
    constructor(readonly connection: Connection) {}
    dispose(): void {
      order.push('transaction');
    }
  }
  @Activity('hello', { scope: 'task' })
  class Greeting {
    constructor(
      readonly transaction: Transaction,
      readonly connection: Connection,
    ) {}
    @Handle() hello(_input: Hello): boolean {
      order.push('handled');
      return this.transaction.connection === this.connection;
    }
    dispose(): void {
      order.push('activity');
    }
  }
  const bed = await createTestBed(Greeting);
  expect(await bed.run({ who: 'a' })).toEqual({ status: 'succeeded', output: true });
  expect(order).toEqual(['handled', 'activity', 'transaction', 'connection']);
});

test('also after a failure, and also when disposing one fails', async () => {
  const order: string[] = [];
  const errors: unknown[][] = [];
  @injectable()
  class First {
    dispose(): void {
      order.push('first');
    }
  }
  @injectable()
  class Second {
    dispose(): never {
      throw new RangeError('stuck');
    }
  }
  @Activity('hello', { scope: 'task' })
  class Greeting {
    constructor(
      readonly first: First,
      readonly second: Second,
    ) {}
    @Handle() hello(_input: Hello): never {
      throw new TypeError('no');
    }
  }
  const log = { ...silentLog, error: (...args: unknown[]) => void errors.push(args) };
  const bed = await createTestBed(Greeting, { log: { ...log, child: () => log } });
  expect(await bed.run({ who: 'a' })).toMatchObject({ error: 'TypeError' });
  expect(order).toEqual(['first']);
  expect(errors).toMatchObject([[{ err: expect.any(RangeError) }, 'disposing Second failed']]);
});

test('a dispose that never ends is given up after 5 s, with a line, and the others are called', async () => {
  const clock = new HandClock();
  const order: string[] = [];
  const errors: unknown[][] = [];
  let end: (reason: Error) => void = () => {};
  @injectable()
  class First {
    dispose(): void {
      order.push('first');
    }
  }
  @injectable()
  class Stuck {
    dispose(): Promise<void> {
      return new Promise((_, reject) => {
        end = reject;
      });
    }
  }
  @Activity('hello', { scope: 'task' })
  class Greeting {
    constructor(
      readonly first: First,
      readonly stuck: Stuck,
    ) {}
    @Handle() hello(): string {
      return 'done';
    }
  }
  const log = { ...silentLog, error: (...args: unknown[]) => void errors.push(args) };
  const bed = await createTestBed(Greeting, {
    mocks: [[CLOCK, clock]],
    log: { ...log, child: () => log },
  });
  let over = false;
  const result = bed.runText('{}').finally(() => (over = true));
  await clock.advance(4_999);
  expect([over, order, errors]).toEqual([false, [], []]);
  await clock.advance(1);
  expect(await result).toEqual({ status: 'succeeded', output: 'done' });
  expect(order).toEqual(['first']);
  expect(errors).toEqual([['disposing Stuck has not ended in 5 s; the worker continues without it']]);
  // A later rejection is logged, and breaks nothing.
  end(new RangeError('late'));
  await clock.settle();
  expect(errors.at(-1)).toEqual([{ err: expect.any(RangeError) }, 'disposing Stuck failed']);
});

test('what is shared is made once, with nothing of a task in it, and outlives the task', async () => {
  let pools = 0;
  let disposed = 0;
  @injectable()
  class Settings {
    size = 1;
  }
  @singleton()
  class Pool {
    constructor(readonly settings: Settings) {
      pools++;
    }
    dispose(): void {
      disposed++;
    }
  }
  @Activity('hello', { scope: 'task' })
  class Greeting {
    constructor(
      readonly pool: Pool,
      @inject('cache') readonly cache: { hits: number },
    ) {}
    @Handle() hello(_input: Hello): number {
      return ++this.cache.hits;
    }
  }
  const bed = await createTestBed(Greeting, {
    setup: (container) => void container.register('cache', { useValue: { hits: 0 } }),
  });
  await bed.run({ who: 'a' });
  expect(await bed.run({ who: 'b' })).toEqual({ status: 'succeeded', output: 2 });
  expect([pools, disposed]).toEqual([1, 0]);
});

test('a singleton that only a factory asks for is made once, and outlives the task that asks first', async () => {
  let made = 0;
  @singleton()
  class Pool {
    isOpen = true;
    constructor() {
      made++;
    }
    dispose(): void {
      this.isOpen = false;
    }
  }
  @Activity('hello', { scope: 'task' })
  class Greeting {
    constructor(@inject('pool') private readonly pool: Pool) {}
    @Handle() hello(_input: Hello): boolean {
      return this.pool.isOpen;
    }
  }
  const bed = await createTestBed(Greeting, {
    setup: (container) => void container.register('pool', { useFactory: (task) => task.resolve(Pool) }),
  });
  for (const who of ['a', 'b']) expect(await bed.run({ who })).toMatchObject({ output: true });
  expect(made).toBe(1);
});

test('what lives as long as the worker can’t ask for the task, and is told so at start', async () => {
  @Activity('hello')
  class Greeting {
    constructor(@inject(TASK_CONTEXT) readonly task: TaskContext) {}
    @Handle() hello(_input: Hello): void {}
  }
  await expect(createTestBed(Greeting)).rejects.toThrow(
    /parameter 'task' of Greeting's constructor asks for the task, but is made once for the worker/,
  );
});

test('a rule of class-validator is injected from the task that it validates', async () => {
  @injectable()
  class Directory {
    has = (name: string): Promise<boolean> => Promise.resolve(name === 'hoge');
  }
  const tasks: (string | undefined)[] = [];
  let made = 0;
  @ValidatorConstraint({ name: 'known', async: true })
  @injectable()
  class Known implements ValidatorConstraintInterface {
    constructor(
      private readonly directory: Directory,
      @inject(TASK_CONTEXT) private readonly task: TaskContext,
    ) {
      made++;
    }
    async validate(name: string): Promise<boolean> {
      tasks.push(this.task.rawInput);
      return this.directory.has(name);
    }
    defaultMessage(): string {
      return '$property is not known';
    }
  }
  class Named {
    @Validate(Known) name!: string;
  }
  @Activity('hello', { scope: 'task' })
  class Greeting {
    @Handle() hello({ name }: Named): string {
      return name;
    }
  }
  const bed = await createTestBed(Greeting);
  expect(await bed.run({ name: 'hoge' })).toEqual({ status: 'succeeded', output: 'hoge' });
  expect(await bed.run({ name: 'x' })).toMatchObject({
    error: 'Stepwright.InvalidInput',
    cause: expect.stringContaining('name is not known'),
  });
  expect(tasks).toEqual(['{"name":"hoge"}', '{"name":"x"}']);
  expect(made).toBe(2);
});

test('a rule without dependencies lives as long as its worker, bed or task, and is not shared', async () => {
  @ValidatorConstraint({ name: 'first' })
  class OnlyFirst implements ValidatorConstraintInterface {
    #calls = 0;
    validate(): boolean {
      return ++this.#calls === 1;
    }
  }
  class Once {
    @Validate(OnlyFirst) name!: string;
  }
  @Activity('worker')
  class Shared {
    @Handle() hello(_input: Once): string {
      return 'done';
    }
  }
  @Activity('task', { scope: 'task' })
  class Own {
    @Handle() hello(_input: Once): string {
      return 'done';
    }
  }
  const done = { status: 'succeeded', output: 'done' };
  const [one, other, scoped] = [
    await createTestBed(Shared),
    await createTestBed(Shared),
    await createTestBed(Own),
  ];
  expect(await one.run({ name: 'a' })).toEqual(done);
  expect(await one.run({ name: 'a' })).toMatchObject({ error: 'Stepwright.InvalidInput' });
  expect(await other.run({ name: 'a' })).toEqual(done);
  expect(await scoped.run({ name: 'a' })).toEqual(done);
  expect(await scoped.run({ name: 'a' })).toEqual(done);
});

test('a rule that cannot be made is a problem at start', async () => {
  @ValidatorConstraint({ name: 'known' })
  @injectable()
  class Known implements ValidatorConstraintInterface {
    constructor(@inject('directory') readonly directory: unknown) {}
    validate(): boolean {
      return true;
    }
  }
  class Named {
    @Validate(Known) name!: string;
  }
  @Activity('hello')
  class Greeting {
    @Handle() hello(_input: Named): void {}
  }
  await expect(createTestBed(Greeting)).rejects.toThrow(
    /Known \(rule of Greeting.hello\): parameter 'directory' of Known's constructor asks for 'directory', which is not registered/,
  );
});
