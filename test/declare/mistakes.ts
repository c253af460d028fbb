/* oxlint-disable typescript/no-extraneous-class -- classes that lack something are what is tested here */
import { Expose, Transform, Type } from 'class-transformer';
import { Allow, ArrayMinSize, IsDate, IsInt, IsString, Validate, ValidateNested } from 'class-validator';
import { Activity, Handle, type Interceptor, type TaskContext } from 'stepwright';
import type { Constructor } from '../../src/framework/declare/class.js';

class Order {
  @IsInt() amount!: number;
}
class Bare {
  amount!: number;
}
class Line {
  @IsInt() price!: number;
}
class UntypedLines {
  @ValidateNested({ each: true }) lines!: Line[];
}
class UncheckedLines {
  @Type(() => Line) @Allow() lines!: Line[];
}
class BareLines {
  @ValidateNested({ each: true }) @Type(() => Bare) lines!: Bare[];
}
class Times {
  @IsDate() at!: Date;
}
class Maybe {
  @IsDate() at!: Date | null;
}
class Labels {
  @IsString({ each: true }) names!: Set<string>;
}
class Prices {
  @IsInt({ each: true }) byName!: Map<string, number>;
}
class Shipment {
  @Allow() line!: Line;
}
class Account {
  @Allow() cents!: bigint;
}
class Callback {
  @Allow() then!: () => void;
}
class Link {
  @Type(() => URL) @Allow() to!: URL;
}
class Stamp {
  @IsString() @Type(() => Date) at!: string;
}
class NeverAsked {
  validate(): boolean {
    return false;
  }
}
class Unasked {
  @Validate(NeverAsked) @IsString() name!: string;
}
class NeedsArguments {
  @IsInt() amount: number;
  constructor(source: { amount: number }) {
    this.amount = source.amount;
  }
}
class NamedLikeAMethod {
  @IsString() toString!: never;
}
class NoInterceptor {}
class Forgotten {
  @IsInt() amount!: number;
  note?: string;
}
class OnlyTyped {
  @IsInt() amount!: number;
  @Type(() => Date)
  set due(_: Date) {
    throw new Error('never set');
  }
}
class OnlyTransformed {
  @IsInt() amount!: number;
  @Transform(({ value }: { value: unknown }) => value)
  set total(_: number) {
    throw new Error('never set');
  }
}
class Animal {
  @IsString() kind!: string;
}
class Dog extends Animal {
  @IsInt() age!: number;
}
class Zoo {
  @ValidateNested()
  @Type(() => Animal, { discriminator: { property: 'kind', subTypes: [{ name: 'dog', value: Dog }] } })
  animal!: Animal;
}
class Twice {
  @Expose({ name: 'order_id' }) @IsString() id!: string;
  @Expose({ name: 'order_id' }) @IsString() order!: string;
}
class Sized {
  @ArrayMinSize(1) @IsString({ each: true }) @Type(() => String) tags!: Set<string>;
}
class Mark {
  @Allow() mark!: symbol;
}
class Eventual {
  @Type(() => Promise) @Allow() later!: unknown;
}
class Large {
  @Type(() => BigInt) @Allow() count!: unknown;
}

const ARN = 'arn:aws:states:eu-west-1:123456789012:activity:Orders';

export const unset = (): Constructor => {
  @Activity('${STAGE}-orders-${EMPTY}')
  class Orders {
    @Handle() run(_input: Order): void {}
  }
  return Orders;
};

export const at = (activity: string) => (): Constructor => {
  @Activity(activity)
  class Orders {
    @Handle() run(_input: Order): void {}
  }
  return Orders;
};

interface OrderShape {
  amount: number;
}

