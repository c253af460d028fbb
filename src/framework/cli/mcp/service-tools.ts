import { SERVICE_HEADER } from '../../base/local-service.js';
import { type Endpoint, isProblem, resolveEndpoint, showEndpoint } from '../../aws/endpoint.js';
import { StartError } from '../../base/errors.js';
import type { Flags } from '../../config/layers.js';
import { resolveConfig } from '../../config/resolve.js';
import type { ToolResult } from '../../local/mcp/tool.js';
import { command } from '../output/banner.js';
import { explainCallError } from '../output/call-error.js';
import { loadConfigIfAny } from '../project/config-file.js';

type Address = Exclude<Endpoint, { readonly kind: 'aws' }>;

/**
 * Calls a tool of the local service.
 * @throws Error if there is no local service, or it serves no tools
 */
export async function callService(
  flags: Flags,
  name: string,
  given: unknown,
  signal: AbortSignal,
): Promise<ToolResult> {
  const endpoint = await addressOf(flags);
  const params = { name, arguments: given };
  const { response, text } = await post(
    endpoint,
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
    signal,
  );
  const { result, error } = answerIn(text) ?? {};
  if (result) return result;
  if (error) throw new Error(error.message);
  const where = showEndpoint(endpoint);
  throw new Error(
    response.headers.has(SERVICE_HEADER)
      ? `the local service at ${where} serves no console, and so no tools: start it with --console`
      : `${where} is not the local service of Stepwright: start one with \`${command('local')}\`, or correct the endpoint`,
  );
}

/** Returns the address of the local service, as `stepwright execute` finds it. @throws Error if it is that of AWS */
async function addressOf(flags: Flags): Promise<Address> {
  const { env } = process;
  const { config } = await loadConfigIfAny(flags.texts['config'], process.cwd());
  const { port } = resolveConfig({ config, env, flags });
  const endpoint = resolveEndpoint({ flag: flags.texts['endpoint'], env, config: config.endpoint, port });
  if (isProblem(endpoint)) throw new StartError([endpoint]);
  if (endpoint.kind !== 'aws') return endpoint;
  throw new Error(
    'the endpoint is AWS, and the tools are those of the local service: add `--endpoint local` to `stepwright mcp`',
  );
}

async function post(
  endpoint: Address,
  message: object,
  signal: AbortSignal,
): Promise<{ response: Response; text: string }> {
  try {
    const response = await fetch(new URL('/mcp', endpoint.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(message),
      signal,
    });
    return { response, text: await response.text() };
  } catch (error) {
    const explained = explainCallError((error as Error).cause ?? error, endpoint);
    throw new Error((explained as Error).message, { cause: error });
  }
}

interface Answer {
  readonly result?: ToolResult;
  readonly error?: { readonly message: string };
}

/** Returns the answer in a body; undefined if it is no message of the protocol. */
function answerIn(text: string): Answer | undefined {
  try {
    const answer = JSON.parse(text) as (Answer & { readonly jsonrpc?: string }) | null;
    return answer?.jsonrpc === '2.0' ? answer : undefined;
  } catch {
    return undefined;
  }
}
