import { describeProblems, StartError } from '../../base/errors.js';

/**
 * Returns the text of an error for stderr. Expected errors are shown without a stack, and errors of Step Functions by
 * name and message.
 */
export function formatError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof StartError || error.name === 'Error') return error.message;
  return '$metadata' in error ? `${error.name}: ${error.message}` : (error.stack ?? error.message);
}

/**
 * The commands that start neither a worker nor a service. Their message about a problem must not say that one of these
 * can't start.
 */
const LOOK_ONLY = new Set(['check', 'config', 'schema', 'doctor', 'execute']);

/** Returns the text of an error that has ended a command. */
export const formatErrorOf = (command: string | undefined, error: unknown): string =>
  error instanceof StartError && command !== undefined && LOOK_ONLY.has(command)
    ? describeProblems(error.problems, `stepwright ${command}`)
    : formatError(error);
