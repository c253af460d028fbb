import { expect, test } from '@jest/globals';
import { type Linked, LinkedList } from '../../src/framework/base/collections.js';

interface Item extends Linked<Item> {
  readonly name: string;
}
const item = (name: string): Item => ({ name, previous: undefined, next: undefined });
const names = (list: LinkedList<Item>): string => Array.from(list, ({ name }) => name).join('');

test('items are in the order of their additions, whichever are removed', () => {
  const list = new LinkedList<Item>();
  const [a, b, c, d] = [item('a'), item('b'), item('c'), item('d')] as const;
  for (const each of [a, b, c, d]) list.add(each);
  expect([names(list), list.size, list.first]).toEqual(['abcd', 4, a]);
  expect([list.remove(b), names(list)]).toEqual([true, 'acd']);
  expect([list.remove(a), names(list), list.first]).toEqual([true, 'cd', c]);
  expect([list.remove(d), names(list), list.size]).toEqual([true, 'c', 1]);
  list.add(a);
  expect([names(list), list.size]).toEqual(['ca', 2]);
  expect([list.remove(c), list.remove(a), names(list), list.size, list.first]).toEqual([
    true,
    true,
    '',
    0,
    undefined,
  ]);
});

test('an item that is not in the list is not removed', () => {
  const list = new LinkedList<Item>();
  const [a, b] = [item('a'), item('b')] as const;
  list.add(a);
  expect([list.remove(b), list.remove(a), list.remove(a), list.size]).toEqual([false, true, false, 0]);
});

test('a removed item links nowhere, so it keeps no other one from being collected', () => {
  const list = new LinkedList<Item>();
  const [a, b, c] = [item('a'), item('b'), item('c')] as const;
  for (const each of [a, b, c]) list.add(each);
  list.remove(b);
  expect(b).toEqual(item('b'));
});
