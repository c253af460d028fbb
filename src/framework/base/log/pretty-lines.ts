import type { DestinationStream } from 'pino';

type Paint = (code: number, text: string) => string;
type Fields = Readonly<Record<string, unknown>>;

/** Returns a stream that takes pino's JSON lines and writes them to `destination` in a form that people can read. */
export function prettyLines(destination: DestinationStream, colorize: boolean): DestinationStream {
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
  return `${[head, ...(msg === undefined ? [] : [paint(CYAN, String(msg))]), ...more].join(' ')}${below}\n`;
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
  return `${timeOf(time)} ${paint(RED, '✗')} ${about} ${String(ms)} ms ${String(error)} ${messageIn(cause)}\n`;
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
