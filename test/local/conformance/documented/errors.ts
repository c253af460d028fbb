import { FUNCTIONS, pass, WORK, type MachineRow } from '../row.js';
import { ERRORS, example } from './pages.js';

/** The output of the page's state `fallback`. */
const FALLBACK = 'Hello, AWS Step Functions!';

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

/** A function that fails or never answers, with the page's Retry or Catch. */
const fallback = (does: string, fields: object, input: unknown, expect: MachineRow['expect']): MachineRow =>
  example(
    ERRORS,
    does,
    {
      StartAt: 'X',
      States: {
        X: { Type: 'Task', Resource: FUNCTIONS.fail, End: true, ...fields },
        ...Object.fromEntries(
          ['RecoveryState', 'EndState', 'fallback']
            .filter((name) => JSON.stringify(fields).includes(name))
            .map((name) => [
              name,
              { Type: 'Pass', ...(name === 'fallback' && { Result: FALLBACK }), End: true },
            ]),
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

/** Failures, Retry and Catch. */
export const errorRows: MachineRow[] = [
  retried(
    'two retries three seconds apart',
    [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: 3, MaxAttempts: 2, BackoffRate: 1 }],
    ['States.Timeout', 'States.Timeout'],
    { output: 'Y', seconds: 6 },
  ),
  ...(
    [
      // The page has jitter and names 3, 5 and 5 seconds, which are the longest delays.
      ['NONE', 13],
      ['FULL', 6.5],
    ] as const
  ).map(([JitterStrategy, seconds]) =>
    retried(
      `three retries after 3, 5 and 5 seconds, with jitter ${JitterStrategy}`,
      [
        {
          ErrorEquals: ['States.Timeout'],
          IntervalSeconds: 3,
          MaxAttempts: 3,
          BackoffRate: 2,
          MaxDelaySeconds: 5,
          JitterStrategy,
        },
      ],
      ['States.Timeout', 'States.Timeout', 'States.Timeout'],
      { output: 'Y', seconds },
    ),
  ),
  ...(
    [
      [{ IntervalSeconds: 3 }, 21],
      [{ IntervalSeconds: 2 }, 14],
    ] as const
  ).map(([interval, seconds]) =>
    retried(
      `three retries, the first after ${interval.IntervalSeconds} seconds, each after twice as long`,
      [{ ErrorEquals: ['E'], ...interval, MaxAttempts: 3, BackoffRate: 2 }],
      ['E', 'E', 'E'],
      { output: 'Y', seconds },
    ),
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
      },
      {},
      { status: 'FAILED', seconds: 3, error: 'HandledError', cause: 'c' },
    ),
  ),
  ...['HandledError', 'States.TaskFailed'].map((name) =>
    fallback(
      `a Catch of ${name} goes to the fallback`,
      {
        Parameters: { error: 'HandledError', cause: 'c' },
        Catch: [{ ErrorEquals: [name], Next: 'fallback' }],
      },
      {},
      { path: ['X', 'fallback'], output: FALLBACK },
    ),
  ),
  example(
    ERRORS,
    'a Cause that is JSON, made an object again',
    pass({ Parameters: { 'Cause.$': 'States.StringToJson($.Cause)' } }),
    { Error: 'E', Cause: '{"QueryExecution":{"State":"FAILED"}}' },
    { output: { Cause: { QueryExecution: { State: 'FAILED' } } } },
  ),
  fallback(
    'a timeout is retried twice, after 1 and 2 seconds',
    {
      Resource: FUNCTIONS.never,
      TimeoutSeconds: 2,
      Retry: [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 2.0 }],
    },
    {},
    { status: 'FAILED', seconds: 9, error: 'States.Timeout' },
  ),
  fallback(
    'a timeout is caught',
    {
      Resource: FUNCTIONS.never,
      TimeoutSeconds: 2,
      Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'fallback' }],
    },
    {},
    { seconds: 2, path: ['X', 'fallback'], output: FALLBACK },
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
