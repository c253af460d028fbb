import { inX, jsonata, one, type MachineRow, type Source } from './row.js';

const FROM: Source = 'AWS: Wait workflow state';
const BEGIN = Date.UTC(2026, 0, 1);

const waits = (does: string, machine: object, seconds: number, input: unknown = {}): MachineRow => ({
  does,
  from: FROM,
  machine,
  input,
  expect: { status: 'SUCCEEDED', output: input, seconds },
});

const wait = (fields: object): object => one({ Type: 'Wait', ...fields });
/** A time that earlier rows do not reach. */
const soon = new Date(BEGIN + 365 * 24 * 3_600_000).toISOString();

/** The forms of Wait, and timeouts of executions. */
export const waitRows: MachineRow[] = [
  waits('Seconds', wait({ Seconds: 10 }), 10),
  waits('an hour costs nothing', wait({ Seconds: 3_600 }), 3_600),
  waits('Seconds of 0', wait({ Seconds: 0 }), 0),
  waits('SecondsPath', wait({ SecondsPath: '$.s' }), 7, { s: 7 }),
  waits('a Timestamp that has passed', wait({ Timestamp: '2020-01-01T00:00:00Z' }), 0),
  waits('TimestampPath into the past', wait({ TimestampPath: '$.t' }), 0, { t: '2020-01-01T00:00:00Z' }),
  waits('Seconds as an expression', jsonata({ Type: 'Wait', Seconds: '{% $states.input.s * 2 %}' }), 8, {
    s: 4,
  }),
  waits('a Timestamp as an expression', jsonata({ Type: 'Wait', Timestamp: '{% $states.input.t %}' }), 0, {
    t: '2020-01-01T00:00:00Z',
  }),
  {
    does: 'a Wait has events of its own',
    from: FROM,
    machine: wait({ Seconds: 1 }),
    expect: {
      events: ['ExecutionStarted<0', 'WaitStateEntered<0', 'WaitStateExited<2', 'ExecutionSucceeded<3'],
    },
  },
  {
    does: 'a Timestamp ahead is waited for',
    from: FROM,
    machine: {
      StartAt: 'X',
      TimeoutSeconds: 5,
      States: { X: { Type: 'Wait', Timestamp: soon, End: true } },
    },
    expect: { status: 'TIMED_OUT', seconds: 5 },
  },
  {
    does: 'SecondsPath to something that is no number ends the execution',
    from: 'captured',
    machine: wait({ SecondsPath: '$.s' }),
    input: { s: 'x' },
    expect: {
      error: 'States.Runtime',
      cause: inX('The SecondsPath parameter cannot be parsed as a long value: $.s == x'),
    },
  },
  {
    does: 'Fail gives its error and cause, and is not exited',
    from: 'recorded: test_state_fail',
    machine: one({ Type: 'Fail', Error: 'E', Cause: 'why' }),
    expect: {
      status: 'FAILED',
      error: 'E',
      cause: 'why',
      events: ['ExecutionStarted<0', 'FailStateEntered<0', 'ExecutionFailed<2'],
    },
  },
  {
    does: 'Fail without a word has no error and no cause',
    from: 'AWS: Fail workflow state',
    machine: one({ Type: 'Fail' }),
    expect: { status: 'FAILED', details: { 3: {} } },
  },
  {
    does: 'ErrorPath and CausePath',
    from: 'AWS: Fail workflow state',
    machine: one({ Type: 'Fail', ErrorPath: '$.e', CausePath: '$.c' }),
    input: { e: 'E', c: 'why' },
    expect: { error: 'E', cause: 'why' },
  },
  {
    does: 'Error and Cause as expressions',
    from: 'AWS: Fail workflow state',
    machine: jsonata({ Type: 'Fail', Error: "{% 'E' & 1 %}", Cause: '{% $states.input.c %}' }),
    input: { c: 'why' },
    expect: { error: 'E1', cause: 'why' },
  },
  {
    does: 'Succeed ends early, with its input',
    from: 'AWS: Succeed workflow state',
    machine: one({ Type: 'Succeed', InputPath: '$.a' }),
    input: { a: 5 },
    expect: {
      status: 'SUCCEEDED',
      output: 5,
      events: ['ExecutionStarted<0', 'SucceedStateEntered<0', 'SucceedStateExited<2', 'ExecutionSucceeded<3'],
    },
  },
];
