import { type Problem, StartError } from '../errors.js';
import { sayAtOnce } from '../stdio.js';
import { isMeant } from './leave.js';

/**
 * Waits for code of the user's, before anything runs. Where the process ends meanwhile, that is told as any other
 * problem of a start, and the exit code is not 0.
 * @param place what the problem then is called, and where it lies.
 */
export async function finished<T>(
  place: Pick<Problem, 'code' | 'where'>,
  begin: () => T | Promise<T>,
): Promise<T> {
  let [isIdle, isTold] = [false, false];
  // Comes where nothing is left to do, and not where somebody ends the process.
  const onIdle = (): void => void (isIdle = true);
  // Node itself tells of an exception that nobody caught.
  const onUncaught = (): void => void (isTold = true);
  const tell = (code: number): void => {
    if (isTold || isMeant()) return;
    sayAtOnce(new StartError([{ ...place, ...(isIdle ? NEVER_ENDS : exited(code)) }]).message);
    if (isIdle || code === 0) process.exitCode = 1;
  };
  process.once('beforeExit', onIdle);
  process.once('uncaughtExceptionMonitor', onUncaught);
  process.once('exit', tell);
  try {
    return await begin();
  } finally {
    process.off('beforeExit', onIdle);
    process.off('uncaughtExceptionMonitor', onUncaught);
    process.off('exit', tell);
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
