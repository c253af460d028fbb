import { mistakesIn } from '../config/mistakes.js';
import { HANDLER_OPTIONS, type HandlerOptions } from '../declare/options.js';
import { parseRate, type Rate } from '../declare/rate.js';
import { checkAgainst } from '../declare/rule.js';

/** The options of a handler that can be set while it runs. */
export type Configurable = Pick<HandlerOptions, 'concurrency' | 'pollers' | 'rate'>;

/** These options once they are checked. An absent one stays as it is. */
export interface Reconfiguration {
  readonly concurrency?: number;
  readonly pollers?: { readonly min: number; readonly max: number };
  readonly rate?: Rate | false;
}

const { concurrency, pollers, rate } = HANDLER_OPTIONS;
const CONFIGURABLE = { concurrency, pollers, rate };

/**
 * Checks options that a handler is to have from now on.
 * @param poolSize the most threads or processes of its pool; undefined on the main thread
 * @throws RangeError with everything that is wrong
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
