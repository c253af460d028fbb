import { StartError } from '../../base/errors.js';

/**
 * Returns the text of an error for stderr: expected errors without a stack, those of the service by name and message.
 */
export function formatError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof StartError || error.name === 'Error') return error.message;
  return '$metadata' in error ? `${error.name}: ${error.message}` : (error.stack ?? error.message);
}
