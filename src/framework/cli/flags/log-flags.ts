import { badValue } from '../../config/sources.js';
import { oneOf } from '../../declare/option-rules.js';
import { StartError } from '../../base/errors.js';
import { createTappedLog } from '../../base/log/log.js';

/** The flags of a command that concern its log. */
export interface LogFlags {
  /**
   * The lowest level of the lines that are written, one of {@link LOG_LEVELS}. @default STEPWRIGHT_LOG_LEVEL, or `info`
   */
  readonly logLevel?: string;
  readonly logFormat?: 'pretty' | 'json';
}

export const LOG_LEVELS: readonly string[] = ['debug', 'info', 'warn', 'error'];
export const LEVEL_VARIABLE = 'STEPWRIGHT_LOG_LEVEL';

/**
 * Makes the log of a command. If `--log-format` isn't given, lines are formatted for people in a terminal, and are JSON
 * elsewhere.
 * @param onLine called with each line, as JSON
 * @throws StartError if STEPWRIGHT_LOG_LEVEL isn't a level
 */
export const logFor = (
  { logLevel, logFormat }: LogFlags,
  onLine?: (line: string) => void,
): ReturnType<typeof createTappedLog> =>
  createTappedLog(
    {
      level: logLevel ?? levelIn(process.env),
      pretty: logFormat ? logFormat === 'pretty' : process.stdout.isTTY,
    },
    onLine,
  );

/** Returns the level in STEPWRIGHT_LOG_LEVEL; undefined if the variable is unset or empty. */
function levelIn(env: NodeJS.ProcessEnv): string | undefined {
  const level = env[LEVEL_VARIABLE] || undefined;
  const rule = oneOf(...LOG_LEVELS);
  if (level !== undefined && !rule.ok(level)) throw new StartError([badValue(LEVEL_VARIABLE, rule, level)]);
  return level;
}
