import { deserialize, serialize } from 'node:v8';

/** Each message between a worker and a process of its pool begins with this, followed by its length. */
const MARK = Buffer.from('SWM1');
const HEAD_BYTES = MARK.length + 4;
/** No message is longer: a task's input and outcome are limited to 256 KB, and payloads to a multiple of that. */
const MOST_BYTES = 2 ** 30;

/** Returns a message in the form in which it is written to a pipe. */
export function frameOf(message: object): Buffer {
  const body = serialize(message);
  const head = Buffer.alloc(HEAD_BYTES);
  MARK.copy(head);
  head.writeUInt32LE(body.length, MARK.length);
  return Buffer.concat([head, body]);
}

/** Reads the messages that arrive by a pipe in chunks. */
export class FrameReader {
  readonly #onMessage: (message: unknown) => void;
  #chunks: Buffer[] = [];
  #length = 0;
  /** The bytes that must have arrived before anything can be read. */
  #wanted = HEAD_BYTES;

  constructor(onMessage: (message: unknown) => void) {
    this.#onMessage = onMessage;
  }

  /** @throws Error if what has arrived is no message of ours, or what the listener throws */
  read(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#wanted) return;
    let left = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    while (left.length >= (this.#wanted = wantedOf(left))) {
      const body = left.subarray(HEAD_BYTES, this.#wanted);
      left = left.subarray(this.#wanted);
      this.#onMessage(deserialize(body));
    }
    this.#chunks = left.length > 0 ? [left] : [];
    this.#length = left.length;
  }
}

/** Returns how many bytes the first message needs, with its head. @throws Error if it is no message of ours */
function wantedOf(bytes: Buffer): number {
  if (bytes.length < HEAD_BYTES) return HEAD_BYTES;
  const end = HEAD_BYTES + bytes.readUInt32LE(MARK.length);
  if (!bytes.subarray(0, MARK.length).equals(MARK) || end > MOST_BYTES)
    throw new Error('it is no message of Stepwright');
  return end;
}
