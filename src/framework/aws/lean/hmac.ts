import crypto from 'node:crypto';

/** The block and digest sizes of SHA-256, in bytes. */
const BLOCK = 64;
const DIGEST = 32;

/**
 * Returns a function that computes the HMAC-SHA-256 (RFC 2104) of an ASCII text with a given key of 32 bytes, in
 * hexadecimal. It is built from two plain hashes, because one `createHmac` costs more than both of them: on Node 24 ten
 * times as much.
 */
export function hmacOf(key: Buffer): (text: string) => string {
  const outer = Buffer.alloc(BLOCK + DIGEST, 0x5c);
  let inner = Buffer.alloc(BLOCK + 512, 0x36);
  for (const [at, byte] of key.entries()) {
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  return (text) => {
    if (inner.length < BLOCK + text.length) inner = Buffer.concat([inner, Buffer.alloc(text.length)]);
    const length = BLOCK + inner.write(text, BLOCK, 'latin1');
    outer.write(crypto.hash('sha256', inner.subarray(0, length), 'binary'), BLOCK, 'binary');
    return crypto.hash('sha256', outer);
  };
}
