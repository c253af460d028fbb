import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import { wallTime } from '../time/clock.js';
import { standardOutput } from './log-output.js';
import { prettyLines } from './pretty-lines.js';

/** Logs one line: a message, or fields and a message. */
export interface LogLine {
  (message: string): void;
  (fields: object, message: string): void;
}

/** The logger that handlers and the framework log with. A pino logger can be used as one. */
export interface Logger {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
  /** Returns a logger that adds these fields to each of its lines. */
  child(fields: Record<string, unknown>): Logger;
}

/** Returns false if a logger drops lines of level `debug`, so that none has to be made. */
export const writesDebug = (log: Logger & Partial<Pick<PinoLogger, 'isLevelEnabled'>>): boolean =>
  log.isLevelEnabled?.('debug') !== false;

/**
 * Returns the fields and the message of a log call, given the call's arguments. If the first argument is an error, the
 * fields are `{ err: error }`, as in pino.
 */
export function partsOf(...args: [string] | [object, string]): [fields: object, message: string] {
  if (args.length === 1) return [{}, args[0]];
  const [own, message] = args;
  return [own instanceof Error ? { err: own } : own, message];
}

export interface LogOptions {
  /** The lowest level that is written: `debug`, `info`, `warn`, `error` or `silent`. @default 'info' */
  level?: string;
  /**
   * Writes readable lines for a person instead of JSON. They are coloured if they go to a terminal. @default false
   */
  pretty?: boolean;
  /** Receives the lines. @default standard output */
  destination?: DestinationStream;
}

/**
 * Makes a pino logger. Lines to standard output are written in the background, and the last ones when the process
 * exits. Lines that can't be written are dropped, and their number is logged once writing works again. The logger never
 * throws. Nothing waits for the log to be read: no task, no heartbeat, and the exit of the process for a second at
 * most.
 *
 * If you pass a `destination`, all this doesn't apply: pino writes to it as it always does.
 */
export function createLog(options: LogOptions = {}): PinoLogger {
  return createTappedLog(options, undefined);
}

/**
 * Makes the same logger as {@link createLog}.
 * @param onLine called with each line, as JSON, before it is written. Must not throw
 */
export function createTappedLog(
  { level = 'info', pretty = false, destination }: LogOptions,
  onLine: ((line: string) => void) | undefined,
): PinoLogger {
  const options = {
    level,
    base: undefined,
    timestamp: isoTime(),
    formatters: { level: levelName },
  };
  if (destination)
    return pino(options, tapped(pretty ? prettyLines(destination, false) : destination, onLine));
  const output = standardOutput();
  const lines = { write: (line: string) => output.write(line) };
  const log = pino(options, tapped(pretty ? prettyLines(lines, hasColours()) : lines, onLine));
  output.onLost((lost, why) =>
    log.warn({ lost, why }, 'lines of the log are lost: they could not be written'),
  );
  return log;
}

function tapped(
  destination: DestinationStream,
  onLine: ((line: string) => void) | undefined,
): DestinationStream {
  if (!onLine) return destination;
  return {
    write: (line) => {
      onLine(line);
      destination.write(line);
    },
  };
}

/**
 * Returns a function that writes the current time in pino's format. The text is computed once for all lines of the same
 * millisecond.
 */
function isoTime(): () => string {
  let [at, text] = [Number.NaN, ''];
  return () => {
    const now = wallTime();
    if (now !== at) [at, text] = [now, `,"time":"${new Date(now).toISOString()}"`];
    return text;
  };
}

/** Returns true if standard output is a terminal that shows colours, as its environment says (https://no-color.org). */
const hasColours = (): boolean => process.stdout.isTTY && process.stdout.hasColors();

const levelName = (level: string): { level: string } => ({ level });

const nothing = (): void => {};

/** A logger that writes nothing. */
export const silentLog: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLog,
};
