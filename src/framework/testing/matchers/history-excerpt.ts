import { messageIn } from '../../base/json.js';
import { detailsOf } from '../../local/view/history-event.js';

/**
 * The most events in an excerpt. They are the last ones, because the reason of a failure is near the end of the
 * history.
 */
const MOST_LINES = 15;
const MOST_CHARACTERS = 160;

/** Returns the last events in an execution's result, one event per line; undefined if the result has no history. */
export function historyExcerpt(result: object): string | undefined {
  const history: unknown = Reflect.get(result, 'history');
  if (!Array.isArray(history)) return undefined;
  const events: readonly unknown[] = history;
  const left = events.length - MOST_LINES;
  const lines = events.slice(-MOST_LINES).map((event) => `  ${lineOf(event)}`);
  return ['What happened:', ...(left > 0 ? [`  … ${left} events before`] : []), ...lines].join('\n');
}

/** Returns one event as a line, such as `4 ActivityFailed PaymentDeclined: no`. */
function lineOf(event: unknown): string {
  if (typeof event !== 'object' || event === null) return String(event);
  const fields = new Map<string, unknown>(Object.entries(event));
  const details: unknown = detailsOf(event);
  const said = isObject(details) ? sayDetails(details) : '';
  const line = `${String(fields.get('id'))} ${String(fields.get('type'))}${said}`;
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function sayDetails({ name, error, cause, input, output, resource }: Record<string, unknown>): string {
  if (typeof error === 'string')
    return ` ${error}${typeof cause === 'string' ? `: ${messageIn(cause)}` : ''}`;
  if (typeof name === 'string') return ` ${name}${typeof input === 'string' ? ` ${input}` : ''}`;
  if (typeof output === 'string') return ` ${output}`;
  if (typeof resource === 'string') return ` ${resource.split(':').at(-1) ?? ''}`;
  return typeof input === 'string' ? ` ${input}` : '';
}
