import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that answers questions, and ends with this one. */
export interface Child {
  readonly pid: number;
  /** Asks one question at a time. @throws Error if the process ends instead */
  ask(question: string, given?: unknown): Promise<unknown>;
  /** Resolves when the process has ended. */
  stop(): Promise<void>;
}

/**
 * Starts a process by {@link answer}.
 * @param given what it needs to begin
 * @returns the process, and what it says at first
 */
export async function startChild(
  file: string,
  given: unknown,
  nodeOptions: readonly string[] = [],
): Promise<Child & { readonly first: unknown }> {
  const env = { ...process.env, AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: 'true' };
  const child = fork(file, [JSON.stringify(given)], { stdio: 'inherit', execArgv: [...nodeOptions], env });
  return {
    first: await answerOf(child),
    pid: child.pid ?? -1,
    ask: (question, more) => {
      child.send({ question, given: more });
      return answerOf(child);
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

async function answerOf(child: ChildProcess): Promise<unknown> {
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

/** In a child: says something at first, and answers each question by the function of its name. */
export function answer(first: unknown, answers: Readonly<Record<string, (given: never) => unknown>>): void {
  const reply = async (question: string, given: unknown): Promise<void> =>
    void process.send?.({ answer: (await answers[question]?.(given as never)) ?? {} });
  process.on(
    'message',
    ({ question, given }: { question: string; given: unknown }) => void reply(question, given),
  );
  process.on('disconnect', () => process.exit(0));
  process.send?.({ answer: first });
}

/** In a child: what it was given to begin. */
export const given = (): unknown => JSON.parse(process.argv[2] ?? '{}');

/** Waits for something to become true. @throws Error when it has not after `limitMs` milliseconds. */
export async function until(holds: () => Promise<boolean>, limitMs: number, everyMs = 250): Promise<void> {
  const began = performance.now();
  while (!(await holds())) {
    if (performance.now() - began > limitMs)
      throw new Error(`it did not happen within ${limitMs} ms: ${holds.toString()}`);
    await sleep(everyMs);
  }
}
