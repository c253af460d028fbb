import type { DestinationStream, Logger as PinoLogger } from 'pino';
import { wallTime } from '../time/clock.js';
import { loadLibrary } from '../load-library.js';
import { standardOutput } from './log-output.js';

const { pino } = loadLibrary('pino') as typeof import('pino');

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

/** The fields and the message of a line. An error in the place of the fields is the field `err`, as pino has it. */
export function partsOf(...args: [string] | [object, string]): [fields: object, message: string] {
  if (args.length === 1) return [{}, args[0]];
  const [own, message] = args;
  return [own instanceof Error ? { err: own } : own, message];
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
    timestamp: isoTime(),
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

/** As pino's own, made once for all lines of a millisecond. */
function isoTime(): () => string {
  let [at, text] = [Number.NaN, ''];
  return () => {
    const now = wallTime();
    if (now !== at) [at, text] = [now, `,"time":"${new Date(now).toISOString()}"`];
    return text;
  };
}

const levelName = (level: string): { level: string } => ({ level });

function prettyLines(destination: DestinationStream, colorize: boolean): DestinationStream {
  // Loaded where a person reads: a worker in a container writes JSON.
  const { prettyFactory } = loadLibrary('pino-pretty') as typeof import('pino-pretty');
  const pretty = prettyFactory({
    colorize,
    translateTime: 'SYS:HH:MM:ss',
    // Who takes the tasks of an activity is said once, at the beginning.
    ignore: 'pid,hostname,activity',
    singleLine: true,
    errorLikeObjectKeys: ['err'],
  });
  const paint = colorize ? (code: number, text: string): string => `\u001b[${code}m${text}\u001b[39m` : plain;
  return { write: (line) => destination.write(taskLine(line, paint) ?? pretty(line)) };
}

const plain = (_: number, text: string): string => text;
const [RED, GREEN, CYAN] = [31, 32, 36];

/**
 * The end of a task as one short line, `12:04:09 ✓ RefundOrder.refund 5e58 12 ms`, and how far one is as a bar. Undefined
 * for any other line.
 */
function taskLine(line: string, paint: typeof plain): string | undefined {
  const [, message] = /"msg":"task (succeeded|failed|progress)"\}?\s*$/.exec(line) ?? [];
  if (message === undefined) return undefined;
  try {
    const fields = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const { time, handler, task, ms, error, cause, progress } = fields;
    if (typeof handler !== 'string' || typeof task !== 'string' || typeof time !== 'string') return undefined;
    const at = new Date(time).toTimeString().slice(0, 8);
    const about = `${handler} ${task.slice(0, 4)}`;
    if (message === 'progress') return `${at} ${paint(CYAN, '…')} ${about} ${barOf(progress)}\n`;
    if (message === 'succeeded') return `${at} ${paint(GREEN, '✓')} ${about} ${String(ms)} ms\n`;
    return `${at} ${paint(RED, '✗')} ${about} ${String(ms)} ms ${String(error)} ${messageIn(cause)}\n`;
  } catch {
    return undefined;
  }
}

/** Characters of a bar. */
const BAR = 20;

/** `████████░░░░░░░░░░░░  40 % epoch 2/5` */
function barOf(progress: unknown): string {
  const { fraction, message } = (progress ?? {}) as { readonly fraction?: number; readonly message?: string };
  const words = message === undefined ? [] : [oneLine(message)];
  if (fraction === undefined) return words.join('');
  const full = Math.floor(fraction * BAR);
  const percent = `${Math.floor(fraction * 100)} %`.padStart(5);
  return ['█'.repeat(full) + '░'.repeat(BAR - full), percent, ...words].join(' ');
}

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ');

/** What a cause says, on one line; where several rules are broken, each on a line below it. */
function messageIn(cause: unknown): string {
  const text = typeof cause === 'string' ? cause : '';
  try {
    const { errorMessage, violations } = JSON.parse(text) as {
      readonly errorMessage?: unknown;
      readonly violations?: readonly { readonly path: string; readonly message: string }[];
    };
    const said = oneLine(typeof errorMessage === 'string' ? errorMessage : text);
    if (violations === undefined || violations.length < 2) return said;
    const [head] = said.split(': ', 1);
    return [head, ...violations.map(({ message }) => `  ${oneLine(message)}`)].join('\n');
  } catch {
    return oneLine(text);
  }
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
