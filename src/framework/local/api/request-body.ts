import type { IncomingMessage, ServerResponse } from 'node:http';
import { turn } from '../../base/time/turn.js';
import { hasHeapFor, relieveHeap } from '../engine/heap.js';
import { isObject, readJson } from '../../asl/values/json.js';
import type { Body } from './request-validation.js';

/**
 * The reason why a request's body was rejected: it was larger than one body may be, or there was no memory for it beside
 * the others.
 */
export type BodyRefusal = 'tooLarge' | 'tooMany';

/** All bodies that are being read take at most as many bytes as this many of the largest. */
const LARGEST_AT_ONCE = 16;
/** A body with at most this many bytes is read even if many others are being read. */
const SMALL = 16 * 1024;
/**
 * A body that comes in as many pieces as this, or a multiple, is rejected if they have fewer than LEAST_PIECE bytes each.
 * Reading a piece takes as long whatever its size.
 */
const FEW_PIECES = 500;
const LEAST_PIECE = 64;

/** The bytes that a character of a body takes, with the values that are read from it. */
const PARSED = 10;

/** Reads the bodies of requests, within a limit for one body and one for all together. */
export class BodyReader {
  #allBytes = 0;

  constructor(private readonly eachBytes: number) {}

  /** Reads the whole body of a request. Resolves with its text, or with the reason why it was rejected. */
  read(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<string | { readonly refused: BodyRefusal }> {
    relieveHeap();
    return new Promise((resolve, reject) => {
      let chunks: Buffer[] | undefined = [];
      let [size, pieces] = [0, 0];
      const drop = (): void => {
        if (chunks) this.#allBytes -= size;
        chunks = undefined;
      };
      const refuse = (refused: BodyRefusal): void => {
        drop();
        resolve({ refused });
      };
      request.on('data', (chunk: Buffer) => {
        if (size > SMALL) takeTurns(request);
        if (!chunks) return;
        chunks.push(chunk);
        size += chunk.length;
        this.#allBytes += chunk.length;
        const isCrumbs = ++pieces % FEW_PIECES === 0 && size < pieces * LEAST_PIECE;
        // What follows is dropped. If the request were paused, it would keep each piece that was read already.
        if (size > this.eachBytes) refuse('tooLarge');
        else if (isCrumbs || (size > SMALL && this.#allBytes > LARGEST_AT_ONCE * this.eachBytes))
          refuse('tooMany');
      });
      request.on('end', () => {
        if (!chunks) return;
        const text = Buffer.concat(chunks).toString();
        drop();
        if (hasHeapFor(PARSED * text.length)) resolve(text);
        else resolve({ refused: 'tooMany' });
      });
      response.on('close', drop);
      request.on('error', (error) => {
        drop();
        reject(error);
      });
    });
  }
}

/**
 * Stops reading a request until a later turn of the event loop if this turn has lasted too long. Node reads up to two
 * megabytes of each connection in one turn.
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
