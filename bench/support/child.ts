import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/**
 * Asks a child something that it answers with `{ answer }`. One question at a time.
 * @param given what the child needs to answer it
 * @throws Error if it exits instead
 */
export function ask(child: ChildProcess, question: string, given?: unknown): Promise<unknown> {
  child.send({ question, given });
  return answerOf(child);
}

/** The next answer of a child. @throws Error if it exits instead */
export async function answerOf(child: ChildProcess): Promise<unknown> {
  const stop = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', stop).then(([message]) => (message as { answer: unknown }).answer),
      once(child, 'exit', stop).then(([code]) => {
        throw new Error(`${child.spawnargs[1] ?? 'a child'} ended with ${code}`);
      }),
    ]);
  } finally {
    stop.abort();
  }
}

/** Lets go of a child that ends with its parent, and waits until it has. */
export async function dismiss(child: ChildProcess): Promise<void> {
  if (child.connected) child.disconnect();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
