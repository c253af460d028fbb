import { startLocalService, type LocalService } from 'stepwright/local';
import { call } from '../scene.js';

/** A service with as much in it as a page has to show. */
export interface BigScene {
  readonly service: LocalService;
  /** A machine of {@link STATES} states. */
  readonly wide: string;
  /** An execution whose history is full: 25,000 events. */
  readonly long: string;
}

export const EXECUTIONS = 10_000;
export const STATES = 300;

/** Passes one after the other, every tenth a Choice between two ways. */
function chainOf(states: number): string {
  const all = Array.from({ length: states }, (_, i) => {
    const next = { Next: `State ${i + 1}` };
    if (i === states - 1) return [`State ${i}`, { Type: 'Pass', End: true }];
    if (i % 10 !== 5 || i > states - 3) return [`State ${i}`, { Type: 'Pass', ...next }];
    const Choices = [{ Variable: '$.n', NumericGreaterThan: i, Next: `State ${i + 2}` }];
    return [`State ${i}`, { Type: 'Choice', Choices, Default: `State ${i + 1}` }];
  });
  return JSON.stringify({ StartAt: 'State 0', States: Object.fromEntries(all) as object });
}

const SMALL = JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } });

/** Goes round until its history is full. */
const LOOP = JSON.stringify({
  StartAt: 'Count',
  States: {
    Count: { Type: 'Pass', Parameters: { 'n.$': 'States.MathAdd($.n, 1)' }, Next: 'Enough?' },
    'Enough?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.n', NumericGreaterThan: 1_000_000, Next: 'Done' }],
      Default: 'Each',
    },
    Each: {
      Type: 'Map',
      ItemsPath: '$$.Execution.Input.items',
      ResultPath: null,
      ItemProcessor: { StartAt: 'One', States: { One: { Type: 'Pass', End: true } } },
      Next: 'Count',
    },
    Done: { Type: 'Succeed' },
  },
});

export async function openBigScene(): Promise<BigScene> {
  const service = await startLocalService({ port: 0, console: true, keptExecutions: EXECUTIONS + 10 });
  const { url } = service;
  const small = service.seedMachine({ name: 'Small', definition: SMALL });
  const wide = service.seedMachine({ name: 'Wide', definition: chainOf(STATES) });
  const loop = service.seedMachine({ name: 'Loop', definition: LOOP });
  const input = JSON.stringify({ n: 0, items: [1, 2, 3, 4] });
  const { executionArn: long = '' } = await call(url, 'StartExecution', {
    stateMachineArn: loop,
    name: 'long',
    input,
  });
  for (;;) {
    const { status } = await call(url, 'DescribeExecution', { executionArn: long });
    if (status !== 'RUNNING') break;
  }
  for (let i = 0; i < EXECUTIONS; i += 100) {
    const many = Array.from({ length: 100 }, (_, n) =>
      call(url, 'StartExecution', { stateMachineArn: small, name: `small-${i + n}` }),
    );
    await Promise.all(many);
  }
  return { service, wide, long };
}