export const mistakes: [string, () => Constructor | Constructor[], string, string[]][] = [
  ['a class without @Activity', () => class Plain {}, 'ACTIVITY_NOT_DECLARED', ['Plain', '@Activity']],
  [
    'no handler',
    () => {
      @Activity('orders')
      class Orders {}
      return Orders;
    },
    'HANDLER_MISSING',
    ['Orders', '@Handle'],
  ],
  [
    'two handlers on one activity',
    () => {
      @Activity('orders')
      class Orders {
        @Handle() first(_input: Order): void {}
        @Handle() second(_input: Order): void {}
      }
      return Orders;
    },
    'HANDLER_DUPLICATE',
    ['Orders.first and Orders.second', 'orders'],
  ],
  [
    'two classes on one activity',
    () => {
      @Activity(ARN)
      class Orders {
        @Handle() run(_input: Order): void {}
      }
      @Activity({ activity: ARN })
      class Invoices {
        @Handle() run(_input: Order): void {}
      }
      return [Orders, Invoices];
    },
    'HANDLER_DUPLICATE',
    ['Orders.run and Invoices.run', ARN],
  ],
  [
    'two classes of one name',
    () => [at('orders')(), at('invoices')()],
    'HANDLER_NAME_TWICE',
    ['Orders.run', '2 classes'],
  ],
  [
    'two accounts',
    () => {
      @Activity('arn:aws:states:eu-west-1:999999999999:activity:Invoices')
      class Invoices {
        @Handle() run(_input: Order): void {}
      }
      return [at(ARN)(), Invoices];
    },
    'TWO_ACCOUNTS',
    ['123456789012 (Orders.run)', '999999999999 (Invoices.run)'],
  ],
  [
    'an interface as the input',
    () => {
      @Activity('orders')
      class Orders {
        @Handle() run(_input: OrderShape): void {}
      }
      return Orders;
    },
    'INPUT_TYPE_LOST',
    ['Orders.run', 'Object', 'interface', '`import type`', 'input: TheClass'],
  ],
  [
    'an inline type as the input',
    () => {
      @Activity('orders')
      class Orders {
        @Handle() run(_input: { amount: number }): void {}
      }
      return Orders;
    },
    'INPUT_TYPE_LOST',
    ['inline type'],
  ],
  [
    'an array as the input, its elements unknown',
    () => {
      @Activity('orders')
      class Orders {
        @Handle() run(_input: Order[]): void {}
      }
      return Orders;
    },
    'INPUT_TYPE_LOST',
    ['input: [TheClass]'],
  ],
  [
    'the context as the first parameter',
    () => {
      @Activity('orders')
      class Orders {
        @Handle() run(_input: TaskContext): void {}
      }
      return Orders;
    },
    'INPUT_TYPE_LOST',
    ['Orders.run', 'first parameter'],
  ],
  [
    'the context as the only parameter',
    () => {
      @Activity('orders')
      class Orders {
        @Handle() async run(task: TaskContext): Promise<void> {
          await task.heartbeat();
        }
      }
      return Orders;
    },
    'INPUT_TYPE_LOST',
    ['Orders.run', 'looks like the TaskContext', 'async run(_input: unknown, task: TaskContext)'],
  ],
  [
    'a duration without its unit',
    () => {
      const options: object = { heartbeat: 20 };
      @Activity('orders')
      class Orders {
        @Handle(options) run(_input: Order): void {}
      }
      return Orders;
    },
    'HANDLER_OPTION_INVALID',
    ['Orders.run', "heartbeat: '20s' for seconds, '20ms' for milliseconds"],
  ],
  [
    'a class of the language as the input',
    () => {
      @Activity('orders')
      class Orders {
        @Handle() run(_input: Date): void {}
      }
      return Orders;
    },
    'INPUT_TYPE_INVALID',
    ['Orders.run', 'Date'],
  ],
  [
    'an input class without rules',
    () => {
      @Activity('orders')
      class Orders {
        @Handle() run(_input: Bare): void {}
      }
      return Orders;
    },
    'INPUT_WITHOUT_RULES',
    ['Orders.run', 'Bare', '@IsString()'],
  ],
  ...nestedMistakes(),
  [
    'an input: that is not defined yet',
    () => {
      @Activity('orders')
      class Orders {
        @Handle({ input: undefined }) run(_input: Order): void {}
      }
      return Orders;
    },
    'INPUT_TYPE_INVALID',
    ['Orders.run', 'undefined', 'circular'],
  ],
  [
    'an output without rules',
    () => {
      @Activity('orders')
      class Orders {
        @Handle({ output: Bare }) run(_input: Order): Bare {
          return new Bare();
        }
      }
      return Orders;
    },
    'INPUT_WITHOUT_RULES',
    ['Orders.run, output', 'Bare'],
  ],
  [
    'an output with a field that has neither a rule nor @Expose',
    () => {
      @Activity('orders')
      class Orders {
        @Handle({ output: Forgotten }) run(_input: Order): Forgotten {
          return new Forgotten();
        }
      }
      return Orders;
    },
    'INPUT_WITHOUT_RULES',
    ['Orders.run, output', 'Forgotten.note', 'the output would lose the value', '@Expose() or a rule'],
  ],
  [
    'an output that is no class',
    () => {
      const options: object = { output: String };
      @Activity('orders')
      class Orders {
        @Handle(options) run(_input: Order): string {
          return 'done';
        }
      }
      return Orders;
    },
    'OUTPUT_TYPE_INVALID',
    ['Orders.run', 'output: expected a class'],
  ],
  [
    'an unset variable',
    unset,
    'ENVIRONMENT_UNSET',
    ['Orders.run', 'STAGE and EMPTY', 'export STAGE=… EMPTY=…'],
  ],
  [
    'an ARN of another service',
    at('arn:aws:sqs:eu-west-1:123456789012:orders'),
    'ACTIVITY_REF_INVALID',
    ['sqs'],
  ],
  [
    'an ARN of a state machine',
    at('arn:aws:states:eu-west-1:123456789012:stateMachine:Orders'),
    'ACTIVITY_REF_INVALID',
    ['names a stateMachine, not an activity'],
  ],
  [
    'an account that is too short',
    at('arn:aws:states:eu-west-1:12345:activity:Orders'),
    'ACTIVITY_REF_INVALID',
    ['12 digits', '12345'],
  ],
  ['a name with a space', at('my orders'), 'ACTIVITY_REF_INVALID', ['" "', 'refuses']],
  ['a name that is too long', at('x'.repeat(81)), 'ACTIVITY_REF_INVALID', ['81 characters', '80']],
  ['an empty name', at(''), 'ACTIVITY_REF_INVALID', ['""']],
  [
    'a static handler',
    () => {
      @Activity('orders')
      class Orders {
        @Handle() static run(_input: Order): void {}
      }
      return Orders;
    },
    'HANDLER_MISPLACED',
    ['Orders.run', 'static'],
  ],
  [
    'an unknown option',
    () => {
      const options: object = { concurency: 5 };
      @Activity('orders')
      class Orders {
        @Handle(options) run(_input: Order): void {}
      }
      return Orders;
    },
    'HANDLER_OPTION_INVALID',
    ['Orders.run', "'concurency'", "did you mean 'concurrency'"],
  ],
  [
    'an unknown scope',
    () => {
      @Activity('orders', { scope: 'request' as 'task' })
      class Orders {
        @Handle() run(_input: Order): void {}
      }
      return Orders;
    },
    'HANDLER_OPTION_INVALID',
    ['Orders', 'scope', '"request"', "'worker' or 'task'"],
  ],
  [
    'an interceptor that is none',
    () => {
      @Activity('orders', { interceptors: [NoInterceptor as Constructor<Interceptor>] })
      class Orders {
        @Handle() run(_input: Order): void {}
      }
      return Orders;
    },
    'HANDLER_OPTION_INVALID',
    ['Orders', 'NoInterceptor', 'intercept(task, next)'],
  ],
];

