import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

export type Encoding = 'br' | 'gzip';

/** A body with fewer bytes fits into one packet anyway. */
export const SMALLEST = 1_400;

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

/** Returns the best encoding that a client accepts. Undefined if it accepts none that the console has. */
export function encodingFor({ 'accept-encoding': accepted = '' }: IncomingHttpHeaders): Encoding | undefined {
  const offers = [accepted].flat().join().split(',');
  const names = offers
    .filter((each) => !/;\s*q=0(\.0*)?\s*$/.test(each))
    .map((each) => each.split(';')[0]?.trim());
  return (['br', 'gzip'] as const).find((each) => names.includes(each));
}

/** Compresses a body outside of the main thread. `effort` is a level of Brotli's: 4 is quick, and 11 takes a second. */
export function compress(body: Buffer | string, encoding: Encoding, effort: 4 | 10): Promise<Buffer> {
  if (encoding === 'gzip') return zip(body);
  return brotli(body, { params: { [constants.BROTLI_PARAM_QUALITY]: effort } });
}
