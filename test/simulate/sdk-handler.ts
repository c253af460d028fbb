import type { SFNClientConfig } from '@aws-sdk/client-sfn';
import type { Network } from './network.js';
import type { OperationName } from './plan.js';
import type { Answer } from './service.js';
import type { SimulatedProcess } from './timeline.js';

type Handler = Extract<SFNClientConfig['requestHandler'], { handle: unknown }>;

/** Makes the SDK's request handler of a process, over the simulated network. Each call has a connection of its own. */
export function sdkHandlerOf(network: Network, worker: number, from: SimulatedProcess): Handler {
  const open = new Set<(reason: Error) => void>();
  const handle = (
    request: { readonly headers: Record<string, string>; readonly body: unknown },
    { abortSignal }: { readonly abortSignal?: AbortSignal } = {},
  ): Promise<object> =>
    new Promise((resolve, reject) => {
      if (abortSignal?.aborted) return reject(aborted());
      const headers = lower(request.headers);
      const operation = (headers['x-amz-target'] ?? '').split('.')[1] as OperationName;
      const body = JSON.parse(textOf(request.body)) as Record<string, string>;
      const end = (): void => {
        open.delete(abort);
        abortSignal?.removeEventListener('abort', onAbort);
      };
      const abort: (reason: Error) => void = network.send(
        { operation, body, headers, worker, from },
        { open: false },
        {
          sent: () => {},
          answered: (answer) => {
            end();
            resolve({ response: responseOf(answer) });
          },
          torn: (_, error) => {
            end();
            reject(error);
          },
          failed: (error) => {
            end();
            reject(asOfNode(error));
          },
        },
      );
      open.add(abort);
      const onAbort = (): void => abort(aborted());
      abortSignal?.addEventListener('abort', onAbort, { once: true });
    });
  const destroy = (): void => {
    for (const abort of open) abort(new Error('the handler is destroyed'));
  };
  return { metadata: { handlerProtocol: 'http/1.1' }, handle, destroy } as unknown as Handler;
}

const aborted = (): Error => Object.assign(new Error('Request aborted'), { name: 'AbortError' });

/** Node's own handler has another error for a connection that could not be made in time. */
function asOfNode(error: Error): Error {
  if (Reflect.get(error, 'code') !== 'UND_ERR_CONNECT_TIMEOUT') return error;
  const message =
    'the request socket did not establish a connection with the server within the configured timeout of 5000 ms';
  return Object.assign(new Error(message), { name: 'TimeoutError' });
}

const textOf = (body: unknown): string =>
  typeof body === 'string' ? body : new TextDecoder().decode(body as Uint8Array);

const responseOf = ({ status, headers, text }: Answer): object => ({
  statusCode: status,
  headers,
  body: new Uint8Array(Buffer.from(text)),
});

const lower = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
