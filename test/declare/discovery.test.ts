import { describe, expect, test } from '@jest/globals';
import { IsInt, IsString } from 'class-validator';
import { Activity, Handle, type Interceptor, type TaskContext } from 'stepwright';
import type { Constructor } from '../../src/framework/declare/class.js';
import { discover } from '../../src/framework/declare/discovery/discovery.js';

class Order {
  @IsInt() amount!: number;
}
class Receipt {
  @IsString() id!: string;
}
class Observing implements Interceptor {
  intercept(_input: unknown, next: () => Promise<unknown>): Promise<unknown> {
    return next();
  }
}
class Refusing extends Observing {}

const find = (type: Constructor, env: Record<string, string> = {}) => {
  const { handlers, problems } = discover([type], env);
  expect(problems).toEqual([]);
  return handlers;
};

test('a class with one handler', () => {
  @Activity('arn:aws-cn:states:cn-north-1:123456789012:activity:Orders')
  class Orders {
    @Handle() run(_input: Order, _task: TaskContext): void {}
  }
  expect(find(Orders)).toEqual([
    {
      name: 'Orders.run',
      target: Orders,
      method: 'run',
      activity: {
        kind: 'arn',
        arn: 'arn:aws-cn:states:cn-north-1:123456789012:activity:Orders',
        name: 'Orders',
        partition: 'aws-cn',
        region: 'cn-north-1',
        account: '123456789012',
      },
      input: { kind: 'class', type: Order },
      scope: 'worker',
      options: { handle: {}, activity: {} },
      interceptors: [],
      unknownKeys: 'drop',
      showValues: false,
      groups: [],
      inline: [],
    },
  ]);
});

test("a method's options win over its class's, and interceptors add up", () => {
  @Activity('orders', { concurrency: 2, timeout: '5m', interceptors: [Observing], scope: 'task' })
  class Orders {
    @Handle({
      concurrency: 7,
      heartbeat: false,
      interceptors: [Refusing],
      unknownKeys: 'refuse',
      showValues: true,
    })
    run(_input: Order): void {}
  }
  expect(find(Orders)[0]).toMatchObject({
    scope: 'task',
    options: { handle: { concurrency: 7, heartbeat: false }, activity: { concurrency: 2, timeout: '5m' } },
    interceptors: [Observing, Refusing],
    unknownKeys: 'refuse',
    showValues: true,
  });
});

test('one class serves several activities', () => {
  @Activity('orders')
  class Orders {
    @Handle() place(_input: Order): void {}
    @Handle({ activity: 'refunds' }) refund(_input: Order): void {}
  }
  expect(find(Orders).map(({ name, activity }) => [name, activity.name])).toEqual([
    ['Orders.place', 'orders'],
    ['Orders.refund', 'refunds'],
  ]);
});

describe('${NAME} is read from the environment', () => {
  test.each([
    ['${STAGE}-orders', 'dev-orders'],
    ['orders-${STAGE}-${NR}', 'orders-dev-7'],
    ['${STAGE}${STAGE}', 'devdev'],
    ['arn:aws:states:eu-west-1:${ACCOUNT}:activity:orders-${STAGE}', 'orders-dev'],
    ['$STAGE-orders'.replace('$', ''), 'STAGE-orders'],
  ])('%s', (activity, name) => {
    @Activity(activity)
    class Orders {
      @Handle() run(_input: Order): void {}
    }
    const [handler] = find(Orders, { STAGE: 'dev', NR: '7', ACCOUNT: '123456789012' });
    expect(handler?.activity.name).toBe(name);
  });
});

describe('what a handler takes', () => {
  const inputOf = (type: new () => unknown) => find(type)[0]?.input;

  test('nothing, without a parameter', () => {
    @Activity('orders')
    class Orders {
      @Handle() run(): void {}
    }
    expect(inputOf(Orders)).toEqual({ kind: 'none' });
  });

  test('a bare value, by the type of its parameter', () => {
    @Activity('orders')
    class Orders {
      @Handle() run(_input: string): void {}
    }
    expect(inputOf(Orders)).toEqual({ kind: 'scalar', type: 'string' });
  });

  test.each([
    ['any', { kind: 'any' }],
    [Number, { kind: 'scalar', type: 'number' }],
    [Boolean, { kind: 'scalar', type: 'boolean' }],
    [Order, { kind: 'class', type: Order }],
    [[Order] as const, { kind: 'array', type: Order }],
  ] as const)('input: %p', (input, spec) => {
    @Activity('orders')
    class Orders {
      @Handle({ input: input as 'any' }) run(_input: never): void {}
    }
    expect(inputOf(Orders)).toEqual(spec);
  });

  test('output: a class', () => {
    @Activity('orders')
    class Orders {
      @Handle({ output: Receipt }) run(_input: Order): Receipt {
        return { id: '1' };
      }
    }
    expect(find(Orders)[0]?.output).toEqual({ kind: 'class', type: Receipt });
  });
});

