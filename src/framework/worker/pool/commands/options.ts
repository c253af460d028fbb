import { ABANDON_MS } from '../../../declare/task-context.js';
import {
  isCount,
  isText,
  oneOf,
  positiveDuration,
  record,
  type Rule,
} from '../../../declare/option-rules.js';
import { parseDuration } from '../../../base/time/duration.js';
import { show } from '../../../base/show.js';

/** The options of `runCommand`. */
export interface CommandOptions {
  /** The program's input. It may be any value that JSON can express. @default the task's input, as it arrived */
  input?: unknown;
  /**
   * How the program gets its input.
   * - `'stdin'`: on standard input.
   * - `'file'`: in a file, whose path is in the variable `STEPWRIGHT_INPUT_FILE`.
   * - `'args'`: as arguments after `args`. If the input is a list of texts, each is an argument; otherwise the JSON
   *   text is one argument.
   * - `'env'`: in the variable `STEPWRIGHT_INPUT`.
   * - `'none'`: not at all.
   * @default 'stdin'
   */
  inputAs?: 'stdin' | 'file' | 'args' | 'env' | 'none';
  /**
   * The place from which the result is read.
   * - `'stdout'`: standard output if all of it is one JSON text, else its last line.
   * - `'file'`: the content of the file whose path is in the variable `STEPWRIGHT_OUTPUT_FILE`. The program has to
   *   write it.
   * - `'none'`: the result is always `null`.
   * @default 'stdout'
   */
  outputFrom?: 'stdout' | 'file' | 'none';
  /**
   * Error names, by the program's exit code. If the program exits with such a code, the task fails with that name.
   * @default {}
   */
  errors?: Readonly<Record<number, string>>;
  /** The time between SIGTERM and SIGKILL when the program has to end. It must be less than 5 s. @default '3s' */
  killAfter?: string;
  /** The longest time that the program may run. @default no limit other than the task's own */
  timeout?: string;
  /** The most bytes that the program may print to standard output and standard error together. @default no limit */
  outputLimit?: number;
  /**
   * The most megabytes of address space that the program may use (`ulimit -v`, which not every system supports).
   * @default no limit
   */
  memoryMb?: number;
  /** The program's working directory. @default the worker's */
  cwd?: string;
  /** Environment variables for the program, in addition to the worker's own. @default {} */
  env?: Readonly<Record<string, string>>;
}

const whole: Rule = {
  expected: 'a whole number from 1 up',
  ok: (value) => Number.isInteger(value) && Number(value) >= 1,
};

const ROWS: Readonly<Record<keyof CommandOptions, Rule>> = {
  input: { expected: 'anything that JSON can hold', ok: (value) => JSON.stringify(value) !== undefined },
  inputAs: oneOf('stdin', 'file', 'args', 'env', 'none'),
  outputFrom: oneOf('stdout', 'file', 'none'),
  errors: {
    expected: "error names by exit code, such as { 3: 'BadInput' }",
    ok: (value) =>
      record.ok(value) &&
      Object.entries(value as object).every(([code, name]) => isExitCode(code) && isText(name)),
  },
  killAfter: {
    ...positiveDuration,
    expected: `${positiveDuration.expected}, and less than ${ABANDON_MS / 1000} s`,
    ok: (value) => positiveDuration.ok(value) && (parseDuration(value) ?? Infinity) < ABANDON_MS,
  },
  timeout: positiveDuration,
  outputLimit: whole,
  memoryMb: { expected: whole.expected, ok: isCount },
  cwd: { expected: 'a path', ok: isText },
  env: {
    expected: 'texts by name',
    ok: (value) =>
      record.ok(value) && Object.values(value as object).every((each) => typeof each === 'string'),
  },
};

const isExitCode = (text: string): boolean =>
  /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 255;

/** The options of one run, checked, and with the defaults added. */
export type CommandPlan = ReturnType<typeof checkOptions>;

/** Checks the options, and adds the defaults. @throws TypeError that names what is wrong. */
export function checkOptions(options: CommandOptions) {
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(ROWS, key))
      throw new TypeError(`runCommand has no option '${key}'; it has ${Object.keys(ROWS).join(', ')}`);
    const rule = ROWS[key as keyof CommandOptions];
    if (value !== undefined && !rule.ok(value))
      throw new TypeError(`runCommand: expected ${key} to be ${rule.expected}, got ${show(value)}`);
  }
  const {
    inputAs = 'stdin',
    outputFrom = 'stdout',
    killAfter = '3s',
    timeout,
    outputLimit = Infinity,
  } = options;
  const { input, errors = {}, memoryMb, cwd, env = {} } = options;
  return {
    input,
    inputAs,
    outputFrom,
    errors,
    timeout,
    outputLimit,
    memoryMb,
    cwd,
    env,
    usesFiles: inputAs === 'file' || outputFrom === 'file',
    killAfterMs: parseDuration(killAfter) ?? 0,
    timeoutMs: parseDuration(timeout),
  };
}
