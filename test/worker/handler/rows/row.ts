import { types } from 'node:util';
import { Activity, Handle, type Interceptor, type TaskContext } from 'stepwright';
import { createTestBed, type TaskResult } from 'stepwright/testing';
import type { Constructor } from '../../../../src/framework/declare/class.js';
import type { HandleOptions } from '../../../../src/framework/declare/handler-options.js';

/** The exact outcome that is reported. */
export type Expected =
  | { readonly output: string }
  | { readonly error: string; readonly cause: Readonly<Record<string, unknown>> };

/** One task, and its outcome. */
export interface Row {
  readonly name: string;
  readonly options: HandleOptions;
  readonly json: string;
  readonly run: (input: unknown, task: TaskContext) => unknown;
  readonly interceptors: readonly Constructor<Interceptor>[];
  /** @default 'worker' */
  readonly scope?: 'worker' | 'task';
  readonly expected: Expected;
}

/** Makes the class of a row's own handler, named `name`: rows share nothing. */
export function activityOf({ options, run, interceptors, scope }: Row, name: string): Constructor<object> {
  @Activity(name, { interceptors, scope })
  class Table {
    static readonly name = name;
    @Handle(options as HandleOptions<'any', undefined>) handle(input: never, task: TaskContext): unknown {
      return run(input, task);
    }
  }
  return Table;
}

/** Returns the outcome where the handler runs on the main thread. */
export async function tell(row: Row): Promise<TaskResult> {
  const bed = await createTestBed(activityOf(row, 'Table'));
  return bed.runText(row.json);
}

/** Returns the first difference from the expected outcome; undefined where there is none. The lines of traces may vary. */
export function difference(result: TaskResult, expected: Expected): string | undefined {
  const actual = 'output' in result ? { output: JSON.stringify(result.output) } : failed(result);
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  return found === wanted ? undefined : `expected ${wanted}\nbut got  ${found}`;
}

function failed(result: TaskResult): unknown {
  if (result.status !== 'failed') return result;
  const cause: Record<string, unknown> = JSON.parse(result.cause);
  if (cause['trace'] === undefined) return { error: result.error, cause };
  return {
    error: result.error,
    cause: { ...cause, trace: isTrace(cause['trace']) ? 'trace' : cause['trace'] },
  };
}

const isTrace = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((line) => typeof line === 'string' && /^(at |Caused by: )/.test(line));

/** Yields every change of one leaf of an expected outcome. */
export function corruptions(value: unknown): unknown[] {
  if (typeof value === 'string') return [`${value}!`];
  if (typeof value !== 'object' || value === null) return ['corrupted'];
  if (Array.isArray(value)) {
    const changed = value.flatMap((each, index) => corruptions(each).map((bad) => value.with(index, bad)));
    return [...changed, [...value, 'corrupted']];
  }
  const changed = Object.entries(value).flatMap(([key, each]) =>
    corruptions(each).map((bad) => ({ ...value, [key]: bad })),
  );
  return [...changed, { ...value, corrupted: true }];
}

/** Shows exactly what a handler received, with class names, dates, maps and sets, without undefined fields. */
export function seen(value: unknown): unknown {
  if (typeof value === 'bigint') return { bigint: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (types.isDate(value)) return { Date: value.toISOString() };
  if (value instanceof Map) return { Map: [...value].map(([key, each]) => [key, seen(each)]) };
  if (value instanceof Set) return { Set: [...value].map(seen) };
  if (Array.isArray(value)) return value.map(seen);
  const set = Object.entries(value).filter(([, each]) => each !== undefined);
  const fields = Object.fromEntries(set.map(([key, each]) => [key, seen(each)]));
  const { name } = value.constructor;
  return Object.getPrototypeOf(value) === Object.prototype ? fields : { [name]: fields };
}
