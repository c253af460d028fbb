import type { IncomingMessage } from 'node:http';
import { isObject, readJson } from '../asl/values/json.js';
import type { Body } from './request-validation.js';

/** Reads the body of a request. Resolves with undefined for one beyond the limit, whose rest it reads and drops. */
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

/** Parses a body; undefined where it is not a JSON object. An empty text is an empty object. */
export function parseBody(text: string): Body | undefined {
  try {
    const body = readJson(text === '' ? '{}' : text);
    return isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}
