import { createHash } from 'node:crypto';
import type { TaskContext } from 'stepwright';
import {
  payloadKey,
  REFERENCE_KEY,
  type Reference,
  readReference,
} from '../../../src/framework/worker/keep/payload-store.js';
import type { Lease, Outcome } from '../chronicle.js';
import type { Work } from '../handlers.js';
import type { Watched } from '../invariants.js';
import type { Payload } from '../plan.js';

/** The options `above` and `limit`. */
export const [ABOVE, LIMIT] = ['1KB', '256KB'] as const;
const LIMIT_BYTES = 256 * 1024;
const BASE = 'simulated:';

/** The end of a task whose input has such a reference. */
export const EXPECTED: Readonly<Record<Payload, string>> = {
  whole: 'SUCCEEDED or Stepwright.PayloadUnavailable',
  missing: 'Stepwright.PayloadUnavailable',
  changed: 'Stepwright.PayloadUnavailable',
  elsewhere: 'Stepwright.InvalidInput',
  'too large': 'Stepwright.InvalidInput',
};

/** Makes the value of a task's payload: the same each time, and of more than 1 KB. */
const valueOf = (n: number): object => ({
  of: n,
  lines: Array.from(
    { length: 80 + (n % 60) },
    (_, line) => `“${n}.${line}” is ${(n * 7_919 + line) % 1_009}`,
  ),
});

const bytesOf = (n: number): Buffer => Buffer.from(JSON.stringify(valueOf(n)));
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Holds inputs and outputs that go through the store against what they promise. */
export class LargePayloads {
  /** The keys of records that nobody may read. */
  readonly #forbidden = new Set<string>();

  constructor(
    private readonly watched: Watched,
    private readonly broken: (invariant: string, what: string) => void,
  ) {
    watched.store.watchers.push(({ how, key }) => {
      if (how === 'get' && this.#forbidden.has(key))
        broken('references', `${key} was read, which only a reference that must not be followed names`);
    });
  }

  /** Puts the payload of a task into the store. @returns its reference */
  async plant({ n, payload = 'whole' }: Work): Promise<object> {
    const bytes = bytesOf(n);
    const sha256 = hashOf(bytes);
    const key = payloadKey(sha256);
    if (payload === 'changed') bytes.reverse();
    if (payload !== 'missing') await this.watched.store.plant(key, bytes);
    if (payload === 'elsewhere' || payload === 'too large') this.#forbidden.add(key);
    const reference: Reference = {
      uri: `${payload === 'elsewhere' ? 'https://elsewhere.test' : BASE}/${key}`,
      sha256,
      bytes: payload === 'too large' ? LIMIT_BYTES + 1 : bytes.byteLength,
    };
    return { [REFERENCE_KEY]: reference };
  }

  /** Checks the input that a handler is called with. */
  received({ token }: TaskContext, { n, payload = 'whole', data }: Work): void {
    const about = `#${this.watched.chronicle.lease(token)?.n}`;
    if (payload !== 'whole')
      this.broken('payload in', `${about} was handled with a payload that is ${payload}`);
    if (JSON.stringify(data) !== JSON.stringify(valueOf(n)))
      this.broken('payload in', `${about} was handled with another payload than was put there`);
  }

  reportLeft({ n: about, input }: Lease, { status, text }: Outcome, name: string): void {
    const { n, payload = 'whole' } = JSON.parse(input) as Work;
    if (status === 'succeeded') return this.#outputLeft(about, n, text);
    const isExpected = EXPECTED[payload].includes(name) || name === 'Stepwright.PayloadUnavailable';
    const isFault =
      payload === 'whole' || (name === 'Stepwright.PayloadUnavailable' && payload === 'elsewhere');
    if (!isExpected || (isFault && !this.watched.store.wasTroubled))
      this.broken('payload in', `#${about}, whose payload is ${payload}, failed by ${text.slice(0, 200)}`);
  }

  /** A reference leaves when all that it stands for is in the store. */
  #outputLeft(about: number, n: number, text: string): void {
    const { [REFERENCE_KEY]: value, ...beside } = JSON.parse(text) as Record<string, unknown>;
    const reference = readReference(value);
    if (!reference || Object.keys(beside).length > 0)
      return this.broken(
        'payload out',
        `#${about} was offered ${text.slice(0, 120)}, and not as a reference`,
      );
    const { uri, sha256, bytes } = reference;
    const stored = this.watched.store.peek(payloadKey(sha256));
    const expected = Buffer.from(JSON.stringify({ n, data: valueOf(n) }));
    const isRight = uri === `${BASE}/${payloadKey(sha256)}` && bytes === expected.byteLength;
    if (!stored || !isRight || sha256 !== hashOf(expected) || !expected.equals(stored))
      this.broken('payload out', `the output of #${about} is not in the store, or not as its reference says`);
  }
}
