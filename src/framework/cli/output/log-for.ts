import { badValue } from '../../config/mistakes.js';
import { oneOf } from '../../declare/rule.js';
import type { Environment } from '../../base/environment.js';
import { StartError } from '../../base/errors.js';
import { createLog } from '../../base/log/log.js';

/** How a command that runs was told to log. */
export interface LogFlags {
  /** One of {@link LOG_LEVELS}. @default the variable's, or `info` */
  readonly logLevel?: string;
  readonly logFormat?: 'pretty' | 'json';
}

export const LOG_LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error'];
export const LEVEL_VARIABLE = 'STEPWRIGHT_LOG_LEVEL';

/**
 * For a person where there is a terminal, a line of JSON each where there is none.
 * @throws StartError where the variable says no level
 */
export const logFor = ({ logLevel, logFormat }: LogFlags): ReturnType<typeof createLog> =>
  createLog({
    level: logLevel ?? levelIn(process.env),
    pretty: logFormat ? logFormat === 'pretty' : process.stdout.isTTY,
  });

/** An empty variable counts as unset. */
function levelIn(env: Environment): string | undefined {
  const level = env[LEVEL_VARIABLE] || undefined;
  const rule = oneOf(...LOG_LEVELS);
  if (level !== undefined && !rule.ok(level)) throw new StartError([badValue(LEVEL_VARIABLE, rule, level)]);
  return level;
}
