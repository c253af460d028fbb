import type { IncomingMessage } from 'node:http';
import { isObject, readJson } from '../asl/values/json.js';
import type { Body } from './request-validation.js';

/**
 * The reason why a request's body was rejected: it was larger than one body may be, or all unfinished bodies together
 * were.
 */
export type BodyRefusal = 'tooLarge' | 'tooMany';

/** A body that hasn't arrived completely yet. */
interface OpenBody {
  /** The bytes of the body that are in memory; 0 if it was found to be too large. */
  size: number;
  readonly refuse: () => void;
}

/**
 * Reads the bodies of requests, and limits the memory that unfinished ones take. A client may send half a body and then
 * nothing more. If all unfinished bodies together exceed the limit, the largest one is rejected, so that there is
 * always room for small ones.
 */
export class BodyReader {
  readonly #open = new Set<OpenBody>();
  #bytes = 0;

  constructor(
    private readonly eachBytes: number,
    private readonly allBytes = 16 * eachBytes,
  ) {}

  /** Reads the whole body of a request. Resolves with its text, or with the reason why it was rejected. */
  read(request: IncomingMessage): Promise<string | { readonly refused: BodyRefusal }> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let isTooLarge = false;
      const end = (): void => {
        this.#keep(body, 0);
        this.#open.delete(body);
        chunks.length = 0;
      };
      const refuse = (): void => {
        end();
        resolve({ refused: 'tooMany' });
      };
      const body: OpenBody = { size: 0, refuse };
      this.#open.add(body);
      request.on('data', (chunk: Buffer) => {
        if (isTooLarge || !this.#open.has(body)) return;
        isTooLarge = body.size + chunk.length > this.eachBytes;
        if (isTooLarge) chunks.length = 0;
        else chunks.push(chunk);
        this.#keep(body, isTooLarge ? 0 : body.size + chunk.length);
        if (this.#bytes > this.allBytes) this.#refuseLargest();
      });
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        end();
        resolve(isTooLarge ? { refused: 'tooLarge' } : text);
      });
      request.on('close', end);
      request.on('error', (error) => {
        end();
        reject(error);
      });
    });
  }

  #keep(body: OpenBody, size: number): void {
    if (!this.#open.has(body)) return;
    this.#bytes += size - body.size;
    body.size = size;
  }

  #refuseLargest(): void {
    let largest: OpenBody | undefined;
    for (const body of this.#open) if (!largest || body.size > largest.size) largest = body;
    largest?.refuse();
  }
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
