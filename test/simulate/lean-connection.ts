import type { Dispatcher } from 'undici';
import type { Connection } from '../../src/framework/aws/lean/connections.js';
import type { Link, Network } from './network.js';
import type { OperationName } from './plan.js';
import type { SimulatedProcess } from './timeline.js';

/** Opens connections of a process, or of a thread of it, as undici's clients, for its lean calls. */
export function connectionOf(network: Network, worker: number, from: SimulatedProcess): Connection {
  const link: Link = { open: false };
  const listeners = new Map<string, () => void>();
  const emit = (event: string): void => listeners.get(event)?.();
  let end: ((reason: Error) => void) | undefined;
  const dispatch = (options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean => {
    const headers = pairs(options.headers as readonly string[]);
    const operation = (headers['x-amz-target'] ?? '').split('.')[1] as OperationName;
    const body = JSON.parse(options.body as string) as Record<string, string>;
    const controller = { abort: (reason: Error) => end?.(reason) } as Dispatcher.DispatchController;
    end = network.send({ operation, body, headers, worker, from }, link, {
      sent: () => handler.onRequestStart?.(controller, {}),
      answered: (answer) => {
        handler.onResponseStart?.(controller, answer.status, answer.headers, '');
        if (answer.text) handler.onResponseData?.(controller, Buffer.from(answer.text));
        handler.onResponseEnd?.(controller, {});
      },
      torn: (answer, error) => {
        handler.onResponseStart?.(controller, answer.status, answer.headers, '');
        handler.onResponseData?.(controller, Buffer.from(answer.text));
        handler.onResponseError?.(controller, error);
        emit('disconnect');
      },
      failed: (error) => {
        handler.onResponseError?.(controller, error);
        emit(link.open ? 'connectionError' : 'disconnect');
      },
    });
    return true;
  };
  const close = (): Promise<void> => {
    end?.(new Error('the client is destroyed'));
    return Promise.resolve();
  };
  const connection = {
    dispatch,
    close,
    destroy: close,
    on: (event: string, listener: () => void) => {
      listeners.set(event, listener);
      return connection;
    },
  };
  return connection as unknown as Connection;
}

function pairs(list: readonly string[]): Record<string, string> {
  const all: Record<string, string> = {};
  for (let at = 0; at + 1 < list.length; at += 2) all[list[at] ?? ''] = list[at + 1] ?? '';
  return all;
}
