import { type Problem, StartError } from '../errors.js';
import { sayAtOnce } from '../stdio.js';
import { isMeant } from './leave.js';

/** Node's own exit code where nothing is left that could settle what the program awaits. */
const NEVER_SETTLED = 13;

/**
 * Waits for code of the user's, before anything runs. Where the process ends meanwhile, that is told as any other
 * problem of a start, and the exit code is not 0.
 * @param place what the problem then is called, and where it lies.
 */
export async function finished<T>(
  place: Pick<Problem, 'code' | 'where'>,
  begin: () => T | Promise<T>,
): Promise<T> {
  const tell = (code: number): void => {
    if (isMeant()) return;
    const endedBy = process.exitCode ?? code;
    const problem = endedBy === NEVER_SETTLED ? NEVER_ENDS : exited(endedBy);
    sayAtOnce(new StartError([{ ...place, ...problem }]).message);
    if (endedBy === NEVER_SETTLED || endedBy === 0) process.exitCode = 1;
  };
  process.once('exit', tell);
  try {
    return await begin();
  } finally {
    process.off('exit', tell);
  }
}

const NEVER_ENDS = {
  what: 'it never ends: it awaits a promise that nothing is left to settle',
  fix: 'see what it awaits: whoever makes that promise must resolve or reject it',
};

const exited = (code: number | string) => ({
  what: `process.exit(${code}) was called while it ran`,
  fix: 'take the call out; where it can not go on, throw an error that says why',
});
