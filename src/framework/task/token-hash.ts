import { createHash } from 'node:crypto';

/** A short name for a token that is safe to log: whoever holds the token itself can report the task's outcome. */
export const tokenHash = (token: string): string =>
  createHash('sha256').update(token).digest('hex').slice(0, 8);
