import { afterAll, describe, expect, test } from '@jest/globals';
import { Activity, Handle } from 'stepwright';
import { createTestBed } from 'stepwright/testing';
import { s3At, sendTo, startStores } from '../../aws/stores/stores.js';
import { referenceTo, sha256 } from './store.js';

const moto = await startStores();
afterAll(() => moto?.stop());
const url = moto?.url ?? '';

let seen: unknown;

@Activity('Echo')
class Echo {
  @Handle({ input: 'any', inline: ['id'] })
  echo(input: unknown): unknown {
    seen = input;
    return input;
  }
}

const VALUE = { id: 'ünïcode', text: 'x'.repeat(5 * 1024 * 1024) };
const JSON_TEXT = JSON.stringify(VALUE);
const BASE = 's3://kept/tests';
const HASH = sha256(JSON_TEXT);
const place = { Bucket: 'kept', Key: `tests/payloads/${HASH}` };

(moto ? describe : describe.skip)('payloads in S3', () => {
  test('what another program put is read, and what a worker wrote is a plain object', async () => {
    await using bed = await createTestBed(Echo, { payloads: { store: s3At(url) } });
    await sendTo('s3', url, ['PutObject', { ...place, Body: JSON_TEXT }]);
    const outcome = await bed.runText(JSON.stringify(referenceTo(JSON_TEXT, BASE)));
    expect(seen).toEqual(VALUE);
    expect(outcome).toEqual({
      status: 'succeeded',
      output: VALUE,
      sent: { id: 'ünïcode', ...referenceTo(JSON_TEXT, BASE) },
    });
    await sendTo('s3', url, ['DeleteObject', place]);
    const missing = await bed.runText(JSON.stringify(referenceTo(JSON_TEXT, BASE)));
    expect(missing).toMatchObject({ status: 'failed', error: 'Stepwright.PayloadUnavailable' });
  });

  test('an object that is larger than its reference says is not read', async () => {
    await using bed = await createTestBed(Echo, { payloads: { store: s3At(url) } });
    await sendTo('s3', url, ['PutObject', { ...place, Body: JSON_TEXT }]);
    const { $stepwright } = referenceTo(JSON_TEXT, BASE);
    const outcome = await bed.runText(JSON.stringify({ $stepwright: { ...$stepwright, bytes: 100 } }));
    if (outcome.status !== 'failed') throw new Error(outcome.status);
    expect(outcome.error).toBe('Stepwright.PayloadUnavailable');
    expect(outcome.cause).toContain('and this read takes at most 100 a record');
  });
});
