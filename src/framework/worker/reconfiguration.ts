import { mistakesIn } from '../config/sources.js';
import { HANDLER_OPTIONS, type HandlerOptions } from '../declare/handler-options.js';
import { checkAgainst, parseRate, type Rate } from '../declare/option-rules.js';

/** The options of a handler that can be changed while the worker runs. */
export type Configurable = Pick<HandlerOptions, 'concurrency' | 'pollers' | 'rate'>;

/**
 * The new values of {@link Configurable} options, after they were checked and parsed. An option that is absent isn't
 * changed. `rate: false` removes the rate.
 */
export interface Reconfiguration {
  readonly concurrency?: number;
  readonly pollers?: { readonly min: number; readonly max: number };
  readonly rate?: Rate | false;
}

const { concurrency, pollers, rate } = HANDLER_OPTIONS;
const CONFIGURABLE = { concurrency, pollers, rate };

/**
 * Checks and parses new options for a handler.
 * @param poolSize the most threads or processes in the handler's pool; undefined if it runs on the main thread
 * @throws RangeError that lists everything that is wrong
 */
export function readReconfiguration(
  handler: string,
  options: Configurable,
  poolSize: number | undefined,
): Reconfiguration {
  const problems = checkAgainst(CONFIGURABLE, options, mistakesIn(`${handler}.`)).map(
    ({ where, what, fix }) => `${where}: ${what}; ${fix}`,
  );
  if (poolSize !== undefined && Number(options.concurrency) > poolSize)
    problems.push(
      `${handler}.concurrency: its pool has ${poolSize} threads or processes, got ${options.concurrency}; set it to ${poolSize} at most`,
    );
  if (problems.length > 0) throw new RangeError(problems.join('\n'));
  const { pollers: polls, rate: text } = options;
  return {
    ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
    ...(polls !== undefined && { pollers: typeof polls === 'number' ? { min: polls, max: polls } : polls }),
    ...(text !== undefined && { rate: parseRate(text) ?? false }),
  };
}
