import { expect, test } from '@jest/globals';
import { IsDate, IsInt, IsString } from 'class-validator';
import { Type } from 'class-transformer';
import { Activity, Handle, type TaskContext } from 'stepwright';
import { createTestBed } from 'stepwright/testing';
import { discover } from '../../../src/framework/declare/discovery/discovery.js';

class Order {
  @IsInt() amount!: number;
}
class Receipt {
  @IsString() id!: string;
  @IsDate() @Type(() => Date) at!: Date;
}

// Each line under a @ts-expect-error fails the type check of the tests if the compiler accepts it.
@Activity('types')
class Typed {
  @Handle() plain(_input: Order, _task: TaskContext): void {}
  @Handle() nothing(): void {}
  @Handle({ input: Order }) named(_input: Order): void {}
  @Handle({ input: Order }) wider(_input: { amount: number }): void {}
  @Handle({ input: [Order] }) list(_input: Order[]): void {}
  @Handle({ input: String }) text(_input: string): void {}
  @Handle({ input: 'any' }) anything(_input: { whatever: true }): void {}
  @Handle({ output: Receipt }) receipt(): Receipt {
    return { id: '1', at: new Date(0) };
  }
  @Handle({ output: Receipt }) later(): Promise<Receipt> {
    return Promise.resolve({ id: '1', at: new Date(0), more: 1 });
  }
  @Handle({ output: [Receipt] }) async receipts(): Promise<Receipt[]> {
    return [];
  }

  // @ts-expect-error -- the parameter's type is not that of `input:`
  @Handle({ input: Order }) otherInput(_input: Receipt): void {}
  // @ts-expect-error -- `input: [Order]` gives an array
  @Handle({ input: [Order] }) noList(_input: Order): void {}
  // @ts-expect-error -- `input: String` gives a string
  @Handle({ input: String }) noText(_input: number): void {}
  // @ts-expect-error -- the returned value does not fit `output:`
  @Handle({ output: Receipt }) otherOutput(): Order {
    return { amount: 1 };
  }
  // @ts-expect-error -- nor does a promise of it
  @Handle({ output: Receipt }) async otherPromise(): Promise<Order> {
    return { amount: 1 };
  }
  // @ts-expect-error -- nor one for an array
  @Handle({ output: [Receipt] }) one(): Receipt {
    return { id: '1', at: new Date(0) };
  }
  // @ts-expect-error -- the second parameter is the TaskContext
  @Handle() swapped(_input: Order, _task: string): void {}
  // @ts-expect-error -- a handler is a method
  @Handle() field = 7;
  // @ts-expect-error -- there is no such option
  @Handle({ concurency: 1 }) misspelt(_input: Order): void {}
}

test('what the compiler refuses, discovery does not have to', () => {
  const { handlers } = discover([Typed], {});
  expect(handlers.map(({ method }) => method)).toEqual(
    expect.arrayContaining(['plain', 'nothing', 'named', 'list', 'text', 'anything', 'receipt', 'receipts']),
  );
});

@Activity('shop')
class Shop {
  @Handle() async buy({ amount }: Order): Promise<Receipt> {
    return { id: String(amount), at: new Date(0) };
  }
}

test('what a bed takes and gives is typed by the handler', async () => {
  const bed = await createTestBed(Shop);
  const result = await bed.run({ amount: 1 });
  if (result.status !== 'succeeded') throw new Error('failed');
  const id: string = result.output.id;
  // A Date comes back as JSON writes it.
  const at: string = result.output.at;
  expect([id, at]).toEqual(['1', '1970-01-01T00:00:00.000Z']);

  // @ts-expect-error -- the order has no such field
  await bed.run({ total: 1 });
  // @ts-expect-error -- nor is its amount a text
  await bed.run({ amount: '1' });
  // @ts-expect-error -- the output has no such field
  expect(result.output.total).toBeUndefined();
  // @ts-expect-error -- the bed has no such handler
  await expect(bed.run({ amount: 1 }, { handler: 'Shop.sell' })).rejects.toThrow('Shop.buy');
});
