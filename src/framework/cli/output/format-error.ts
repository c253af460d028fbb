import { StartError } from '../../base/errors.js';

/** Formats an error for stderr: expected ones without a stack, those of the service by name and message. */
export function formatError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof StartError || error.name === 'Error') return error.message;
  return '$metadata' in error ? `${error.name}: ${error.message}` : (error.stack ?? error.message);
}
