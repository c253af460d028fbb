import type { DestinationStream } from 'pino';
import { loadLibrary } from '../load-library.js';

/** Returns a stream that takes pino's JSON lines and writes them to `destination` in a form that people can read. */
export function prettyLines(destination: DestinationStream, colorize: boolean): DestinationStream {
  // Loaded here, since only a person's terminal needs it: a worker in a container writes JSON.
  const { prettyFactory } = loadLibrary('pino-pretty') as typeof import('pino-pretty');
  const pretty = prettyFactory({
    colorize,
    translateTime: 'SYS:HH:MM:ss',
    // The activity of each handler is logged once, at the start.
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
 * Returns a short line for a task that has ended, `12:04:09 ✓ RefundOrder.refund 5e58 12 ms`, or for a task's progress,
 * with a bar. Returns undefined for any other log line.
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

/**
 * Returns the message in a failure's cause as one line. If the cause lists several broken rules, each of them follows
 * on its own line.
 */
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
