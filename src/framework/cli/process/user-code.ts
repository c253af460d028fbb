import { type Problem, StartError } from '../../base/errors.js';
import { writeErrorSync } from '../../base/log/stdio.js';
import { isExitIntended } from './exit-now.js';

/**
 * Waits for code of the user's, before anything runs. Where the process is ended meanwhile by that code, it is told as
 * any other problem of a start, and the exit code is not 0.
 * @param origin what the problem then is called, and where it lies.
 * @throws StartError where it never ends, since nothing is left to do in the process
 */
export async function runUserCode<T>(
  origin: Pick<Problem, 'code' | 'where'>,
  begin: () => T | Promise<T>,
): Promise<T> {
  let isReported = false;
  // Node itself tells of an exception that nobody caught.
  const onUncaught = (): void => void (isReported = true);
  const onExit = (code: number): void => {
    if (isReported || isExitIntended()) return;
    writeErrorSync(new StartError([{ ...origin, ...exited(code) }]).message);
    if (code === 0) process.exitCode = 1;
  };
  let onIdle = (): void => {};
  const idle = new Promise<never>((_, reject) => {
    onIdle = () => reject(new StartError([{ ...origin, ...NEVER_ENDS }]));
  });
  process.once('beforeExit', onIdle);
  process.once('uncaughtExceptionMonitor', onUncaught);
  process.once('exit', onExit);
  try {
    return await Promise.race([begin(), idle]);
  } finally {
    process.off('beforeExit', onIdle);
    process.off('uncaughtExceptionMonitor', onUncaught);
    process.off('exit', onExit);
  }
}

const NEVER_ENDS = {
  what: 'it never ends: it awaits a promise that nothing is left to settle',
  fix: 'see what it awaits: whoever makes that promise must resolve or reject it',
};

const exited = (code: number) => ({
  what: `process.exit(${code}) was called while it ran`,
  fix: 'take the call out; where it can not go on, throw an error that says why',
});
