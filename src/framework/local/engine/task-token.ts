import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const NONCE_BYTES = 96;
const SIGNATURE_BYTES = 32;
const MARK = 'AAAAKgAAAAIAAAAA';

/**
 * Issues task tokens, and recognises the tokens that it has issued. A token contains the subject of its task, signed
 * with a key that each service creates for itself. So a report on a task that was forgotten long ago is answered like a
 * report on a closed task, and a made-up token is rejected.
 */
export class TokenMint {
  readonly #key = randomBytes(32);

  /**
   * Returns a new token: an opaque text of a few hundred characters that can't be guessed.
   * @param subject a short text, such as an activity's ARN
   */
  issue(subject: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const payload = Buffer.from(subject);
    return MARK + Buffer.concat([nonce, this.#sign(nonce, payload), payload]).toString('base64url');
  }

  /** Returns the subject of a token that this object has issued; undefined for any other text. */
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
    return createHmac('sha256', this.#key).update(nonce).update(payload).digest();
  }
}
