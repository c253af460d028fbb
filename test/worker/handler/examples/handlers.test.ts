import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import {
  IsArray,
  IsDate,
  IsDefined,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Min,
  Validate,
  ValidateNested,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { inject, injectable, singleton } from 'tsyringe';
import { Activity, createLog, currentTask, Handle, TASK_CONTEXT, type TaskContext } from 'stepwright';
import { createTestBed, createTestMachine } from 'stepwright/testing';

class Item {
  @IsString() sku!: string;
  @IsInt() @Min(1) count!: number;
}

class Order {
  @IsString() id!: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
  @IsOptional() @IsDate() @Type(() => Date) due?: Date;
}

@singleton()
class Warehouse {
  async reserve(sku: string, count: number): Promise<string> {
    return `${sku}-${count}`;
  }
}

@Activity('arn:aws:states:eu-west-1:123456789012:activity:reserve-${STAGE}', { concurrency: 20 })
class Reservations {
  constructor(private readonly warehouse: Warehouse) {}

  @Handle()
  async reserve(order: Order, task: TaskContext): Promise<{ reserved: string[] }> {
    task.log.info({ order: order.id }, 'reserving');
    const work = order.items.map(({ sku, count }) => this.warehouse.reserve(sku, count));
    return { reserved: await Promise.all(work) };
  }

  @Handle({ activity: 'release-${STAGE}', timeout: '30s' })
  release(order: Order): string {
    return `released ${order.id}`;
  }
}

test('reserves', async () => {
  const bed = await createTestBed(Reservations);
  const order = { id: '7', items: [{ sku: 'tea', count: 2 }] };
  expect(await bed.run(order, { handler: 'Reservations.reserve' })).toEqual({
    status: 'succeeded',
    output: { reserved: ['tea-2'] },
  });
  expect(await bed.run(order, { handler: 'Reservations.release' })).toMatchObject({
    output: 'released 7',
  });
});

@Activity('inputs')
class Inputs {
  @Handle({ activity: 'one', input: Order }) one(order: Order): string {
    return order.id;
  }
  @Handle({ activity: 'several', input: [Item] }) several(items: Item[]): number {
    return items.length;
  }
  @Handle({ activity: 'text', input: String }) text(name: string): string {
    return name;
  }
  @Handle({ activity: 'anything', input: 'any' }) anything(json: unknown): string {
    return typeof json;
  }
  @Handle({ activity: 'nothing' }) nothing(): string {
    return 'no parameter: the input is not looked at';
  }
}

test('inputs', async () => {
  const bed = await createTestBed(Inputs);
  const item = { sku: 'tea', count: 1 };
  expect(await bed.run({ id: '7', items: [] }, { handler: 'Inputs.one' })).toMatchObject({ output: '7' });
  expect(await bed.run([item, item], { handler: 'Inputs.several' })).toMatchObject({ output: 2 });
  expect(await bed.run('tea', { handler: 'Inputs.text' })).toMatchObject({ output: 'tea' });
  expect(await bed.run(null, { handler: 'Inputs.anything' })).toMatchObject({ output: 'object' });
  expect(await bed.run({}, { handler: 'Inputs.nothing' })).toMatchObject({ status: 'succeeded' });
});

class Card {
  @IsString() number!: string;
}
class Transfer {
  @IsString() iban!: string;
}
class Payment {
  @IsDefined()
  @ValidateNested()
  @Type(() => Object, {
    discriminator: {
      property: 'kind',
      subTypes: [
        { name: 'card', value: Card },
        { name: 'transfer', value: Transfer },
      ],
    },
  })
  method!: Card | Transfer;
}

@Activity('pay')
class Payments {
  @Handle({ unknownKeys: 'refuse' }) pay({ method }: Payment): string {
    return method instanceof Card ? `card ${method.number}` : `transfer ${method.iban}`;
  }
}

test('subtypes', async () => {
  const bed = await createTestBed(Payments);
  expect(await bed.runText('{"method":{"kind":"card","number":"42"}}')).toMatchObject({ output: 'card 42' });
  expect(await bed.runText('{"method":{"kind":"cash"}}')).toMatchObject({
    error: 'Stepwright.InvalidInput',
    cause: expect.stringContaining('method.kind must be one of: card, transfer'),
  });
  expect(await bed.runText('{"method":{"kind":"card","number":"42"},"tip":1}')).toMatchObject({
    cause: expect.stringContaining('tip is not a known key'),
  });
});

@injectable()
class Catalogue {
  async has(sku: string): Promise<boolean> {
    return sku === 'tea';
  }
}

@ValidatorConstraint({ name: 'inCatalogue', async: true })
@injectable()
class InCatalogue implements ValidatorConstraintInterface {
  constructor(private readonly catalogue: Catalogue) {}

  validate(sku: string): Promise<boolean> {
    return this.catalogue.has(sku);
  }

  defaultMessage(): string {
    return '$property is not in the catalogue';
  }
}

class Wish {
  @Validate(InCatalogue) sku!: string;
}

@Activity('wish')
class Wishes {
  @Handle() wish({ sku }: Wish): string {
    return sku;
  }
}

test('rules with dependencies', async () => {
  const bed = await createTestBed(Wishes);
  expect(await bed.run({ sku: 'tea' })).toMatchObject({ output: 'tea' });
  expect(await bed.run({ sku: 'oil' })).toMatchObject({
    cause: expect.stringContaining('sku is not in the catalogue'),
  });
});

class Receipt {
  @IsString() @Expose({ name: 'receipt_id' }) id!: string;
  @IsIn(['EUR', 'JPY']) currency!: string;
  @IsOptional() @IsString() @Exclude() note?: string;
}

@Activity('charge')
class Charges {
  @Handle({ output: Receipt })
  charge(order: Order): Receipt {
    return { id: order.id, currency: 'EUR', note: 'for us only' };
  }
}

test('typed outputs', async () => {
  const bed = await createTestBed(Charges);
  expect(await bed.run({ id: '7', items: [] })).toEqual({
    status: 'succeeded',
    output: { receipt_id: '7', currency: 'EUR' },
  });
});

@injectable()
class Session {
  constructor(@inject(TASK_CONTEXT) private readonly task: TaskContext) {}

  get name(): string {
    return `session of ${this.task.handler}`;
  }

  async dispose(): Promise<void> {
    closed.push(this.name);
  }
}

const closed: string[] = [];

@Activity('import', { scope: 'task' })
class Imports {
  constructor(private readonly session: Session) {}

  @Handle() run(): string {
    return this.session.name;
  }
}

test('one instance a task', async () => {
  const bed = await createTestBed(Imports);
  expect(await bed.run({})).toMatchObject({ output: 'session of Imports.run' });
  expect(closed).toEqual(['session of Imports.run']);
});

function audit(what: string): string {
  const task = currentTask();
  task?.log.info({ what }, 'audit');
  return task ? `${what} for ${task.handler}` : `${what} for nobody`;
}

@Activity('audited')
class Audited {
  @Handle() async run(): Promise<string> {
    await Promise.resolve();
    return audit('deleted');
  }
}

test('the current task', async () => {
  const bed = await createTestBed(Audited);
  expect(await bed.run({})).toMatchObject({ output: 'deleted for Audited.run' });
  expect(audit('deleted')).toBe('deleted for nobody');
});

class Shipment {
  @IsString() execution!: string;
  @IsString() order!: string;
}

@Activity('ship')
class Ships {
  @Handle()
  ship({ execution, order }: Shipment, task: TaskContext): string {
    const log = task.log.child({ execution });
    log.info({ order }, 'shipping');
    return order;
  }
}

test('the execution in the input and in the log', async () => {
  const page = readFileSync('docs/handlers.md', 'utf8');
  expect(page).toContain(`"Parameters": { "execution.$": "$$.Execution.Id" }`);
  const Ship = {
    Type: 'Task',
    Resource: 'arn:aws:states:eu-west-1:123456789012:activity:ship',
    Parameters: { 'execution.$': '$$.Execution.Id', 'order.$': '$.order' },
    End: true,
  };
  const definition = { StartAt: 'Ship', States: { Ship } };
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const log = createLog({ destination: { write } });
  const machine = await createTestMachine(definition, { activities: [Ships], log });
  expect(await machine.execute({ order: 'o-1' })).toMatchObject({ status: 'succeeded', output: 'o-1' });
  const shipping = lines.find(({ msg }) => msg === 'shipping');
  expect(shipping).toMatchObject({
    order: 'o-1',
    execution: expect.stringMatching(/^arn:aws:states:.*:execution:TestMachine:/),
  });
});

/** Returns the cents of an amount such as "12.50". */
function toCents(amount: unknown): bigint {
  const [, units, cents] = /^(\d{1,12})\.(\d\d)$/.exec(String(amount)) ?? [];
  if (units === undefined || cents === undefined) throw new RangeError('not an amount');
  return BigInt(units + cents);
}

class Refund {
  @Matches(/^\d{1,12}\.\d\d$/) asText!: string;
  @Transform(({ value }) => toCents(value)) @IsDefined() asCents!: bigint;
}

@Activity('refund')
class Refunds {
  @Handle()
  refund({ asText, asCents }: Refund): string {
    return `${asText} is ${asCents}`;
  }
}

test('decimals, and a value that a @Transform refuses', async () => {
  const bed = await createTestBed(Refunds);
  const run = (amount: unknown) => bed.runText(JSON.stringify({ asText: '0.10', asCents: amount }));
  expect(await run('12.50')).toMatchObject({ output: '0.10 is 1250' });
  const refused = await run('12.5');
  expect(refused).toMatchObject({ error: 'Stepwright.InvalidInput' });
  expect(refused).toMatchObject({
    cause: expect.stringMatching(/"path":"asCents","rule":"transform".*RangeError/),
  });
});
