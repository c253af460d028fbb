import type { ChildProcess } from 'node:child_process';

/** The key that marks a message as ours: user code shares the channel between processes, and does not use this key. */
const MARK = 'stepwright:message';

/** The channel to the process that started this one. */
export interface ParentChannel<In, Out> {
  /**
   * Sends a message to the parent process.
   * @param written called once the message arrives even if this process ends at that moment
   */
  readonly send: (message: Out, written?: () => void) => void;
  /**
   * Calls a listener with each message of ours from the parent process.
   * @returns a function that removes the listener
   */
  readonly onMessage: (listener: (message: In) => void) => () => void;
}

/**
 * Takes the channel to the parent process for our own messages. What user code sends there is dropped from now on.
 * @param onDropped called once, at the first such message
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
 * Returns a function that drops messages, to stand in for `send` or `postMessage`: user code may find the channel and
 * take it for its own. The function answers as `process.send` does.
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
 * Sends a message to a child process. A message that can no longer be sent is lost: the exit of the child shows that.
 */
export function sendToChild(child: ChildProcess, message: object): void {
  if (child.connected) child.send({ [MARK]: message }, () => {});
}

/**
 * Calls a listener with each message of ours from a child.
 * @param onBroken called where the listener throws: the child's messages can't be relied on
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
