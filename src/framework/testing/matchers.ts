import { inspect } from 'node:util';
import { show } from '../errors.js';
import type { TaskResult } from './task-result.js';

/** What a matcher finds in its `this`, under Jest and Vitest alike. */
interface MatcherContext {
  equals(actual: unknown, expected: unknown): boolean;
}

interface Verdict {
  readonly pass: boolean;
  readonly message: () => string;
}

/** The matchers by their signatures, for the types of `expect`. */
export interface StepwrightMatchers<R> {
  /** The task succeeded, with an output that equals this one; asymmetric matchers work. */
  toHaveSucceededWith(output: unknown): R;
  /** The task failed by this name. @param cause what its cause, parsed, must hold at least. */
  toHaveFailedWith(error: string, cause?: Readonly<Record<string, unknown>>): R;
  /** The machine entered these states, in this order, and no others. */
  toHaveVisited(states: readonly string[]): R;
}

/** For `expect.extend(matchers)` of Jest and Vitest. */
export const matchers = {
  toHaveSucceededWith(this: MatcherContext, received: unknown, output: unknown): Verdict {
    const pass =
      isResult(received) && received.status === 'succeeded' && this.equals(received.output, output);
    return verdict(pass, `success with ${text(output)}`, received);
  },

  toHaveFailedWith(
    this: MatcherContext,
    received: unknown,
    error: string,
    cause: Readonly<Record<string, unknown>> = {},
  ): Verdict {
    const named = isResult(received) && received.status === 'failed' && received.error === error;
    const told = named ? parsed(received.cause) : {};
    const pass =
      named && Object.entries(cause).every(([key, value]) => this.equals(Reflect.get(told, key), value));
    const holding = Object.keys(cause).length > 0 ? ` and a cause with ${text(cause)}` : '';
    return verdict(pass, `failure by ${show(error)}${holding}`, received);
  },

  toHaveVisited(this: MatcherContext, received: unknown, states: readonly string[]): Verdict {
    const path: unknown =
      typeof received === 'object' && received !== null ? Reflect.get(received, 'path') : [];
    return verdict(this.equals(path, states), `the states ${states.join(' → ')}`, received);
  },
};

function isResult(value: unknown): value is TaskResult {
  return typeof value === 'object' && value !== null && 'status' in value;
}

function parsed(cause: string): object {
  try {
    const value: unknown = JSON.parse(cause);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function verdict(pass: boolean, expected: string, received: unknown): Verdict {
  const message = (): string =>
    `expected ${pass ? 'anything but ' : ''}${expected}\n\ngot ${describe(received)}`;
  return { pass, message };
}

const text = (value: unknown): string => inspect(value, { depth: 6 });

/** A cause is shown as what it says, and an execution with all that happened to it. */
function describe(received: unknown): string {
  if (!isResult(received)) return text(received);
  const cause = received.status === 'failed' && 'cause' in received ? { cause: parsed(received.cause) } : {};
  const { history, ...rest } = { history: undefined, ...received };
  return [text({ ...rest, ...cause }), ...historyLines(history)].join('\n');
}

function historyLines(history: unknown): string[] {
  if (!Array.isArray(history)) return [];
  const events: readonly unknown[] = history;
  return [
    '',
    'history:',
    ...events.map((event) => `  ${inspect(event, { depth: 4, breakLength: Infinity })}`),
  ];
}
