import { IsIn, IsString } from 'class-validator';
import { expect, test } from '@jest/globals';
import { Activity, Handle } from 'stepwright';
import { checkMachines } from '../../src/framework/check/check-machines.js';
import { checkedHandler } from '../../src/framework/check/handlers.js';
import { machineSource } from '../../src/framework/check/source/machine-source.js';
import { resolveConfig, resolveHandler } from '../../src/framework/config/resolve.js';
import { discover } from '../../src/framework/declare/discovery/discovery.js';
import { arnOf } from './machines.js';

class Report {
  @IsString() id!: string;
  @IsIn(['ready', 'empty']) status!: string;
  @IsString({ each: true }) pages!: string[];
}

@Activity(arnOf('Report'))
class Reports {
  @Handle({ output: Report, inline: ['id', 'status'] }) write(): Report {
    return new Report();
  }
}

@Activity(arnOf('Small'))
class Small {
  @Handle({ output: Report }) write(): Report {
    return new Report();
  }
}

const settings = resolveConfig({ config: {}, env: {} });
const handlers = discover([Reports, Small], {}).handlers.map((definition) =>
  checkedHandler({ definition, options: resolveHandler(definition, settings).options }, {}),
);

const NONE = {};

/** The findings about a machine whose Choice reads a field of a handler's result. */
function found(variable: string, activity = 'Report', first: object = NONE): string[] {
  const And = [first, { Variable: variable, StringEquals: 'x' }].filter((each) => each !== NONE);
  const Choices = [{ And, Next: 'Done' }];
  const machine = {
    StartAt: 'Write',
    States: {
      Write: { Type: 'Task', Resource: arnOf(activity), Next: 'Choose' },
      Choose: { Type: 'Choice', Choices, Default: 'Done' },
      Done: { Type: 'Pass', InputPath: variable, End: true },
    },
  };
  const text = JSON.stringify(machine, null, 2);
  return checkMachines({ machines: [machineSource('M', 'm', text, {})], handlers, errorNames: [] })
    .filter(({ code }) => code === 'FIELD_NOT_INLINE' || code === 'PATH_LEADS_NOWHERE')
    .map(({ state, code, level, fix }) => `${state} ${code} ${level}: ${fix}`);
}

test('a path to a field that is not inline is advised against, where the handler has others inline', () => {
  expect(found('$.pages')).toEqual([
    "Choose FIELD_NOT_INLINE advice: add 'pages' to `inline` of the handler, or read it in a handler",
    "Done FIELD_NOT_INLINE advice: add 'pages' to `inline` of the handler, or read it in a handler",
  ]);
  expect(found('$.status')).toEqual([]);
  const asked = found('$.pages', 'Report', { Variable: '$.pages', IsPresent: true });
  expect(asked).toEqual([expect.stringMatching('^Done ')]);
  expect(found("$['$stepwright'].uri").filter((each) => each.includes('NOT_INLINE'))).toEqual([]);
  expect(found('$.pages', 'Small')).toEqual([]);
});

test('a path that leads nowhere in any case is told once at each place', () => {
  expect(found('$.page')).toEqual([
    expect.stringMatching(/^Choose PATH_LEADS_NOWHERE error/),
    expect.stringMatching(/^Done PATH_LEADS_NOWHERE error/),
  ]);
});
