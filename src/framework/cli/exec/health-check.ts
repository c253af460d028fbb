import { execFile } from 'node:child_process';

/** The longest that a check may take, in milliseconds. */
const LIMIT_MS = 30_000;

/**
 * Returns a check that runs a command by the shell. The check resolves with nothing if the command ends with 0, and
 * otherwise, or if it takes longer than 30 s, with an error that says how it ended.
 */
export const healthCheck = (command: string) => (): Promise<Error | undefined> =>
  new Promise((resolve) => {
    const options = { timeout: LIMIT_MS, killSignal: 'SIGKILL' } as const;
    execFile('/bin/sh', ['-c', command], options, (error, _stdout, stderr) => {
      if (!error) return resolve(undefined);
      const how = error.killed
        ? `did not end within ${LIMIT_MS / 1_000} s`
        : `ended with ${error.signal ?? `exit code ${error.code}`}`;
      const last = stderr.trimEnd().split('\n').at(-1);
      resolve(new Error(`--healthy '${command}' ${how}${last ? `: ${last}` : ''}`));
    });
  });
