import { StartError } from '../../base/errors.js';

/** What was foreseen needs no trace; an error of the service is its name and message. */
export function formatError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof StartError || error.name === 'Error') return error.message;
  return '$metadata' in error ? `${error.name}: ${error.message}` : (error.stack ?? error.message);
}
