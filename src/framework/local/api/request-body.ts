import type { IncomingMessage } from 'node:http';
import { isObject, readJson } from '../asl/values/json.js';
import type { Body } from './request-validation.js';

/** Undefined where it is larger than the limit; the rest is then read and dropped. */
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

/** Undefined where it is no JSON object. No text at all is an empty one. */
export function parseBody(text: string): Body | undefined {
  try {
    const body = readJson(text === '' ? '{}' : text);
    return isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}
