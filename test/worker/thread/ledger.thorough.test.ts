import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  LeaseLedger,
  type LedgerLease,
  ledgerMemory,
} from '../../../src/framework/worker/thread/lease-ledger.js';

const lease = (id: number, token = `token-${id}`): LedgerLease => ({
  ...{ id, token, region: id % 3, everyMs: id % 2 === 0 ? 20_000.5 : Number.POSITIVE_INFINITY },
  leasedAt: 1_763_000_000_000.25 + id,
});

/** The two ends of one ledger, as two threads hold them. */
function ends(): { writer: LeaseLedger; reader: LeaseLedger } {
  const memory = ledgerMemory();
  return { writer: new LeaseLedger(memory), reader: new LeaseLedger(memory) };
}

test('what is written is read once, as it was written, and a lease that is over by then is not', () => {
  const { writer, reader } = ends();
  expect([lease(1), lease(2), lease(3, 'x'.repeat(2_048))].map((each) => writer.begin(each))).toEqual([
    true,
    true,
    true,
  ]);
  writer.end(2);
  expect(reader.read()).toEqual({ leases: [lease(1), lease(3, 'x'.repeat(2_048))], over: [] });
  writer.end(1);
  expect(reader.read()).toEqual({ leases: [], over: [1] });
  expect(reader.read()).toEqual({ leases: [], over: [] });
});

test('what has no room, or is no plain text, is refused, and there is room again once it was read', () => {
  const { writer, reader } = ends();
  expect(writer.begin(lease(0, 'tökén'))).toBe(false);
  expect(writer.begin(lease(0, 'ö'.repeat(4_096)))).toBe(false);
  expect(writer.begin(lease(0, 'x'.repeat(5_000)))).toBe(false);
  let written = 0;
  while (writer.begin(lease(written, 'x'.repeat(1_000)))) written++;
  expect(written).toBeGreaterThan(2_000);
  expect(reader.read().leases).toHaveLength(written);
  expect(writer.begin(lease(written))).toBe(true);
  expect(reader.read().leases).toEqual([lease(written)]);
});

test('whatever is written and read by turns, also over the edge of the memory, nothing is lost or mixed up', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('begin' as const), length: fc.nat(2_048) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(50) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('read' as const) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1_000, maxLength: 4_000, size: 'max' }), (steps) => {
      const { writer, reader } = ends();
      const alive = new Map<number, LedgerLease>();
      const seen = new Map<number, LedgerLease>();
      const read = (): void => {
        const { leases, over } = reader.read();
        for (const id of over) if (!seen.delete(id)) throw new Error(`nobody knows ${id}`);
        for (const each of leases) seen.set(each.id, each);
      };
      let id = 0;
      for (const each of steps) {
        if (each.kind === 'read') read();
        else if (each.kind === 'begin') {
          const begun = lease(++id, String(id).padEnd(each.length, 'x'));
          if (writer.begin(begun)) alive.set(id, begun);
        } else {
          const over = [...alive.keys()][each.which];
          if (over !== undefined && writer.end(over)) alive.delete(over);
        }
      }
      read();
      expect(seen).toEqual(alive);
    }),
    { numRuns: 10 },
  );
});
