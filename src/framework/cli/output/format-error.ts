import { StartError } from '../../base/errors.js';

/**
 * Returns the text of an error for stderr. Expected errors are shown without a stack, and errors of Step Functions by
 * name and message.
 */
export function formatError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof StartError || error.name === 'Error') return error.message;
  return '$metadata' in error ? `${error.name}: ${error.message}` : (error.stack ?? error.message);
}
