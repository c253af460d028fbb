import { inX, one, type Expected, type MachineRow } from '../row.js';

/** The name of a recording. */
export type Recording = `test_${string}`;

export const row = (
  recording: Recording,
  does: string,
  machine: object,
  expect: Expected,
  more: Partial<MachineRow> = {},
): MachineRow => ({ does, from: `recorded: ${recording}`, machine, expect, ...more });

export const fails = (error: string, cause: string, events?: readonly string[]): Expected => ({
  status: 'FAILED',
  error,
  cause: inX(cause),
  ...(events && { events: ['ExecutionStarted<0', ...events] }),
});
export const runtime = (cause: string, events?: readonly string[]): Expected =>
  fails('States.Runtime', cause, events);

export const P = { Type: 'Pass', End: true };
export const states = (state: object, name = 'I'): object => ({ StartAt: name, States: { [name]: state } });
export const map = (state: object, fields: object = {}): object =>
  one({ Type: 'Map', ItemProcessor: states({ End: true, ...state }), ...fields });
export const fail = { StartAt: 'I', States: { I: { Type: 'Fail', Error: 'E', Cause: 'c' } } };
export const failingMap = (fields: object = {}): object =>
  one({ Type: 'Map', ItemProcessor: fail, ...fields });
export const parallel = (branches: object[], fields: object = {}): object =>
  one({ Type: 'Parallel', Branches: branches, ...fields });
export const CAUGHT = {
  Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Y' }],
};
export const thenY = (x: object): object => ({ StartAt: 'X', States: { X: x, Y: P } });
export const twice = { Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 1, MaxAttempts: 1 }] };
export const wait = (fields: object): object => one({ Type: 'Wait', ...fields });
