import type { TaskPayloads } from '../../worker/handler/output/outputs.js';

/**
 * Parses JSON, and replaces each reference to a payload by the payload. A reference whose payload can't be had stays as
 * it is.
 */
export type Whole = (text: string) => Promise<unknown>;

/** @param payloads the store of large inputs and outputs. Without it, references stay as they are */
export function wholeOf(payloads: TaskPayloads | undefined): Whole {
  if (!payloads) return async (text) => JSON.parse(text) as unknown;
  const { signal } = new AbortController();
  return async (text) => {
    try {
      return await payloads.read(JSON.parse(text), text, { signal });
    } catch {
      return JSON.parse(text) as unknown;
    }
  };
}
