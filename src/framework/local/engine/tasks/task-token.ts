// Not `hash` by name: Node 18 has no such export, and would fail here before it is told what version is needed.
import crypto, { randomBytes, timingSafeEqual } from 'node:crypto';

const NONCE_BYTES = 96;
const SIGNATURE_BYTES = 32;
const MARK = 'AAAAKgAAAAIAAAAA';
const POOL_BYTES = 12_288;

/** Returns a source of random bytes that asks the system for many at once. No byte is given out twice. */
function pooledBytes(): (size: number) => Buffer {
  let pool = Buffer.alloc(0);
  return (size) => {
    if (pool.length < size) pool = randomBytes(POOL_BYTES);
    const taken = pool.subarray(0, size);
    pool = pool.subarray(size);
    return taken;
  };
}

/**
 * Issues task tokens, and recognises its own without storing them: a token contains a text, such as its activity's
 * ARN, signed with a key of this object. A token of a task that ended long ago so gets the right error.
 */
export class TokenMint {
  readonly #key: Buffer;

  /** @param source returns so many random bytes. Must be unpredictable wherever tokens have to be secret */
  constructor(private readonly randomBytes: (size: number) => Buffer = pooledBytes()) {
    this.#key = randomBytes(32);
  }

  /**
   * Returns a new token: a text of a few hundred characters that can't be guessed.
   * @param subject the text to put into the token: the ARN of the activity to which the task belongs, or another short
   * text
   */
  issue(subject: string): string {
    const nonce = this.randomBytes(NONCE_BYTES);
    const payload = Buffer.from(subject);
    return MARK + Buffer.concat([nonce, this.#sign(nonce, payload), payload]).toString('base64url');
  }

  /**
   * Returns the text that was put into a token when this object issued it, such as an activity's ARN. Returns undefined
   * if this object didn't issue it.
   */
  subjectOf(token: string): string | undefined {
    if (!token.startsWith(MARK)) return undefined;
    const bytes = Buffer.from(token.slice(MARK.length), 'base64url');
    if (bytes.length < NONCE_BYTES + SIGNATURE_BYTES) return undefined;
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const signature = bytes.subarray(NONCE_BYTES, NONCE_BYTES + SIGNATURE_BYTES);
    const payload = bytes.subarray(NONCE_BYTES + SIGNATURE_BYTES);
    return timingSafeEqual(signature, this.#sign(nonce, payload)) ? payload.toString() : undefined;
  }

  #sign(nonce: Buffer, payload: Buffer): Buffer {
    // The key on both sides prevents that a longer text gets a valid signature. It takes half the time of an HMAC object.
    return crypto.hash('sha256', Buffer.concat([this.#key, nonce, payload, this.#key]), 'buffer');
  }
}
