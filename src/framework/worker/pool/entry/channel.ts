import { type MessagePort, parentPort } from 'node:worker_threads';
import { dropMessages, type ParentChannel, takeParentChannel } from '../../../base/process-channel.js';
import type { FromHost, ToHost } from '../pool-messages.js';

/** The channel on which a thread or a process of a pool exchanges messages with the worker. */
export type Channel = ParentChannel<ToHost, FromHost>;

/**
 * Resolves with the channel to the worker. User code in this thread or process can't disturb the channel: messages that
 * it sends with `process.send` or `parentPort.postMessage` are dropped.
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

/**
 * Resolves with the message port on which the thread talks to the worker. The worker sends this port in its first
 * message to the thread.
 */
const takePort = (parent: MessagePort): Promise<MessagePort> =>
  new Promise((resolve) => parent.once('message', ({ port }: { port: MessagePort }) => resolve(port)));
