import { one, type MachineRow, type Source } from './row.js';

const FROM: Source = 'measured: floci-io/floci#3167';
const lost = { Type: 'Pass', InputPath: '$.no', End: true };
const waiting = { StartAt: 'B', States: { B: { Type: 'Wait', Seconds: 9, End: true } } };
const parallel = (state: object, more: object = {}): object =>
  one({ Type: 'Parallel', Branches: [{ StartAt: 'A', States: { A: state } }, waiting], ...more });

/** Histories of branches as the live service writes them, measured by others. */
export const measuredHistories: MachineRow[] = [
  {
    does: 'AWS: a States.Runtime in a branch ends the execution without an event between',
    from: FROM,
    machine: parallel(lost),
    expect: {
      error: 'States.Runtime',
      events: [
        'ExecutionStarted<0',
        'ParallelStateEntered<0',
        'ParallelStateStarted<2',
        'PassStateEntered<3',
        'WaitStateEntered<3',
        'ExecutionFailed<4',
      ],
    },
  },
  {
    does: 'AWS: a States.Runtime in an iteration ends the execution without an event between',
    from: FROM,
    machine: one({
      Type: 'Map',
      ItemsPath: '$.l',
      ItemProcessor: { StartAt: 'A', States: { A: lost } },
    }),
    input: { l: [1] },
    expect: {
      error: 'States.Runtime',
      events: [
        'ExecutionStarted<0',
        'MapStateEntered<0',
        'MapStateStarted<2',
        'MapIterationStarted<3',
        'PassStateEntered<4',
        'ExecutionFailed<5',
      ],
    },
  },
  {
    does: "AWS: a Fail in a branch aborts what the other branch waits for, before the Parallel's failure",
    from: FROM,
    machine: parallel({ Type: 'Fail', Error: 'E' }),
    expect: {
      error: 'E',
      events: [
        'ExecutionStarted<0',
        'ParallelStateEntered<0',
        'ParallelStateStarted<2',
        'FailStateEntered<3',
        'WaitStateEntered<3',
        'WaitStateAborted<4',
        'ParallelStateFailed<4',
        'ExecutionFailed<7',
      ],
    },
  },
  {
    does: "AWS: a Parallel's own failure after its branches points to their success",
    from: FROM,
    machine: one({
      Type: 'Parallel',
      Branches: [{ StartAt: 'A', States: { A: { Type: 'Pass', End: true } } }],
      ResultSelector: { 'a.$': '$.no' },
    }),
    expect: {
      error: 'States.Runtime',
      events: [
        'ExecutionStarted<0',
        'ParallelStateEntered<0',
        'ParallelStateStarted<2',
        'PassStateEntered<3',
        'PassStateExited<4',
        'ParallelStateSucceeded<5',
        'ExecutionFailed<6',
      ],
    },
  },
];
