import type { IncomingMessage } from 'node:http';
import { isObject, readJson } from '../asl/values/json.js';
import type { Body } from './request-validation.js';

/** Reads the body of a request to its end. Resolves with undefined where the body is longer than `limit` bytes. */
export function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
    });
    request.on('end', () => resolve(size > limit ? undefined : Buffer.concat(chunks).toString()));
    request.on('error', reject);
  });
}

/**
 * Parses the body of a request; undefined where the text is not a JSON object. An empty text counts as an empty object.
 */
export function parseBody(text: string): Body | undefined {
  try {
    const body = readJson(text === '' ? '{}' : text);
    return isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}