describe('inheritance', () => {
  abstract class Base {
    @Handle() run(_input: Order): string {
      return this.name();
    }
    abstract name(): string;
  }

  test("a subclass has its base's handlers", () => {
    @Activity('orders')
    class Orders extends Base {
      name(): string {
        return 'orders';
      }
    }
    expect(find(Orders)).toMatchObject([
      { name: 'Orders.run', target: Orders, input: { kind: 'class', type: Order } },
    ]);
  });

  test('an override without a decorator is called in its place, with its options', () => {
    class Limited {
      @Handle({ concurrency: 3 }) run(_input: Order): void {}
    }
    @Activity('orders')
    class Orders extends Limited {
      override run(_input: Order): void {}
    }
    expect(find(Orders)).toMatchObject([{ input: { type: Order }, options: { handle: { concurrency: 3 } } }]);
  });

  test('an override with a decorator counts alone', () => {
    class Limited {
      @Handle({ concurrency: 3 }) run(_input: Order): void {}
    }
    @Activity('orders')
    class Orders extends Limited {
      @Handle() override run(_input: Receipt & Order): void {}
    }
    expect(discover([Orders], {}).problems.map(({ code }) => code)).toEqual(['INPUT_TYPE_LOST']);
  });

  test("a base's @Activity is not inherited", () => {
    @Activity('orders')
    class Orders {
      @Handle() run(_input: Order): void {}
    }
    class More extends Orders {}
    expect(discover([More], {}).problems).toMatchObject([{ code: 'ACTIVITY_NOT_DECLARED', where: 'More' }]);
  });

  test('two subclasses of one base are two activities', () => {
    @Activity('orders')
    class Orders extends Base {
      name = (): string => 'orders';
    }
    @Activity('invoices')
    class Invoices extends Base {
      name = (): string => 'invoices';
    }
    expect(discover([Orders, Invoices], {})).toMatchObject({
      problems: [],
      handlers: [{ name: 'Orders.run' }, { name: 'Invoices.run' }],
    });
  });
});

test('a class that is listed twice is read once', () => {
  @Activity('orders')
  class Orders {
    @Handle() run(_input: Order): void {}
  }
  expect(discover([Orders, Orders], {})).toMatchObject({ problems: [], handlers: [{ name: 'Orders.run' }] });
});

describe('a list of activities', () => {
  const arnIn = (region: string): string => `arn:aws:states:${region}:123456789012:activity:Work`;

  test('makes each method a handler for each of them', () => {
    @Activity(['small', 'large-${SIZE}'], { concurrency: 2 })
    class Resize {
      @Handle() run(_input: Order): void {}
      @Handle({ activity: 'other' }) other(_input: Order): void {}
    }
    const found = find(Resize, { SIZE: 'XL' });
    expect(found.map(({ name, activity }) => [name, activity.name])).toEqual([
      ['Resize.run@small', 'small'],
      ['Resize.run@large-XL', 'large-XL'],
      ['Resize.other', 'other'],
    ]);
    expect(found.map(({ options }) => options.activity)).toEqual(Array(3).fill({ concurrency: 2 }));
  });

  test('names activities of the same name by their ARNs', () => {
    @Activity({ activity: [arnIn('eu-west-1'), arnIn('us-east-1')] })
    class Resize {
      @Handle() run(_input: Order): void {}
    }
    expect(find(Resize).map(({ name }) => name)).toEqual([
      `Resize.run@${arnIn('eu-west-1')}`,
      `Resize.run@${arnIn('us-east-1')}`,
    ]);
  });

  test('of one activity is that activity', () => {
    @Activity(['small'])
    class Resize {
      @Handle() run(_input: Order): void {}
    }
    expect(find(Resize).map(({ name }) => name)).toEqual(['Resize.run']);
  });

  test('is refused if it is empty, or holds what is no activity', () => {
    @Activity([])
    class Empty {
      @Handle() run(_input: Order): void {}
    }
    @Activity(['small', 'a b', 'small'])
    class Wrong {
      @Handle() run(_input: Order): void {}
    }
    @Activity(['small', 'small'])
    class Twice {
      @Handle() run(_input: Order): void {}
    }
    const messages = (type: Constructor): string[] =>
      discover([type], {}).problems.map(({ where, what }) => `${where}: ${what}`);
    expect(messages(Empty)).toEqual(['Empty.run: @Activity: expected an ARN or a name, got [] (array)']);
    expect(messages(Wrong)).toEqual([
      'Wrong.run: @Activity: the name "a b" (string) holds " ", which the service refuses in names',
    ]);
    expect(messages(Twice)).toEqual([
      'Twice.run@small and Twice.run@small: they both take the tasks of small: each task would go to any one of them',
    ]);
  });
});
