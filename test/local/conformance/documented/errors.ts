import { FUNCTIONS, WORK, type MachineRow } from '../row.js';
import { ERRORS, example } from './pages.js';

const retried = (does: string, retry: object[], errors: string[], expect: MachineRow['expect']): MachineRow =>
  example(
    ERRORS,
    does,
    {
      StartAt: 'X',
      States: {
        X: {
          Type: 'Task',
          Resource: WORK,
          Retry: retry,
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Z' }],
          Next: 'Y',
        },
        Y: { Type: 'Pass', Result: 'Y', End: true },
        Z: { Type: 'Pass', Result: 'Z', End: true },
      },
    },
    {},
    expect,
    { work: [...errors.map((error) => ({ error })), { output: 1 }] },
  );

/** A function that fails, or never answers, and what the page does about it. */
const fallback = (does: string, fields: object, input: unknown, expect: MachineRow['expect']): MachineRow =>
  example(
    ERRORS,
    does,
    {
      StartAt: 'X',
      States: {
        X: { Type: 'Task', Resource: FUNCTIONS.fail, End: true, ...fields },
        ...Object.fromEntries(
          ['RecoveryState', 'EndState']
            .filter((name) => JSON.stringify(fields).includes(name))
            .map((name) => [name, { Type: 'Pass', End: true }]),
        ),
      },
    },
    input,
    expect,
  );
const JAVA = {
  Catch: [
    { ErrorEquals: ['java.lang.Exception'], ResultPath: '$.error-info', Next: 'RecoveryState' },
    { ErrorEquals: ['States.ALL'], Next: 'EndState' },
  ],
};

/** Failures, and what is done about them. */
export const errorRows: MachineRow[] = [
  retried(
    'two retries three seconds apart',
    [{ ErrorEquals: ['E'], IntervalSeconds: 3, MaxAttempts: 2, BackoffRate: 1 }],
    ['E', 'E'],
    { output: 'Y', seconds: 6 },
  ),
  retried(
    'three, at most five seconds apart',
    [{ ErrorEquals: ['E'], IntervalSeconds: 3, MaxAttempts: 3, BackoffRate: 2, MaxDelaySeconds: 5 }],
    ['E', 'E', 'E'],
    { output: 'Y', seconds: 13 },
  ),
  retried(
    'every error but States.Timeout',
    [{ ErrorEquals: ['States.Timeout'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }],
    ['E'],
    { output: 'Y', seconds: 1 },
  ),
  retried(
    'of two retriers each counts its own, and the Catch takes what is left',
    [
      { ErrorEquals: ['ErrorA', 'ErrorB'], IntervalSeconds: 1, BackoffRate: 2.0, MaxAttempts: 2 },
      { ErrorEquals: ['ErrorC'], IntervalSeconds: 5 },
    ],
    ['ErrorA', 'ErrorB', 'ErrorC', 'ErrorB'],
    { output: 'Z', seconds: 8 },
  ),
  fallback(
    'a Java exception is put beside the input',
    { Parameters: { error: 'java.lang.Exception', cause: 'c' }, ...JAVA },
    { a: 1 },
    {
      path: ['X', 'RecoveryState'],
      output: { a: 1, 'error-info': { Error: 'java.lang.Exception', Cause: 'c' } },
    },
  ),
  fallback(
    'any other replaces it',
    { Parameters: { error: 'E', cause: 'c' }, ...JAVA },
    { a: 1 },
    {
      path: ['X', 'EndState'],
      output: { Error: 'E', Cause: 'c' },
    },
  ),
  ...['HandledError', 'States.TaskFailed'].map((name) =>
    fallback(
      `two retries of ${name}, with backoff`,
      {
        Parameters: { error: 'HandledError', cause: 'c' },
        Retry: [{ ErrorEquals: [name], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 2.0 }],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'EndState' }],
      },
      {},
      { seconds: 3, output: { Error: 'HandledError', Cause: 'c' } },
    ),
  ),
  fallback(
    'a timeout is retried twice, after 1 and 2 seconds',
    {
      Resource: FUNCTIONS.never,
      TimeoutSeconds: 2,
      Retry: [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 2.0 }],
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'EndState' }],
    },
    {},
    { seconds: 9, output: { Error: 'States.Timeout', Cause: '' } },
  ),
  fallback(
    'a timeout is caught',
    {
      Resource: FUNCTIONS.never,
      TimeoutSeconds: 2,
      Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'EndState' }],
    },
    {},
    { seconds: 2, path: ['X', 'EndState'] },
  ),
  fallback(
    'two retries after 3 and 4.5 seconds',
    {
      Resource: FUNCTIONS.never,
      TimeoutSeconds: 1,
      Retry: [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: 3, MaxAttempts: 2, BackoffRate: 1.5 }],
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'EndState' }],
    },
    {},
    { seconds: 10.5, path: ['X', 'EndState'] },
  ),
  fallback(
    'ResultPath of a Catch keeps both the error and the input',
    {
      Parameters: { error: 'E', cause: 'c' },
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'EndState' }],
    },
    { foo: 'bar' },
    { output: { foo: 'bar', error: { Error: 'E', Cause: 'c' } } },
  ),
];
