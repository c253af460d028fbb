import { show } from '../../base/show.js';
import { VERSION } from '../../base/package.js';
import { isObject, type JsonObject } from '../../asl/values/json.js';
import type { ToolListing, ToolResult } from './tool.js';

const LATEST = '2025-11-25';
/**
 * The versions of the Model Context Protocol that are answered: those that begin with `initialize`. A client that knows
 * 2026-07-28, which doesn't, falls back to one of these.
 */
export const VERSIONS: readonly string[] = [LATEST, '2025-06-18'];

/** The codes of errors, as JSON-RPC and the Model Context Protocol define them. */
export const CODES = {
  notJson: -32700,
  invalidRequest: -32600,
  noMethod: -32601,
  invalidParams: -32602,
} as const;

const INSTRUCTIONS =
  'Tools of Stepwright, for the local Step Functions of this machine: build state machines, run executions, find why they fail, do the work of a worker, and read the documentation. Begin with `list`. When an execution fails, its summary says where and why, `read_log` what the workers logged; correct the machine with `save_machine`, and try again with `start_execution` or `run_from_state`. `write_test` makes a test of an execution. `read_docs` explains how workers are written.';

/** The tools that a server offers, and the function that calls one of them by its name. */
export interface ToolServer {
  readonly tools: readonly ToolListing[];
  readonly callTool: (name: string, given: unknown, signal: AbortSignal) => Promise<ToolResult>;
}

/** A response of JSON-RPC. An error has no id if that of the request can't be read. */
export interface Response {
  readonly jsonrpc: '2.0';
  readonly id?: string | number;
  readonly result?: object;
  readonly error?: { readonly code: number; readonly message: string };
}

/** A request or a notification that is well formed. Its `id` is undefined in a notification. */
export interface Message {
  readonly id: string | number | undefined;
  readonly method: string;
  readonly params: JsonObject;
}

export function errorResponse(id: string | number | undefined, code: number, message: string): Response {
  return { jsonrpc: '2.0', ...(id !== undefined && { id }), error: { code, message } };
}

/**
 * Reads a message. Returns an error if the value isn't one. Returns undefined for a response, since the server sends no
 * requests.
 */
export function readMessage(value: unknown): Message | Response | undefined {
  const invalid = (message: string, id?: string | number): Response =>
    errorResponse(id, CODES.invalidRequest, message);
  if (Array.isArray(value)) return invalid('Send one message at a time: batches are not in this version');
  if (!isObject(value)) return invalid('A message is a JSON object');
  const { jsonrpc, id, method, params = {} } = value;
  if (jsonrpc !== '2.0') return invalid('A message has "jsonrpc": "2.0"');
  if (method === undefined && ('result' in value || 'error' in value)) return undefined;
  const known = typeof id === 'string' || Number.isSafeInteger(id) ? (id as string | number) : undefined;
  if (id !== undefined && known === undefined) return invalid('The id is a string or a whole number');
  if (typeof method !== 'string') return invalid('The method is missing', known);
  if (!isObject(params)) return invalid('The params are an object', known);
  return { id: known, method, params };
}

/**
 * Answers a message. Nothing is kept between two messages, so that clients can't affect each other.
 * @returns undefined if there is nothing to answer
 */
export async function answerMessage(
  { id, method, params }: Message,
  { tools, callTool }: ToolServer,
  signal: AbortSignal,
): Promise<Response | undefined> {
  if (id === undefined) return undefined;
  const answer = (result: object): Response => ({ jsonrpc: '2.0', id, result });
  if (method === 'initialize') return answer(initialized(params['protocolVersion']));
  if (method === 'ping') return answer({});
  if (method === 'tools/list') return answer({ tools });
  if (method !== 'tools/call') return errorResponse(id, CODES.noMethod, `Method not found: ${method}`);
  const { name, arguments: given = {} } = params;
  const names = tools.map((tool) => tool.name);
  if (typeof name === 'string' && names.includes(name)) return answer(await callTool(name, given, signal));
  const message = `Unknown tool: ${show(name)}. There are ${names.join(', ')}`;
  return errorResponse(id, CODES.invalidParams, message);
}

const initialized = (asked: unknown): object => ({
  protocolVersion: typeof asked === 'string' && VERSIONS.includes(asked) ? asked : LATEST,
  capabilities: { tools: {} },
  serverInfo: { name: 'stepwright', title: 'Stepwright', version: VERSION },
  instructions: INSTRUCTIONS,
});
