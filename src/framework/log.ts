import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { PinoPretty } from 'pino-pretty';

/** One line of a log: a message, or fields and a message. */
export interface LogLine {
  (message: string): void;
  (fields: object, message: string): void;
}

/** What handlers and the framework log to. A pino logger fits as it is. */
export interface Logger {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
  /** A logger whose every line carries these fields too. */
  child(fields: Record<string, unknown>): Logger;
}

export interface LogOptions {
  /** The least level that is written: `debug`, `info`, `warn`, `error` or `silent`. @default 'info' */
  level?: string;
  /** Coloured lines for a person, instead of a line of JSON each. @default false */
  pretty?: boolean;
  /** Where the lines go. @default standard output */
  destination?: DestinationStream;
}

/**
 * A pino logger. Lines of JSON are written behind the program's back, and the rest of them when the process exits:
 * a reader that stalls must not stop the heartbeats.
 */
export function createLog({ level = 'info', pretty = false, destination }: LogOptions = {}): PinoLogger {
  const options = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: levelName },
  };
  return pino(
    options,
    pretty ? prettyStream(destination) : (destination ?? pino.destination({ dest: 1, sync: false })),
  );
}

const levelName = (level: string): { level: string } => ({ level });

function prettyStream(destination?: DestinationStream): DestinationStream {
  return PinoPretty({
    sync: true,
    colorize: !destination,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
    singleLine: true,
    errorLikeObjectKeys: ['err'],
    destination: destination ?? 1,
  });
}

const nothing = (): void => {};

/** A logger that writes nothing. */
export const silentLog: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLog,
};
