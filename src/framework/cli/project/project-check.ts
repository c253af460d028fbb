import { spawn } from 'node:child_process';

/** The milliseconds after which a check is ended, since user code that it imports may never end. */
const LIMIT_MS = 60_000;
/** The most characters of a check that are read. */
const MOST_CHARS = 1_000_000;

/**
 * Returns a function that runs `stepwright check` in this project and resolves with its output. Each check is a
 * process, which imports the code as it is then. Calls during a check share the next one.
 * @param flags the flags that say where the files of the project are
 */
export function projectCheck(flags: readonly string[]): () => Promise<string> {
  let running: Promise<string> | undefined;
  let next: Promise<string> | undefined;
  const begin = (): Promise<string> => {
    next = undefined;
    const mine = check(flags).finally(() => {
      if (running === mine) running = undefined;
    });
    return (running = mine);
  };
  return () => (running ? (next ??= running.then(begin)) : begin());
}

function check(flags: readonly string[]): Promise<string> {
  const [node, main = ''] = process.argv as [string, string?];
  return new Promise((resolve) => {
    const child = spawn(node, [main, 'check', ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        if (text.length < MOST_CHARS) text += chunk;
      });
    child.on('error', ({ message }) => resolve(`The check can not run: ${message}`));
    child.on('close', (code, signal) => resolve(resultOf(text, code, signal)));
  });
}

function resultOf(text: string, code: number | null, signal: string | null): string {
  if (signal !== null) return `The check was ended by ${signal} after ${LIMIT_MS / 1000} s.\n${text}`;
  if (text.trim() !== '') return text;
  return code === 0
    ? 'The classes and the state machines agree.'
    : `The check ended with the exit code ${code}.`;
}
