import { type MessagePort, parentPort } from 'node:worker_threads';
import { dropMessages, type ParentChannel, takeParentChannel } from '../../../base/process-channel.js';
import type { FromHost, ToHost } from '../pool-messages.js';

/** The channel from a thread or a process of a pool to the worker. */
export type Channel = ParentChannel<ToHost, FromHost>;

/**
 * Resolves with the channel to the worker. User code can't use it: whatever user code sends to the parent is dropped.
 * @param onDropped called once, with the name of the function that user code called
 */
export async function openChannel(onDropped: (name: string) => void): Promise<Channel> {
  if (!parentPort) return takeParentChannel(() => onDropped('process.send'));
  const port = await takePort(parentPort);
  parentPort.postMessage = dropMessages(() => onDropped('parentPort.postMessage'));
  return {
    send: (message, written) => {
      port.postMessage(message);
      written?.();
    },
    onMessage: (listener) => {
      port.on('message', listener);
      return () => port.off('message', listener);
    },
  };
}

/** Resolves with the port to the worker. A thread gets it in its first message. */
const takePort = (parent: MessagePort): Promise<MessagePort> =>
  new Promise((resolve) => parent.once('message', ({ port }: { port: MessagePort }) => resolve(port)));
