import { type Problem, StartError } from '../../base/errors.js';
import { writeErrorSync } from '../../base/log/stdio.js';
import { isExitIntended } from './signals.js';

/**
 * Runs user code that is part of the start of a worker, and waits for it. If that code exits the process, the exit is
 * reported as a problem, and the exit code is never 0.
 * @param origin the code of that problem, and a name for the user code
 * @throws StartError if the user code awaits a promise that nothing can settle any more
 */
export async function runUserCode<T>(
  origin: Pick<Problem, 'code' | 'where'>,
  begin: () => T | Promise<T>,
): Promise<T> {
  let isReported = false;
  // Node itself prints an uncaught exception, so it isn't reported again.
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
  what: 'it never ends: it awaits a promise that nothing can settle any more',
  fix: 'check what it awaits: the code that makes that promise must resolve or reject it',
};

const exited = (code: number) => ({
  what: `process.exit(${code}) was called while it ran`,
  fix: 'remove the call; if the start can not continue, throw an error that says why',
});
