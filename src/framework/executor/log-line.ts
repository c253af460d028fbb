import type { Logger } from '../log.js';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** A line of a log on its way from a thread or a process. */
export interface LogLine {
  readonly level: Level;
  readonly message: string;
  /** JSON text of an object. */
  readonly fields: string;
}

/** A logger whose lines are handed to `send` as text. Never throws for what a field holds. */
export function remoteLog(send: (line: LogLine) => void, fields: object = {}): Logger {
  const write =
    (level: Level) =>
    (...args: [string] | [object, string]): void => {
      const [own, message] = args.length === 1 ? [{}, args[0]] : args;
      send({ level, message, fields: fieldsText({ ...fields, ...own }) });
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (more) => remoteLog(send, { ...fields, ...more }),
  };
}

/** Writes a line that came. */
export function writeLine(log: Logger, { level, message, fields }: LogLine): void {
  log[level](JSON.parse(fields, reviveError) as object, message);
}

function fieldsText(fields: object): string {
  try {
    return JSON.stringify(fields, replaceError);
  } catch (error) {
    return JSON.stringify({ fieldsLost: String(error) });
  }
}

const ERROR_KEY = '$stepwright:error';

/** An error is its name, message and stack, and what its own fields hold. */
function replaceError(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return {
    [ERROR_KEY]: {
      ...Object.fromEntries(Object.entries(value)),
      name,
      message,
      stack,
      ...(cause !== undefined && { cause }),
    },
  };
}

function reviveError(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(ERROR_KEY in value)) return value;
  const { message, ...fields } = value[ERROR_KEY] as { message: string };
  return Object.assign(new Error(message), fields);
}
