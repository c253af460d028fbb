import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { standardOutput } from './log-output.js';

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
 * A pino logger. To standard output, lines are written behind the program's back, and the rest of them when the
 * process exits. A log that can't be written costs lines, which are counted and told when it can be again: it never
 * throws, and nothing waits for its reader, neither a heartbeat nor (beyond a second) the end of the process. A
 * `destination` of yours is written to as pino does it.
 */
export function createLog({ level = 'info', pretty = false, destination }: LogOptions = {}): PinoLogger {
  const options = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: levelName },
  };
  if (destination) return pino(options, pretty ? prettyLines(destination, false) : destination);
  const output = standardOutput();
  const lines = { write: (line: string) => output.write(line) };
  const log = pino(options, pretty ? prettyLines(lines, true) : lines);
  output.onLost((lost, why) =>
    log.warn({ lost, why }, 'lines of the log are lost: they could not be written'),
  );
  return log;
}

const levelName = (level: string): { level: string } => ({ level });

function prettyLines(destination: DestinationStream, colorize: boolean): DestinationStream {
  const pretty = prettyFactory({
    colorize,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
    singleLine: true,
    errorLikeObjectKeys: ['err'],
  });
  return { write: (line) => destination.write(pretty(line)) };
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
