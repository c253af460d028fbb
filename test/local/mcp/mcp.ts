import type { Bench } from '../service.js';
import { send, type Answer } from '../console/console.js';

interface ToolAnswer {
  readonly content: readonly { readonly text: string }[];
  readonly isError?: boolean;
}

/** A version of the protocol, as its clients send it: what each message has beside its own, and each request. */
export interface Dialect {
  readonly meta: object;
  readonly headersOf: (method: string, name: string | undefined) => Record<string, string>;
}

export const HANDSHAKE: Dialect = {
  meta: {},
  headersOf: () => ({ 'mcp-protocol-version': '2025-11-25' }),
};
export const STATELESS: Dialect = {
  meta: {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
  headersOf: (method, name) => ({
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(name !== undefined && { 'mcp-name': name }),
  }),
};

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
  { meta, headersOf }: Dialect = HANDSHAKE,
): Promise<T> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, ...meta } });
  const { name } = params as { readonly name?: string };
  const { text } = await post(bench, body, headersOf(method, name));
  const { result, error } = JSON.parse(text) as { readonly result?: T; readonly error?: unknown };
  if (!result) throw new Error(JSON.stringify(error));
  return result;
}

/** Calls a tool. @returns its text; with `error: ` before it if the call has failed */
export async function call(
  bench: Bench,
  name: string,
  given: object = {},
  dialect: Dialect = HANDSHAKE,
): Promise<string> {
  const { content, isError } = await ask<ToolAnswer>(
    bench,
    'tools/call',
    { name, arguments: given },
    dialect,
  );
  return `${isError === true ? 'error: ' : ''}${content[0]?.text ?? ''}`;
}
