import { IsInt, IsString } from 'class-validator';
import { describe, expect, test } from '@jest/globals';
import { Activity, Handle } from 'stepwright';
import { checkMachines } from '../../src/framework/check/check-machines.js';
import { machineSource } from '../../src/framework/check/source/machine-source.js';
import { arnOf, checkedHandlers } from './machines.js';

class Order {
  @IsString() id!: string;
  @IsInt() cents!: number;
}
class Receipt {
  @IsString() number!: string;
}
@Activity(arnOf('Pay'))
class Paying {
  @Handle({ output: Receipt }) pay(_order: Order): Receipt {
    return new Receipt();
  }
}
@Activity(arnOf('Send'))
class Sending {
  @Handle() send(_receipt: Receipt): void {}
}

const handlers = checkedHandlers([Paying, Sending]);
const CHILD = {
  StartAt: 'Log',
  States: {
    Log: { Type: 'Pass', Next: 'Pay' },
    Pay: { Type: 'Task', Resource: arnOf('Pay'), TimeoutSeconds: 60, End: true },
  },
};

/** Returns the findings about data in a machine that starts the machine `Child`, as `state: message`. */
function found(parent: object, child: object = CHILD): string[] {
  const machines = Object.entries({ Parent: parent, Child: child }).map(([name, machine]) =>
    machineSource(name, `${name}.asl.json`, JSON.stringify(machine, null, 2), {}),
  );
  return checkMachines({ machines, handlers, errorNames: [] })
    .filter(({ code }) => code === 'PAYLOAD_MISFIT' || code === 'PATH_LEADS_NOWHERE')
    .map(({ file, state, what }) => `${file} ${state}: ${what}`);
}

const nest = (pattern: string, input: object, more: object = {}): object => ({
  StartAt: 'Nest',
  States: {
    Nest: {
      Type: 'Task',
      Resource: `arn:aws:states:::states:startExecution${pattern}`,
      Parameters: { StateMachineArn: 'arn:aws:states:us-east-1:999999999999:stateMachine:Child', ...input },
      ...(Object.keys(more).length > 0 ? { Next: Object.keys(more)[0] } : { End: true }),
    },
    ...more,
  },
});

describe('the input that a parent passes to a machine of the project is held to what its handlers take', () => {
  test.each([
    ['', { Input: { id: 'a', cents: '5' } }, "'cents' in Input"],
    ['.sync:2', { Input: { id: 'a' } }, 'Input'],
    ['.waitForTaskToken', {}, 'Input'],
  ])('startExecution%s with %j', (pattern, input, part) => {
    const [first, ...others] = found(nest(pattern, input));
    expect(first).toMatch(`Parent.asl.json Nest: ${part} `);
    expect(first).toMatch("an execution of 'Child' would fail");
    for (const other of others) expect(other).toContain(' Input lacks ');
  });

  test.each([
    [{ Input: { id: 'a', cents: 5 } }],
    [{ 'Input.$': '$.order' }],
    [{ Input: '{"id":"a","cents":5}' }],
    [{ Input: { 'id.$': '$.id', cents: 5 } }],
  ])('%j fits', (input) => {
    expect(found(nest('.sync', input))).toEqual([]);
  });

  test('a machine of another name is not asked', () => {
    const other = JSON.stringify(nest('', { Input: {} })).replace(':Child', ':Other');
    expect(found(JSON.parse(other) as object)).toEqual([]);
  });
});

describe('the output of a nested execution is that of the last state of its machine', () => {
  const order = { Input: { id: 'a', cents: 5 } };
  const send = (from: string): object => ({
    Send: {
      Type: 'Task',
      Resource: arnOf('Send'),
      TimeoutSeconds: 60,
      Parameters: { 'number.$': from },
      End: true,
    },
  });

  test('by .sync:2 as JSON', () => {
    expect(found(nest('.sync:2', order, send('$.Output.number')))).toEqual([]);
    expect(found(nest('.sync:2', order, send('$.Output.numer')))).toEqual([
      "Parent.asl.json Send: $.Output.numer leads nowhere: there is never a 'numer'",
    ]);
  });

  test('by .sync as text', () => {
    expect(found(nest('.sync', order, send('$.Output')))).toEqual([]);
    expect(found(nest('.sync', order, send('$.Output.number')))).toEqual([
      "Parent.asl.json Send: $.Output.number leads nowhere: there is never a 'number'",
    ]);
  });

  test('a machine that starts itself is followed once', () => {
    const loop = nest('.sync:2', { Input: { id: 'a', cents: 5 } });
    expect(found(loop, loop)).toEqual([]);
  });
});

test('a Task that waits for an execution does not fail by the errors of that', () => {
  const findings = (names: string[]): string[] => {
    const parent = nest('.sync:2', { Input: { id: 'a', cents: 5 } });
    const Catch = [{ ErrorEquals: names, Next: 'Undo' }];
    const states = (parent as { States: { Nest: object } }).States;
    const whole = { ...parent, States: { Nest: { ...states.Nest, Catch }, Undo: { Type: 'Succeed' } } };
    const machines = [machineSource('Parent', 'Parent.asl.json', JSON.stringify(whole), {})];
    return checkMachines({ machines, handlers, errorNames: ['Declined'] })
      .filter(({ code }) => code === 'ERROR_NAME_UNKNOWN')
      .map(({ level, what }) => `${level}: ${what}`);
  };
  expect(findings(['Declined'])).toEqual([
    "error: Catch takes 'Declined', and a Task that waits for an execution does not fail by the error of that",
  ]);
  expect(findings(['States.TaskFailed', 'StepFunctions.ExecutionAlreadyExistsException'])).toEqual([]);
});
