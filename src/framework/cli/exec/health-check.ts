import { systemClock } from '../../base/time/clock.js';
import { Program } from '../../worker/pool/commands/program.js';

/** The longest that a check may take, in milliseconds. */
const LIMIT_MS = 30_000;
/** The time between SIGTERM and SIGKILL for the processes of a check that has to end. */
const KILL_AFTER_MS = 1_000;

/**
 * Returns a check that runs a command by the shell. The check resolves with nothing if the command ends with 0, and
 * otherwise with an error that says how it ended. It never rejects. If it takes longer than 30 s, or the worker stops,
 * the command and the processes that it has started are ended.
 */
export const healthCheck = (command: string, stop: AbortSignal) => async (): Promise<Error | undefined> => {
  try {
    const how = await run(command, stop);
    return how === undefined ? undefined : new Error(`--healthy '${command}' ${how}`);
  } catch (error) {
    return error as Error;
  }
};

/** Runs the command. @returns how it failed; undefined if it succeeded. @throws CommandFailed if it can't be started */
async function run(command: string, stop: AbortSignal): Promise<string | undefined> {
  const program = new Program({
    ...{ file: '/bin/sh', args: ['-c', command], cwd: undefined, env: process.env, stdin: undefined },
    ...{ memoryMb: undefined, killAfterMs: KILL_AFTER_MS, onOutput: () => {} },
  });
  let ended: string | undefined;
  const end = (why: string): void => {
    ended ??= why;
    program.stop();
  };
  const onStop = (): void => end('was ended, because the worker stops');
  const cancel = systemClock.after(LIMIT_MS, () => end(`did not end within ${LIMIT_MS / 1_000} s`));
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();
  try {
    const { exitCode, signal, stderr } = await program.exited;
    if (ended !== undefined) return ended;
    if (exitCode === 0) return undefined;
    const last = stderr.trimEnd().split('\n').at(-1);
    const how = signal === null ? `ended with exit code ${exitCode}` : `was ended by ${signal}`;
    return `${how}${last ? `: ${last}` : ''}`;
  } finally {
    cancel();
    stop.removeEventListener('abort', onStop);
  }
}
