import { compileFunction } from 'node:vm';
import { expect, test } from '@jest/globals';
import { IsInt, IsOptional, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import { Activity, Handle } from 'stepwright';
import { createTestBed } from 'stepwright/testing';
import { injectable } from 'tsyringe';
import { discover } from '../../src/framework/declare/discovery/discovery.js';
import type { Constructor } from '../../src/framework/declare/class.js';

const NAMES = { Reflect, Activity, Handle, IsInt, IsOptional, Type, ValidateNested, injectable };

/** Runs code as TypeScript 7.0.2 writes it, and returns the classes in it. */
function run(code: string, names: object = {}): Constructor<object>[] {
  const given = { ...NAMES, ...names };
  return compileFunction(code, Object.keys(given))(...Object.values(given)) as Constructor<object>[];
}

/** Writes an activity as TypeScript 7.0.2 does. @param body members of the class */
const charge = (body: string, bound = 'Charge = Charge_1 = '): string => `
  var Charge_1, Charge_2, _a;
  let ${bound}class Charge {
    run(input) { return this.work(input); }
    ${body}
  };
  Handle({ input: 'any' })(Charge.prototype, 'run', Object.getOwnPropertyDescriptor(Charge.prototype, 'run'));
  Charge = Charge_1 = Activity('charge')(Charge) ?? Charge;
  return [Charge];`;

const codesOf = (classes: Constructor<object>[]): string[] =>
  discover(classes, {}).problems.map(({ code }) => code);

test.each<string[]>([
  ['a key', 'work() { return { Charge_1: 5 }; }'],
  ['a key in a list, in the text of a template', 'work() { return `it is ${[{ a: 1, Charge_1: 5 }]}`; }'],
  ['a short key', 'work() { return { Charge_1 }; }'],
  ['a key that is read', 'work({ Charge_1: amount }) { return amount; }'],
  ['a key that is read into a variable', 'work(i) { let y; ({ Charge_1: [y = 5] } = i); return y; }'],
  ['a field', 'Charge_1 = 5;'],
  ['a method', 'async *Charge_1() {}'],
  ['an accessor', 'get Charge_1() { return 5; }'],
  ['a method of an object', 'work() { return { Charge_1() { return 5; } }; }'],
  ['a key after a comment', 'work() { return { /* cents */ Charge_1: 5 }; }'],
  [
    'a field of an older target',
    'constructor() { this.amounts = { Charge_1: 5 }; }',
    'Charge = Charge_1 = _a = ',
  ],
  ['a static field', 'static { Charge_1 = this; } static Charge_1 = 5;', 'Charge = '],
])('%s that the compiler has renamed is refused', (_, body, ...[bound]) => {
  const { problems } = discover(run(charge(body, bound)), {});
  expect(problems).toEqual([
    {
      code: 'KEY_RENAMED',
      where: 'Charge',
      what: 'the compiler wrote Charge_1 where the source has the key Charge: TypeScript 7.0 renames a key that is named like its class',
      fix: "quote it, as in { 'Charge': … }; or compile by another compiler: npm install --save-dev typescript@~6.0",
    },
  ]);
});

test.each<string[]>([
  ["a user's own key", 'work() { return { Charge_1: 6 }; }', 'Charge = '],
  [
    "a user's own key beside the alias",
    'work() { return { Charge_1: Charge_2.name }; }',
    'Charge = Charge_2 = ',
  ],
  ['the alias itself', 'work(a) { return a ? Charge_1 : [Charge_1, new Charge_1()]; }'],
  ['a case', 'work(a) { switch (a) { case Charge_1: return 5; } }'],
  ['a label', 'work() { Charge_1: for (;;) { break Charge_1; } }'],
  ['a comment', 'work() { return { /* not { Charge_1: 5 } */ Charge: 5 }; }'],
  ['a text', "work() { return { 'Charge': '{ Charge_1: 5 }', \"Charge_1\": `{ Charge_1: 5 }` }; }"],
  ['a pattern', 'work() { return /{Charge_1: 5,Charge_1}/; }'],
  ['a property that is read', 'work(a) { return { a: a.Charge_1, b: a?.Charge_1 }; }'],
  ['a private field', '#Charge_1 = 5; work() { return this.#Charge_1; }'],
])('%s passes', (_, body, ...[bound]) => {
  expect(codesOf(run(charge(body, bound)))).toEqual([]);
});

test('it is found in the classes of an input, in their base classes, and in what the container builds', async () => {
  const [Item, Order, Rates] = run(`
    var Item_1, Base_1, Rates_1;
    let Item = Item_1 = class Item { price; toJSON() { return { Item_1: this.price }; } };
    IsInt()(Item.prototype, 'price');
    let Base = Base_1 = class Base { sum() { return { Base_1: 1 }; } };
    class Order extends Base { item; }
    ValidateNested()(Order.prototype, 'item');
    Type(() => Item)(Order.prototype, 'item');
    let Rates = Rates_1 = class Rates { of() { return { Rates_1: 5 }; } };
    injectable()(Rates);
    return [Item, Order, Rates];`);
  const activity = (types: unknown[], input: unknown): Constructor<object>[] =>
    run(
      `class Charge { constructor(rates) {} run(input) {} }
      Reflect.defineMetadata('design:paramtypes', types, Charge);
      Handle({ input })(Charge.prototype, 'run', Object.getOwnPropertyDescriptor(Charge.prototype, 'run'));
      Activity('charge')(Charge);
      return [Charge];`,
      { types, input },
    );
  const { problems } = discover(activity([], Order), {});
  expect(problems.map(({ where, code }) => [where, code])).toEqual([
    ['Base', 'KEY_RENAMED'],
    ['Item', 'KEY_RENAMED'],
  ]);
  expect(Item).toBeDefined();
  const [Charge] = activity([Rates], 'any');
  await expect(createTestBed(Charge as Constructor<object>)).rejects.toMatchObject({
    problems: [expect.objectContaining({ code: 'KEY_RENAMED', where: 'Rates' })],
  });
});
