import { expect, test } from '@jest/globals';
import { createLog } from '../../../src/framework/base/log/log.js';
import { checkKey } from '../../../src/framework/base/store/store-error.js';
import { decodeRecord, encodeRecord, keyPart, tokenKey } from '../../../src/framework/worker/keep/record.js';
import { RecordReader } from '../../../src/framework/worker/keep/record-reader.js';

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

test('a record is read as it was written, and fields that this release does not know are kept', () => {
  const fields = { token: 'té', n: 1, later: { deep: [1] }, ['__proto__']: 'x' };
  const read = decodeRecord('outcome', encodeRecord('outcome', fields));
  expect(read).toEqual({ is: 'read', fields });
});

test('a field named v or kind does not take the place of the version and the kind', () => {
  const read = decodeRecord('once', encodeRecord('once', { v: 9, kind: 'worker', key: 1 }));
  expect(read).toEqual({ is: 'read', fields: { key: 1 } });
});

test('a record of a later release, of another kind, or of no kind is told apart, without its content', () => {
  expect(decodeRecord('outcome', json({ v: 2, kind: 'outcome' }))).toEqual({ is: 'newer', v: 2 });
  const foreign = [json({ v: 1, kind: 'worker' }), json([1]), json({ kind: 'outcome' }), json({ v: '1' })];
  for (const each of [...foreign, Buffer.from('{"v":1,'), Buffer.from([0xff, 0xfe]), Buffer.alloc(0)])
    expect(decodeRecord('outcome', each)).toMatchObject({ is: 'foreign' });
});

test('a part of a key shows the text, is a good key for any text, and differs for different texts', () => {
  const texts = ['order-7', '', '../../etc', '.hidden', '=x', 'a/b', 'é😀', 'x'.repeat(10_000), 'a b', 'a_b'];
  for (const text of texts) expect(() => checkKey(`once/${keyPart(text)}`)).not.toThrow();
  expect(new Set(texts.map(keyPart)).size).toBe(texts.length);
  expect(keyPart('order-7')).toMatch(/^order-7-[0-9a-f]{32}$/);
  expect(tokenKey('AAAA')).toMatch(/^[0-9a-f]{64}$/);
});

test('that a record of a later release is left alone is logged once for its kind', () => {
  const lines: string[] = [];
  const reader = new RecordReader(createLog({ destination: { write: (line) => void lines.push(line) } }));
  for (const key of ['outcomes/a', 'outcomes/b', 'outcomes/a'])
    expect(reader.read('outcome', key, json({ v: 7, kind: 'outcome', token: 'secret' }))).toBeUndefined();
  expect(reader.read('worker', 'workers/a', json({ v: 7, kind: 'worker' }))).toBeUndefined();
  expect(lines).toHaveLength(2);
  expect(lines.join('\n')).not.toContain('secret');
});
