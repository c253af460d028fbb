import { isPlainObject, messageIn, parseJson } from '../base/json.js';
import { inspect } from 'node:util';
import type { TaskResult } from './bed/task-result.js';
import { detailsOf } from '../local/view/history-event.js';

/** The members of a matcher's `this` that both Jest and Vitest have. */
interface MatcherContext {
  equals(actual: unknown, expected: unknown): boolean;
  readonly utils?: {
    /** Returns the difference between two values as text; null if there is nothing to show. */
    diff?(expected: unknown, received: unknown): string | null | undefined;
  };
}

interface Verdict {
  readonly pass: boolean;
  readonly message: () => string;
}

/** The signatures of the matchers. They are merged into the types of `expect`. */
export interface StepwrightMatchers<R> {
  /**
   * Passes if the task or the execution succeeded with an output equal to this one. Asymmetric matchers can be used.
   */
  toHaveSucceededWith(output: unknown): R;
  /**
   * Passes if the task or the execution failed with this error name.
   * @param cause fields that the cause, parsed as JSON, must contain (it may contain more); or the whole cause as text
   */
  toHaveFailedWith(error: string, cause?: Readonly<Record<string, unknown>> | string): R;
  /** Passes if the execution exceeded the `TimeoutSeconds` of its state machine. */
  toHaveTimedOut(): R;
  /** Passes if the execution was stopped by `stop()`. */
  toHaveBeenAborted(): R;
  /** Passes if the service no longer wants the task, so that nothing was reported. */
  toBeGone(): R;
  /** Passes if the machine entered exactly these states, in this order. */
  toHaveVisited(states: readonly string[]): R;
}

/**
 * Matchers for `expect.extend(matchers)` of Jest and Vitest. A matcher throws if the received value isn't a result,
 * even after `.not`.
 */
export const matchers = {
  toHaveSucceededWith(this: MatcherContext, received: unknown, output: unknown): Verdict {
    const result = readResult('toHaveSucceededWith', received);
    const succeeded = result.status === 'succeeded';
    const pass = succeeded && this.equals(result.output, output);
    return verdict(pass, `success with ${text(output)}`, result, () =>
      succeeded ? this.utils?.diff?.(output, result.output) : undefined,
    );
  },

  toHaveFailedWith(
    this: MatcherContext,
    received: unknown,
    error: string,
    cause: Readonly<Record<string, unknown>> | string = {},
  ): Verdict {
    const result = readResult('toHaveFailedWith', received);
    const named = result.status === 'failed' && result.error === error;
    if (typeof cause === 'string')
      return verdict(
        named && result.cause === cause,
        `failure by ${error} and the cause ${text(cause)}`,
        result,
        () => (named ? this.utils?.diff?.(cause, result.cause) : undefined),
      );
    const told: object = Object(named ? parseJson(result.cause ?? '') : undefined);
    const actual = Object.fromEntries(Object.keys(cause).map((key) => [key, Reflect.get(told, key)]));
    const pass = named && this.equals(actual, cause);
    const holding = Object.keys(cause).length > 0 ? ` and a cause with ${text(cause)}` : '';
    return verdict(pass, `failure by ${error}${holding}`, result, () =>
      named ? this.utils?.diff?.(cause, actual) : undefined,
    );
  },

  toHaveTimedOut(this: MatcherContext, received: unknown): Verdict {
    return endVerdict('toHaveTimedOut', 'timedOut', received);
  },

  toHaveBeenAborted(this: MatcherContext, received: unknown): Verdict {
    return endVerdict('toHaveBeenAborted', 'aborted', received);
  },

  toBeGone(this: MatcherContext, received: unknown): Verdict {
    return endVerdict('toBeGone', 'gone', received);
  },

  toHaveVisited(this: MatcherContext, received: unknown, states: readonly string[]): Verdict {
    const result = readResult('toHaveVisited', received);
    const path: unknown = Reflect.get(result, 'path');
    if (!Array.isArray(path))
      throw new Error(noResult('toHaveVisited', "a task's result, which enters no states", EXECUTION));
    return verdict(
      this.equals(path, states),
      `the states ${list(states)}`,
      result,
      () => `Entered: ${list(path)}\n${this.utils?.diff?.(states, path) ?? ''}`,
    );
  },
};

/** Returns the verdict of a matcher that looks at the status alone. */
function endVerdict(matcher: string, expected: string, received: unknown): Verdict {
  const result = readResult(matcher, received);
  const status: string = result.status;
  return verdict(status === expected, SAID[expected] ?? expected, result, () => undefined);
}

const list = (states: readonly unknown[]): string => (states.length > 0 ? states.join(' → ') : 'none');

const EXECUTION = 'give it what `await machine.execute(…)` of a test machine gives';
const RESULT = 'give it what `await bed.run(…)`, `await task.outcome` or `await machine.execute(…)` gives';

/**
 * Returns the value that was given to `expect` if it is a result.
 * @throws Error for any other value, since a matcher would otherwise pass or fail by accident
 */
function readResult(matcher: string, received: unknown): TaskResult {
  if (typeof received === 'object' && received !== null) {
    if ('then' in received && typeof received.then === 'function')
      throw new Error(noResult(matcher, 'a Promise', `await it: expect(await …).${matcher}(…)`));
    const status: unknown = Reflect.get(received, 'status');
    if (typeof status === 'string' && STATUSES.has(status)) return received as TaskResult;
  }
  throw new Error(noResult(matcher, text(received), RESULT));
}

const STATUSES = new Set(['succeeded', 'failed', 'gone', 'deferred', 'timedOut', 'aborted', 'running']);

const noResult = (matcher: string, got: string, fix: string): string =>
  `${matcher}: expected the result of a task or an execution, got ${got}\nFix: ${fix}`;

function verdict(
  pass: boolean,
  expected: string,
  received: TaskResult,
  difference: () => string | null | undefined,
): Verdict {
  const message = (): string => {
    const parts = [
      `Expected: ${pass ? 'anything but ' : ''}${expected}`,
      `Received: ${describe(received)}`,
      pass ? undefined : difference(),
      historyExcerpt(received),
    ];
    return parts.filter((part) => typeof part === 'string' && part !== '').join('\n\n');
  };
  return { pass, message };
}

const text = (value: unknown): string => inspect(value, { depth: 6, breakLength: 100 });

/** Returns a result as text. Of a cause that a worker has written, only the message is shown. */
function describe(result: TaskResult): string {
  if (result.status === 'succeeded') return `success with ${text(result.output)}`;
  if (result.status !== 'failed') return SAID[result.status] ?? result.status;
  const cause = parseJson(result.cause ?? '');
  const { errorType: _, trace: __, errorMessage, ...rest } = isPlainObject(cause) ? cause : {};
  const said =
    typeof errorMessage === 'string' ? `: ${errorMessage}` : result.cause ? `: ${result.cause}` : '';
  const more = Object.keys(rest).length > 0 && typeof errorMessage === 'string' ? `\n${text(rest)}` : '';
  return `failure by ${result.error}${said}${more}`;
}

const SAID: Readonly<Record<string, string>> = {
  gone: 'a task that is gone: the service is told nothing',
  deferred: 'a task that was deferred and is not completed',
  timedOut: 'an execution that timed out',
  aborted: 'an execution that was stopped',
  running: 'an execution that has not ended',
};

/**
 * The most events in an excerpt. They are the last ones, because the reason of a failure is near the end of the
 * history.
 */
const MOST_LINES = 15;
const MOST_CHARACTERS = 160;

/** Returns the last events in an execution's result, one event per line; undefined if the result has no history. */
function historyExcerpt(result: object): string | undefined {
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
