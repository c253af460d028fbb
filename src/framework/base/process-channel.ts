import type { ChildProcess } from 'node:child_process';

/**
 * The key that marks a message as Stepwright's own. User code may send messages over the same channel, but doesn't use
 * this key.
 */
const MARK = 'stepwright:message';

/** The channel to the process that started this one, for Stepwright's own messages. */
export interface ParentChannel<In, Out> {
  /**
   * Sends a message to the parent process.
   * @param written called as soon as the message is sure to arrive, even if this process ends at once
   */
  readonly send: (message: Out, written?: () => void) => void;
  /**
   * Calls a listener with each of Stepwright's own messages from the parent process.
   * @returns a function that removes the listener
   */
  readonly onMessage: (listener: (message: In) => void) => () => void;
}

/**
 * Reserves the channel to the parent process for Stepwright's own messages. From now on, what user code sends with
 * `process.send` is dropped.
 * @param onDropped called once, when the first message is dropped
 */
export function takeParentChannel<In, Out>(onDropped: () => void): ParentChannel<In, Out> {
  const send = process.send?.bind(process);
  if (send) process.send = dropMessages(onDropped);
  return {
    send: (message, written = () => {}) => void send?.({ [MARK]: message }, written),
    onMessage: (listener) => {
      const take = (raw: unknown): void => {
        if (isOurs(raw)) listener(raw[MARK] as In);
      };
      process.on('message', take);
      return () => process.off('message', take);
    },
  };
}

/**
 * Returns a function to put in the place of `process.send` or `postMessage`, so that user code can't send messages over
 * the channel that Stepwright uses. The function drops each message, returns true and calls its callback, as
 * `process.send` does.
 */
export function dropMessages(onDropped: () => void): (...args: unknown[]) => boolean {
  let isFirst = true;
  return (...args) => {
    if (isFirst) onDropped();
    isFirst = false;
    const callback = args.at(-1);
    if (typeof callback === 'function') process.nextTick(callback, null);
    return true;
  };
}

/**
 * Sends a message to a child process. If the child is no longer connected, the message is lost without an error; the
 * child's exit shows that.
 */
export function sendToChild(child: ChildProcess, message: object): void {
  if (child.connected) child.send({ [MARK]: message }, () => {});
}

/**
 * Calls a listener with each of Stepwright's own messages from a child.
 * @param onBroken called if the listener throws, since the child's messages can't be relied on then
 */
export function onChildMessage(
  child: ChildProcess,
  listener: (message: unknown) => void,
  onBroken: (error: Error) => void,
): void {
  child.on('message', (raw) => {
    try {
      if (isOurs(raw)) listener(raw[MARK]);
    } catch (error) {
      onBroken(error as Error);
    }
  });
}

const isOurs = (raw: unknown): raw is { readonly [MARK]: unknown } =>
  typeof raw === 'object' && raw !== null && Object.hasOwn(raw, MARK);