function nestedMistakes(): typeof mistakes {
  const taking = (input: Constructor<object>) => (): Constructor => {
    @Activity('orders')
    class Orders {
      @Handle({ input }) run(_input: object): void {}
    }
    return Orders;
  };
  return [
    [
      'a nested class without @Type',
      taking(UntypedLines),
      'INPUT_TYPE_LOST',
      ['UntypedLines.lines', '@Type('],
    ],
    [
      'a nested class that is not validated',
      taking(UncheckedLines),
      'INPUT_WITHOUT_RULES',
      ['UncheckedLines.lines', 'Line', '@ValidateNested()'],
    ],
    [
      'a nested class without rules',
      taking(BareLines),
      'INPUT_WITHOUT_RULES',
      ['Bare, which is nested in BareLines.lines, has no rule'],
    ],
    [
      'a Date that nothing makes',
      taking(Times),
      'INPUT_TYPE_INVALID',
      ['Times.at', 'JSON has no such value', '@IsDate() @Type(() => Date) at!: Date;'],
    ],
    [
      'a Date or null that nothing makes',
      taking(Maybe),
      'INPUT_TYPE_INVALID',
      ['Maybe.at', '@IsDate() @Type(() => Date) at!: Date;'],
    ],
    [
      'a Set that nothing makes',
      taking(Labels),
      'INPUT_TYPE_INVALID',
      ['Labels.names', '@IsString({ each: true }) @Type(() => String) names!: Set<string>;'],
    ],
    [
      'a Map that nothing makes',
      taking(Prices),
      'INPUT_TYPE_INVALID',
      ['Prices.byName', '@IsInt({ each: true }) @Type(() => Number) byName!: Map<string, number>;'],
    ],
    [
      'a class that nothing makes',
      taking(Shipment),
      'INPUT_TYPE_INVALID',
      ['Shipment.line', '@ValidateNested() @Type(() => Line) line!: Line;'],
    ],
    [
      'a bigint that nothing makes',
      taking(Account),
      'INPUT_TYPE_INVALID',
      ['Account.cents', '@Transform(({ value }) => BigInt(value)) @IsDefined() cents!: bigint;'],
    ],
    [
      'a function, or a class behind `import type`',
      taking(Callback),
      'INPUT_TYPE_INVALID',
      ['Callback.then', '`import type`'],
    ],
    [
      'a @Type that converts nothing',
      taking(Link),
      'INPUT_TYPE_INVALID',
      ['Link.to', '@Type(() => URL)', '@Transform(({ value }) => new URL(value))'],
    ],
    [
      'a @Type that makes something else than is declared',
      taking(Stamp),
      'INPUT_TYPE_INVALID',
      ['Stamp.at', 'declared as String', 'makes a Date'],
    ],
    [
      'a rule that is never asked',
      taking(Unasked),
      'INPUT_WITHOUT_RULES',
      ['NeverAsked', '@ValidatorConstraint()'],
    ],
    [
      'a constructor that needs arguments',
      taking(NeedsArguments),
      'INPUT_TYPE_INVALID',
      ['new NeedsArguments()', 'throws'],
    ],
    [
      'a field without a rule, which a new instance shows',
      taking(Forgotten),
      'INPUT_WITHOUT_RULES',
      ['Forgotten.note', 'the input would lose the value', '@Allow()', '@Exclude()'],
    ],
    [
      'a field with nothing but @Type',
      taking(OnlyTyped),
      'INPUT_WITHOUT_RULES',
      ['OnlyTyped.due', 'no rule'],
    ],
    [
      'a field with nothing but @Transform',
      taking(OnlyTransformed),
      'INPUT_WITHOUT_RULES',
      ['OnlyTransformed.total', 'no rule'],
    ],
    [
      'a discriminator that would take unknown types as the base class',
      taking(Zoo),
      'INPUT_TYPE_INVALID',
      [
        'Zoo.animal',
        'an instance of Animal of a value whose kind',
        '@Type(() => Object, …)',
        'list Animal in subTypes',
      ],
    ],
    [
      'two fields with one key',
      taking(Twice),
      'INPUT_TYPE_INVALID',
      ['Twice.id and Twice.order', "'order_id'"],
    ],
    [
      'a rule for arrays on a Set',
      taking(Sized),
      'INPUT_TYPE_INVALID',
      ['Sized.tags is a Set', '@ArrayMinSize', '@ArrayUnique()'],
    ],
    [
      'a symbol, which nothing in JSON makes',
      taking(Mark),
      'INPUT_TYPE_INVALID',
      ['Mark.mark', '@IsString() mark!: string, and make the Symbol in the handler'],
    ],
    [
      'a @Type of what nothing in JSON makes',
      taking(Eventual),
      'INPUT_TYPE_INVALID',
      ['Eventual.later', '@IsString() later!: string, and make the Promise in the handler'],
    ],
    [
      'a @Type of bigint',
      taking(Large),
      'INPUT_TYPE_INVALID',
      ['Large.count', '@Transform(({ value }) => BigInt(value)) @IsDefined() count!: bigint;'],
    ],
    [
      'a field named like a method of every object',
      taking(NamedLikeAMethod),
      'INPUT_TYPE_INVALID',
      ['NamedLikeAMethod.toString', '@Expose'],
    ],
  ];
}
