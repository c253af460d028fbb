import type { IncomingMessage, ServerResponse } from 'node:http';
import { turn } from '../../base/time/turn.js';
import { hasHeapFor, relieveHeap } from '../asl/values/heap.js';
import { isObject, jsonBytes, readJson } from '../asl/values/json.js';
import type { MemoryPart } from '../engine/answers/memory.js';
import { FairReading } from './fair-reading.js';
import { LargeRequests } from './large-requests.js';
import type { Body } from './request-validation.js';

/**
 * The reason why a request's body was rejected: it was larger than one body may be, or there was no memory for it beside
 * the others.
 */
export type BodyRefusal = 'tooLarge' | 'tooMany';

/** A body that hasn't arrived completely yet. */
interface OpenBody {
  /** The bytes of the body that are in memory; 0 if it was found to be too large. */
  size: number;
  readonly refuse: () => void;
}

/**
 * A body that comes in as many pieces as this, or a multiple, is rejected if they have fewer than LEAST_PIECE bytes each.
 * Reading a piece takes as long whatever its size.
 */
const FEW_PIECES = 500;
const LEAST_PIECE = 64;

/**
 * A body with at most so many bytes is read however little memory there is, and however long this turn of the event loop
 * has lasted.
 */
const SMALL = 16 * 1024;

const NO_BYTES = Buffer.alloc(0);

/**
 * The bytes of a body so far: its only chunk, or one buffer with all of them. A body may come in chunks of one byte, and
 * a list of these would take a hundred times as much memory.
 */
class Bytes {
  #buffer: Buffer = NO_BYTES;
  #length = 0;

  add(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (this.#length === 0) this.#buffer = chunk;
    else this.#append(chunk, length);
    this.#length = length;
  }

  #append(chunk: Buffer, length: number): void {
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(2 * length);
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    chunk.copy(this.#buffer, this.#length);
  }

  clear(): void {
    this.#buffer = NO_BYTES;
    this.#length = 0;
  }

  toString(): string {
    return this.#buffer.toString('utf8', 0, this.#length);
  }
}

/**
 * Reads the bodies of requests, and counts the memory that they take until the request is answered. A client may send
 * half a body and then nothing more. If all bodies together take too much, the largest unfinished one is rejected, so
 * that there is always room for small ones.
 */
export class BodyReader {
  readonly #open = new Set<OpenBody>();
  readonly reading = new FairReading();
  readonly #large = new LargeRequests();

  constructor(
    private readonly eachBytes: number,
    private readonly memory: MemoryPart,
  ) {}

  /** Reads the whole body of a request. Resolves with its text, or with the reason why it was rejected. */
  read(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<string | { readonly refused: BodyRefusal }> {
    relieveHeap();
    return new Promise((resolve, reject) => {
      const bytes = new Bytes();
      let isTooLarge = false;
      let pieces = 0;
      const end = (): void => {
        this.#open.delete(body);
        bytes.clear();
      };
      const release = (): void => {
        end();
        this.#keep(body, 0);
      };
      const refuse = (): void => {
        release();
        resolve({ refused: 'tooMany' });
      };
      const body: OpenBody = { size: 0, refuse };
      this.#open.add(body);
      request.on('data', (chunk: Buffer) => {
        if (isTooLarge || body.size > SMALL) takeTurns(request);
        if (isTooLarge || !this.#open.has(body)) return;
        isTooLarge = body.size + chunk.length > this.eachBytes;
        if (isTooLarge) bytes.clear();
        else bytes.add(chunk);
        this.#keep(body, isTooLarge ? 0 : body.size + chunk.length);
        if (this.memory.isFull) this.#refuseLargest();
        if (++pieces % FEW_PIECES > 0) return;
        this.reading.check(request);
        if (body.size >= pieces * LEAST_PIECE) return;
        this.reading.end(request);
        refuse();
      });
      request.on('end', () => {
        const text = bytes.toString();
        end();
        if (isTooLarge) resolve({ refused: 'tooLarge' });
        else if (!hasHeapFor(jsonBytes(text))) resolve({ refused: 'tooMany' });
        else resolve(text.length > SMALL ? this.#large.next().then(() => text) : text);
      });
      response.on('close', release);
      request.on('error', (error) => {
        release();
        reject(error);
      });
    });
  }

  #keep(body: OpenBody, size: number): void {
    this.memory.grow(size - body.size);
    body.size = size;
  }

  #refuseLargest(): void {
    let largest: OpenBody | undefined;
    for (const body of this.#open) if (!largest || body.size > largest.size) largest = body;
    if (largest && largest.size > SMALL) largest.refuse();
  }
}

/**
 * Stops reading a request until a later turn of the event loop if this turn has lasted too long. Node would read up to
 * two megabytes of each connection in one turn, and then hundreds of large bodies delay everything else for seconds.
 */
function takeTurns(request: IncomingMessage): void {
  const next = turn.share();
  if (!next) return;
  request.pause();
  void next.then(() => request.resume());
}

/**
 * Parses the body of a request; returns undefined if the text isn't a JSON object. An empty text is read as an empty
 * object.
 */
export function parseBody(text: string): Body | undefined {
  try {
    const body = readJson(text === '' ? '{}' : text);
    return isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}
