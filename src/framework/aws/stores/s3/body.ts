import { StoreError } from '../../../base/store/store-error.js';
import type { S3Object } from './sdk.js';

/** The record that a body belongs to, and its limits. */
export interface BodyOptions {
  readonly key: string;
  /** The most bytes to read. */
  readonly most: number;
  /** The store's name. */
  readonly name: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads the bytes of an object. Nothing is read if the object has too many.
 * @throws StoreError of kind `too-large`; the signal's reason; or what the connection failed by
 */
export async function readBody(found: S3Object, options: BodyOptions): Promise<Uint8Array> {
  const { Body, ContentLength } = found;
  const { most, signal } = options;
  if (!Body) throw new Error('the response has no body');
  const stop = (): unknown => Body.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    if (ContentLength !== undefined && ContentLength > most) throw tooLarge(ContentLength, options);
    const value = await collect(Body, options);
    if (ContentLength !== undefined && ContentLength !== value.byteLength)
      throw new Error(`the body ended after ${value.byteLength} of ${ContentLength} bytes`);
    return value;
  } catch (error) {
    Body.destroy();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function collect(body: AsyncIterable<Uint8Array>, options: BodyOptions): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.byteLength;
    if (length > options.most) throw tooLarge(length, options);
    parts.push(part);
  }
  return Buffer.concat(parts, length);
}

const tooLarge = (bytes: number, { key, most, name }: BodyOptions): StoreError =>
  new StoreError('too-large', `${key} in ${name} has ${bytes} bytes or more, and at most ${most} are read`);
