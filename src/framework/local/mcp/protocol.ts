import { show } from '../../base/show.js';
import { VERSION } from '../../base/package.js';
import { isObject, type JsonObject } from '../asl/values/json.js';
import type { ToolListing, ToolResult } from './tool.js';

/** The version without a handshake: each request names its version. Earlier versions begin with `initialize`. */
export const STATELESS = '2026-07-28';
const LATEST_WITH_HANDSHAKE = '2025-11-25';
/** The versions of the Model Context Protocol that are answered. */
export const VERSIONS: readonly string[] = [STATELESS, LATEST_WITH_HANDSHAKE, '2025-06-18'];

/** The codes of errors, as JSON-RPC and the Model Context Protocol define them. */
export const CODES = {
  notJson: -32700,
  invalidRequest: -32600,
  noMethod: -32601,
  invalidParams: -32602,
  headerMismatch: -32020,
  unsupportedVersion: -32022,
} as const;

const META = 'io.modelcontextprotocol/';
/** The milliseconds for which a client may keep the list of tools. */
const LIST_TTL_MS = 3_600_000;

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
  readonly error?: { readonly code: number; readonly message: string; readonly data?: object };
}

/** A request or a notification that is well formed. Its `id` is undefined in a notification. */
export interface Message {
  readonly id: string | number | undefined;
  readonly method: string;
  readonly params: JsonObject;
  /** The version that the message itself names; undefined before 2026-07-28. */
  readonly version: string | undefined;
}

export function errorResponse(
  id: string | number | undefined,
  code: number,
  message: string,
  data?: object,
): Response {
  return { jsonrpc: '2.0', ...(id !== undefined && { id }), error: { code, message, ...(data && { data }) } };
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
  const meta = params['_meta'];
  const version = isObject(meta) ? meta[`${META}protocolVersion`] : undefined;
  return { id: known, method, params, version: typeof version === 'string' ? version : undefined };
}

/**
 * Answers a message. Nothing is kept between two messages, so that clients can't affect each other.
 * @returns undefined if there is nothing to answer
 */
export async function answerMessage(
  message: Message,
  server: ToolServer,
  signal: AbortSignal,
): Promise<Response | undefined> {
  const { id, method, params, version } = message;
  if (id === undefined) return undefined;
  if (version !== undefined && version !== STATELESS) return unsupported(id, version);
  if (version !== undefined && !isObject((params['_meta'] as JsonObject)[`${META}clientCapabilities`]))
    return errorResponse(id, CODES.invalidParams, `_meta has no ${META}clientCapabilities, an object`);
  const answer = await (version === undefined ? withHandshake : stateless)(method, params, server, signal);
  if ('code' in answer) return errorResponse(id, answer.code, answer.message);
  return { jsonrpc: '2.0', id, result: version === undefined ? answer : complete(answer) };
}

/** Returns the error that this version isn't supported, with those that are. */
export const unsupported = (id: string | number | undefined, requested: string): Response =>
  errorResponse(id, CODES.unsupportedVersion, 'Unsupported protocol version', {
    supported: VERSIONS,
    requested,
  });

interface Refused {
  readonly code: number;
  readonly message: string;
}

type Method = (
  method: string,
  params: JsonObject,
  server: ToolServer,
  signal: AbortSignal,
) => Promise<object | Refused>;

/** Answers a request of a version that begins with `initialize`. */
const withHandshake: Method = async (method, params, server, signal) => {
  if (method === 'initialize') return initialized(params['protocolVersion']);
  if (method === 'ping') return {};
  if (method === 'tools/list') return { tools: server.tools };
  return called(method, params, server, signal);
};

/** Answers a request of a version without a handshake. */
const stateless: Method = async (method, params, server, signal) => {
  const caching = { ttlMs: LIST_TTL_MS, cacheScope: 'public' };
  if (method === 'server/discover')
    return {
      supportedVersions: VERSIONS,
      capabilities: { tools: {} },
      instructions: INSTRUCTIONS,
      ...caching,
    };
  if (method === 'tools/list') return { tools: server.tools, ...caching };
  return called(method, params, server, signal);
};

/** Answers `tools/call`, which all versions have. */
const called: Method = async (method, { name, arguments: given = {} }, { tools, callTool }, signal) => {
  if (method !== 'tools/call') return { code: CODES.noMethod, message: `Method not found: ${method}` };
  const names = tools.map((tool) => tool.name);
  if (typeof name === 'string' && names.includes(name)) return callTool(name, given, signal);
  return {
    code: CODES.invalidParams,
    message: `Unknown tool: ${show(name)}. There are ${names.join(', ')}`,
  };
};

function initialized(asked: unknown): object {
  const isKnown = typeof asked === 'string' && asked !== STATELESS && VERSIONS.includes(asked);
  return {
    protocolVersion: isKnown ? asked : LATEST_WITH_HANDSHAKE,
    capabilities: { tools: {} },
    serverInfo: serverInfo(),
    instructions: INSTRUCTIONS,
  };
}

const serverInfo = (): object => ({ name: 'stepwright', title: 'Stepwright', version: VERSION });

const complete = (result: object): object => ({
  resultType: 'complete',
  ...result,
  _meta: { [`${META}serverInfo`]: serverInfo() },
});
