import { expect, test } from '@jest/globals';
import { checkKey } from '../../../src/framework/base/store.js';
import { decodeRecord, encodeRecord, keyPart, tokenKey } from '../../../src/framework/worker/keep/record.js';

const stored = (value: unknown): { value: Uint8Array; version: string } => ({
  value: value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value)),
  version: '1',
});

test('a record is read as it was written, and its fields do not take the place of the version and the kind', () => {
  const fields = { token: 'té', n: 1, more: { deep: [1] }, v: 9, kind: 'once' };
  const read = decodeRecord('outcome', 'k/a', stored(encodeRecord('outcome', fields)));
  expect(read).toEqual({ ...fields, v: 1, kind: 'outcome' });
});

test('a record of another release, of another kind, or of no kind is damaged, and named without its content', () => {
  const strange = [
    { v: 2, kind: 'outcome', token: 'secret' },
    { v: 1, kind: 'once' },
    [1],
    { kind: 'outcome' },
  ];
  const torn = [Buffer.from('{"v":1,'), Buffer.from([0xff, 0xfe]), Buffer.alloc(0)];
  for (const each of [...strange, ...torn])
    expect(() => decodeRecord('outcome', 'k/a', stored(each))).toThrow(
      expect.objectContaining({ kind: 'damaged', message: expect.not.stringContaining('secret') }),
    );
});

test('a part of a key shows the text, is a good key for any text, and differs for different texts', () => {
  const texts = [
    'order-7',
    'Order-7',
    '',
    '../../etc',
    '.hidden',
    '=x',
    'a/b',
    'é😀',
    'x'.repeat(10_000),
    'a b',
    'a_b',
  ];
  for (const text of texts) expect(() => checkKey(`once/${keyPart(text)}/${keyPart(text)}`)).not.toThrow();
  expect(new Set(texts.map(keyPart)).size).toBe(texts.length);
  expect(keyPart('order-7')).toMatch(/^order-7-[0-9a-f]{32}$/);
  expect(tokenKey('AAAA')).toMatch(/^[0-9a-f]{64}$/);
});
