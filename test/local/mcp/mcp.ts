import type { Bench } from '../service.js';
import { send, type Answer } from '../console/console.js';

interface ToolAnswer {
  readonly content: readonly { readonly text: string }[];
  readonly isError?: boolean;
}

export const JSON_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

export const post = (bench: Bench, body: string, headers: Record<string, string> = {}): Promise<Answer> =>
  send(bench, '/mcp', { method: 'POST', headers: { ...JSON_HEADERS, ...headers }, body });

/** Sends a request, and returns its result. */
export async function ask<T = Record<string, unknown>>(
  bench: Bench,
  method: string,
  params: object = {},
): Promise<T> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const { text } = await post(bench, body, { 'mcp-protocol-version': '2025-11-25' });
  const { result, error } = JSON.parse(text) as { readonly result?: T; readonly error?: unknown };
  if (!result) throw new Error(JSON.stringify(error));
  return result;
}

/** Calls a tool. @returns its text; with `error: ` before it if the call has failed */
export async function call(bench: Bench, name: string, given: object = {}): Promise<string> {
  const { content, isError } = await ask<ToolAnswer>(bench, 'tools/call', { name, arguments: given });
  return `${isError === true ? 'error: ' : ''}${content[0]?.text ?? ''}`;
}
