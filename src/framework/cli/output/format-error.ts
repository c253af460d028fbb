import { describeProblems, StartError } from '../../base/errors.js';
import { StoreError } from '../../base/store.js';

/**
 * Returns the text of an error for stderr. Expected errors are shown without a stack, and errors of Step Functions by
 * name and message.
 */
export function formatError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof StartError || error instanceof StoreError) return error.message;
  const fix = fixOfFile(error);
  if (fix !== undefined) return `${error.message}\nFix: ${fix}`;
  if (error.name === 'Error') return error.message;
  return '$metadata' in error ? `${error.name}: ${error.message}` : (error.stack ?? error.message);
}

/** The fix for a file or folder that the system refuses, by the code of the system's error. */
const FILE_FIXES: Readonly<Record<string, string>> = {
  EACCES: 'let this user read and write there, or run the command in another folder or as another user',
  EPERM: 'let this user read and write there, or run the command in another folder or as another user',
  EROFS: 'the file system is read-only: run the command in a folder that can be written to',
  ENOSPC: 'the disk is full: free some of it',
  EMFILE: 'raise the limit of open files (`ulimit -n`)',
};

const fixOfFile = ({ code = '', path }: NodeJS.ErrnoException): string | undefined =>
  path === undefined ? undefined : FILE_FIXES[code];

/**
 * The commands that start neither a worker nor a service. Their message about a problem must not say that one of these
 * can't start.
 */
const LOOK_ONLY = new Set(['check', 'config', 'schema', 'doctor', 'execute', 'types', 'verify', 'mcp']);

/** Returns the text of an error that has ended a command. */
export const formatErrorOf = (command: string | undefined, error: unknown): string =>
  error instanceof StartError && command !== undefined && LOOK_ONLY.has(command)
    ? describeProblems(error.problems, `stepwright ${command}`)
    : formatError(error);
