import type { IncomingMessage } from 'node:http';
import { isObject, readJson } from '../asl/values/json.js';
import type { Body } from './request-validation.js';

/** The reason why a body was not read to its end. */
export type BodyRefusal = 'tooLarge' | 'tooMany';

/** A body that is being read. */
interface OpenBody {
  /** The bytes of the body that are kept in memory; 0 if the body is too large. */
  size: number;
  readonly refuse: () => void;
}

/**
 * Reads the bodies of requests. A client may send half a body and then wait for ever. If all unfinished bodies together
 * exceed their limit, the largest of them is rejected, so that small bodies can always be read.
 */
export class BodyReader {
  readonly #open = new Set<OpenBody>();
  #bytes = 0;

  constructor(
    private readonly eachBytes: number,
    private readonly allBytes = 16 * eachBytes,
  ) {}

  /** Reads the body of a request to its end. */
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
