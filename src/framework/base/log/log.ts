import { isNativeError } from 'node:util/types';
import { type DestinationStream, pino, type Logger as PinoLogger } from 'pino';
import { messageIn, parseJson } from '../json.js';
import { show, showError } from '../show.js';
import { wallTime } from '../time/clock.js';
import { standardOutput } from './log-output.js';

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
  return [isNativeError(own) ? { err: own } : own, message];
}

/** Returns the fields that stand for those of a line that can't be written. @param error the reason */
export const lostFields = (error: unknown): { readonly fieldsLost: string } => ({
  fieldsLost: isNativeError(error) ? showError(error) : show(error),
});

/**
 * Writes a line. If its fields can't be written, since a getter throws or a proxy was revoked, it is written with the
 * reason in their place. Never throws, also if the logger does.
 */
function writeGuarded(
  write: (...args: [string] | [object, string]) => void,
  args: [string] | [object, string],
): void {
  try {
    write(...args);
  } catch (error) {
    try {
      const message = args.at(-1);
      write(lostFields(error), typeof message === 'string' ? message : show(message));
    } catch {
      // Nothing can be written to this logger.
    }
  }
}

/** The loggers of {@link createLog}, which guard each line themselves. */
const guardedByHook = new WeakSet<object>();

/** Returns a logger that writes to another one, and never throws: the same one if {@link createLog} made it. */
export function guardedLog(log: Logger & Partial<Pick<PinoLogger, 'isLevelEnabled'>>): Logger {
  if (guardedByHook.has(log)) return log;
  const level =
    (name: keyof Omit<Logger, 'child'>): LogLine =>
    (...args: [string] | [object, string]) =>
      writeGuarded((...parts) => (log[name] as (...parts: unknown[]) => void)(...parts), args);
  const guarded = {
    debug: level('debug'),
    info: level('info'),
    warn: level('warn'),
    error: level('error'),
    child: (fields: Record<string, unknown>) => guardedLog(log.child(fields)),
    isLevelEnabled: (name: string) => log.isLevelEnabled?.(name) !== false,
  };
  return guarded;
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
 * Makes a pino logger. It never throws. Lines to standard output are written in the background, so that no task waits
 * until the log is read, and the exit of the process a second at most. Lines that can't be written are dropped, and
 * their number is logged once writing works again. To a `destination`, pino writes as it always does.
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
    hooks: { logMethod: guardedMethod },
  };
  const output = destination ? undefined : standardOutput();
  const lines = destination ?? { write: (line: string) => output?.write(line) };
  const isColoured = destination === undefined && hasColours();
  const log = pino(options, tapped(pretty ? prettyLines(lines, isColoured) : lines, onLine));
  guardedByHook.add(log);
  output?.onLost((lost, why) =>
    log.warn({ lost, why }, 'lines of the log are lost: they could not be written'),
  );
  return log;
}

/** pino's hook around each line. `this` is the logger. */
function guardedMethod(this: PinoLogger, args: unknown[], method: (...args: unknown[]) => void): void {
  writeGuarded((...parts) => method.apply(this, parts), args as [object, string]);
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

type Paint = (code: number, text: string) => string;
type Fields = Readonly<Record<string, unknown>>;

/** Returns a stream that takes pino's JSON lines and writes them to `destination` in a form that people can read. */
function prettyLines(destination: DestinationStream, colorize: boolean): DestinationStream {
  const paint: Paint = colorize ? (code, text) => `\u001b[${code}m${text}\u001b[39m` : (_, text) => text;
  return { write: (line) => destination.write(shown(line, paint)) };
}

const [RED, GREEN, YELLOW, BLUE, CYAN, GREY] = [31, 32, 33, 34, 36, 90];
const COLOURS: Readonly<Record<string, number>> = { debug: BLUE, info: GREEN, warn: YELLOW, error: RED };

function shown(line: string, paint: Paint): string {
  try {
    const fields = JSON.parse(line) as Fields;
    return taskLine(fields, paint) ?? anyLine(fields, paint);
  } catch {
    return line;
  }
}

/** Returns a log line as `[12:04:09] INFO: message {"further":"fields"}`, and below it the stack of an error. */
function anyLine({ level, time, msg, err, ...others }: Fields, paint: Paint): string {
  // The activity of each handler is logged once, at the start.
  const { pid: _, hostname: __, activity: ___, ...fields } = others;
  const name = String(level);
  const head = `[${timeOf(time)}] ${paint(COLOURS[name] ?? RED, name.toUpperCase())}:`;
  const more = Object.keys(fields).length > 0 ? [paint(GREY, JSON.stringify(fields))] : [];
  const { stack, message } = (err ?? {}) as Fields;
  const below = err === undefined ? '' : `\n${String(stack ?? message)}`.replaceAll('\n', '\n    ');
  return `${[head, ...(msg === undefined ? [] : [paint(CYAN, typeof msg === 'string' ? msg : JSON.stringify(msg))]), ...more].join(' ')}${below}\n`;
}

const timeOf = (time: unknown): string => new Date(String(time)).toTimeString().slice(0, 8);

/**
 * Returns a short line for a task that has ended, `12:04:09 ✓ RefundOrder.refund 5e58 12 ms`, or for a task's progress,
 * with a bar. Returns undefined for any other log line.
 */
function taskLine(
  { msg, time, handler, task, ms, error, cause, progress }: Fields,
  paint: Paint,
): string | undefined {
  if (typeof handler !== 'string' || typeof task !== 'string') return undefined;
  const about = `${handler} ${task.slice(0, 4)}`;
  if (msg === 'task progress') return `${timeOf(time)} ${paint(CYAN, '…')} ${about} ${barOf(progress)}\n`;
  if (msg === 'task succeeded') return `${timeOf(time)} ${paint(GREEN, '✓')} ${about} ${String(ms)} ms\n`;
  if (msg !== 'task failed') return undefined;
  return `${timeOf(time)} ${paint(RED, '✗')} ${about} ${String(ms)} ms ${String(error)} ${shortCause(cause)}\n`;
}

/** The width of a progress bar, in characters. */
const BAR = 20;

/** Returns a progress bar: `████████░░░░░░░░░░░░  40 % epoch 2/5`. */
function barOf(progress: unknown): string {
  const { fraction, message } = (progress ?? {}) as { readonly fraction?: number; readonly message?: string };
  const words = message === undefined ? [] : [oneLine(message)];
  if (fraction === undefined) return words.join('');
  const full = Math.floor(fraction * BAR);
  const percent = `${Math.floor(fraction * 100)} %`.padStart(5);
  return ['█'.repeat(full) + '░'.repeat(BAR - full), percent, ...words].join(' ');
}

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ');

/** Returns the message in a failure's cause as one line, or several broken rules each on a line of its own. */
function shortCause(cause: unknown): string {
  const text = typeof cause === 'string' ? cause : '';
  const said = oneLine(messageIn(text));
  const { violations } = (parseJson(text) ?? {}) as { readonly violations?: readonly { message: string }[] };
  if (!Array.isArray(violations) || violations.length < 2) return said;
  const [head] = said.split(': ', 1);
  return [head, ...violations.map(({ message }) => `  ${oneLine(message)}`)].join('\n');
}
