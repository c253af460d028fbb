import { type MessagePort, parentPort } from 'node:worker_threads';
import { Socket } from 'node:net';
import { dropMessages, type ParentChannel } from '../../../base/process-channel.js';
import { CHANNEL_FD, frameOf, FrameReader, type FromHost, type ToHost } from '../pool-messages.js';

/** The channel on which a thread or a process of a pool exchanges messages with the worker. */
export interface Channel extends Pick<ParentChannel<ToHost, FromHost>, 'send'> {
  readonly onMessage: (listener: (message: ToHost) => void) => void;
  /** Calls the listener when the worker has ended, or closed the channel. */
  readonly onClosed: (listener: () => void) => void;
}

/**
 * Resolves with the channel to the worker. User code in this thread or process can't disturb the channel: messages that
 * it sends with `process.send` or `parentPort.postMessage` are dropped.
 * @param onDropped called once, with the name of the function that user code called
 */
export async function openChannel(onDropped: (name: string) => void): Promise<Channel> {
  if (!parentPort) return openPipe(() => onDropped('process.send'));
  const port = await takePort(parentPort);
  parentPort.postMessage = dropMessages(() => onDropped('parentPort.postMessage'));
  return {
    send: (message, written) => {
      port.postMessage(message);
      written?.();
    },
    onMessage: (listener) => void port.on('message', listener),
    onClosed: () => {},
  };
}

function openPipe(onDropped: () => void): Channel {
  process.send = dropMessages(onDropped);
  const pipe = new Socket({ fd: CHANNEL_FD, readable: true, writable: true });
  pipe.on('error', () => {});
  return {
    send: (message, written) => void pipe.write(frameOf(message), () => written?.()),
    onMessage: (listener) => {
      const frames = new FrameReader((message) => listener(message as ToHost));
      pipe.on('data', (chunk: Buffer) => frames.read(chunk));
    },
    onClosed: (listener) => void pipe.once('close', listener),
  };
}

/**
 * Resolves with the message port on which the thread talks to the worker. The worker sends this port in its first
 * message to the thread.
 */
const takePort = (parent: MessagePort): Promise<MessagePort> =>
  new Promise((resolve) => parent.once('message', ({ port }: { port: MessagePort }) => resolve(port)));
