import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { IsString } from 'class-validator';
import { inject, injectable } from 'tsyringe';
import { Activity, createWorker, ErrorName, Handle, StartError, TASK_CONTEXT } from 'stepwright';
import { startLocalService } from 'stepwright/local';
import { createTestBed, createTestMachine, type Fault, matchers } from 'stepwright/testing';
import { outdatedProblem } from '../../src/framework/cli/project/compiled.js';
import { loadConfig } from '../../src/framework/cli/project/config-file.js';
import { findCompiler } from '../../src/framework/cli/dev/compiler.js';
import { activityNamed, missingProgram } from '../../src/framework/cli/exec/exec.js';
import { flagsTakenByNpm } from '../../src/framework/cli/flags/npm-flags.js';
import { readMockConfig } from '../../src/framework/cli/local/mock-config-file.js';
import { startSeeded } from '../../src/framework/cli/local/seed.js';
import { readMachines } from '../../src/framework/cli/project/machines.js';
import { resolveConfig } from '../../src/framework/config/resolve.js';
import type { Constructor } from '../../src/framework/declare/class.js';
import { discover } from '../../src/framework/declare/discovery/discovery.js';
import { loadActivities } from '../../src/framework/declare/discovery/load.js';
import { silentLog } from '../../src/framework/base/log/log.js';
import { isProblem, resolveEndpoint } from '../../src/framework/aws/endpoint.js';
import { lookUpFailed, unknownActivity } from '../../src/framework/aws/queries/activity-queries.js';
import { makePlan } from '../../src/framework/worker/build/plan.js';
import { twoCopies } from '../../src/framework/worker/build/two-copies.js';
import { mistakes } from '../declare/mistakes.js';

expect.extend(matchers);

/** A mistake of a user, and the text that is shown for it. */
export type MessageCase = readonly [mistake: string, shown: (dir: string) => Promise<string>];

const ARN = 'arn:aws:states:eu-west-1:123456789012:activity:Charge';

async function thrown(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

const of = (problems: StartError['problems']): string => new StartError(problems).message;

class Charge {
  @IsString() card!: string;
}
const CURRENCY = Symbol('CURRENCY');
@injectable()
class Bank {
  readonly open = true;
}
@Activity(ARN)
class Charging {
  @Handle() charge({ card }: Charge): string {
    if (card === 'stolen') throw Object.assign(new Error('the card is stolen'), { name: 'Declined' });
    return 'paid';
  }
}

const worker = (config: object) => (): Promise<unknown> =>
  createWorker(
    { activities: [Charging], endpoint: 'http://127.0.0.1:9', ...config },
    {
      log: silentLog,
    },
  );

const declarations: MessageCase[] = [
  ...mistakes.map(([name, make]): MessageCase => [
    name,
    async () => {
      const made = make();
      return of(discover(Array.isArray(made) ? made : [made], { EMPTY: '' }).problems);
    },
  ]),
  [
    'one class in two files',
    async () => {
      const copies = ['test/fixtures/copies/*.activity.js'];
      return thrown(() => createWorker({ activities: copies }, { log: silentLog, baseDir: process.cwd() }));
    },
  ],
  [
    'more tasks at once than there are threads',
    () =>
      thrown(worker({ handlers: { 'Charging.charge': { run: 'thread', concurrency: 9 } }, ...TWO_THREADS })),
  ],
  [
    'a thread without a module',
    () => thrown(worker({ handlers: { 'Charging.charge': { run: 'thread' } }, ...TWO_THREADS })),
  ],
];

const TWO_THREADS = { pool: { threads: 2 } };

function needing(decorate: (target: Constructor<object>) => void): Constructor<object> {
  class Paying {
    constructor(readonly gateway: unknown) {}
    charge(): void {}
  }
  decorate(Paying);
  Reflect.decorate([Handle({ input: 'any' }) as MethodDecorator], Paying.prototype, 'charge', {
    value: Reflect.get(Paying.prototype, 'charge'),
  });
  Reflect.decorate([Reflect.metadata('design:paramtypes', [Object]), Activity(ARN)], Paying);
  return Paying;
}

const injection: MessageCase[] = [
  ['a token that nobody registered', () => thrown(worker({ activities: [withToken('gateway')] }))],
  ['a token that nobody registered, in a bed', () => thrown(() => createTestBed(withToken('gateway')))],
  ['a symbol that nobody registered', () => thrown(worker({ activities: [withToken(CURRENCY)] }))],
  ['an interface to be injected', () => thrown(worker({ activities: [needing(() => {})] }))],
  [
    'the task in a class that lives as long as the worker',
    () => thrown(worker({ activities: [withToken(TASK_CONTEXT as symbol)] })),
  ],
  [
    'a setup that throws',
    async () => {
      const setup = (): never => {
        throw new Error('no database');
      };
      // The line number is one of this file.
      return (await thrown(worker({ setup }))).replace(/cases\.ts:\d+/, 'cases.ts:1');
    },
  ],
];

const withToken = (token: string | symbol): Constructor<object> =>
  needing((target) => inject(token)(target, undefined, 0));

const configs: MessageCase[] = [
  ['a key that is misspelt', () => thrown(worker({ concurency: 5 }))],
  ['a key of the second argument', () => thrown(worker({ log: silentLog }))],
  ['a value of another kind', () => thrown(worker({ concurrency: 'five' }))],
  ['a duration without its unit', () => thrown(worker({ heartbeat: 20 }))],
  [
    'options of a handler that is not there',
    () => thrown(worker({ handlers: { 'Charging.pay': { concurrency: 1 } } })),
  ],
  ['an endpoint that is none', () => thrown(worker({ endpoint: 'localhost:8083' }))],
  [
    'an endpoint that is none, by a flag',
    async () => {
      const endpoint = resolveEndpoint({ flag: 'localhost:8083', env: {}, config: undefined, port: 8083 });
      return isProblem(endpoint) ? of([endpoint]) : 'no problem';
    },
  ],
  [
    'no endpoint in production',
    async () => {
      const endpoint = resolveEndpoint({
        flag: undefined,
        env: { NODE_ENV: 'production' },
        config: undefined,
        port: 8083,
      });
      return isProblem(endpoint) ? of([endpoint]) : 'no problem';
    },
  ],
  ['no activities at all', (dir) => thrown(() => createWorker({}, { log: silentLog, baseDir: dir }))],
  [
    'a glob that matches nothing',
    (dir) =>
      thrown(() => createWorker({ activities: ['./handlers/*.js'] }, { log: silentLog, baseDir: dir })),
  ],
  [
    'a glob of sources',
    (dir) => thrown(() => createWorker({ activities: ['./src/*.ts'] }, { log: silentLog, baseDir: dir })),
  ],
  ['no config', (dir) => thrown(() => loadConfig(undefined, dir))],
  ['a config that was not compiled', (dir) => thrown(() => loadConfig(undefined, project(dir)))],
  [
    'a config that is older than its source',
    (dir) => thrown(() => loadConfig(undefined, project(dir, 'export default {};'))),
  ],
  [
    'a config that is not compiled, since tsc writes nothing',
    (dir) => {
      const empty = project(dir);
      write(dir, 'tsconfig.json', '{"compilerOptions":{"rootDir":".","outDir":"dist","noEmit":true}}');
      return thrown(() => loadConfig(undefined, empty));
    },
  ],
  [
    'a config that was compiled to CommonJS in a project of ES modules',
    (dir) => thrown(() => loadConfig(write(dir, 'b.mjs', 'exports.default = {};'), dir)),
  ],
  [
    'a config that throws',
    (dir) => thrown(() => loadConfig(write(dir, 'c.mjs', "throw new Error('no such variable');"), dir)),
  ],
  ['a config without an export', (dir) => thrown(() => loadConfig(write(dir, 'd.mjs', ''), dir))],
  [
    'a config that is a function',
    (dir) => thrown(() => loadConfig(write(dir, 'e.mjs', 'export default () => ({});'), dir)),
  ],
  [
    'a config of which a key can not be read',
    (dir) => {
      const getter = "export default { get region() { throw new Error('no such variable'); } };";
      return thrown(() => loadConfig(write(dir, 'f.mjs', getter), dir));
    },
  ],
  [
    'flags that npm took',
    async () =>
      String(
        flagsTakenByNpm(['port', 'json'], {
          npm_lifecycle_event: 'start',
          npm_command: 'run',
          npm_config_port: '9000',
        }),
      ),
  ],
  [
    'two copies of a package',
    async (dir) => {
      write(dir, 'node_modules/tsyringe/package.json', '{"name":"tsyringe","main":"index.js"}');
      write(dir, 'node_modules/tsyringe/index.js', '');
      return of(twoCopies(dir));
    },
  ],
  [
    'files of activities that fail',
    async () => {
      const { problems } = await loadActivities(
        ['test/fixtures/load/*.broken.js', 'test/fixtures/load/*.empty.js'],
        process.cwd(),
        {
          defaulted: false,
        },
      );
      // Jest appends the file that imports the module.
      return of(problems).replaceAll(/ \(test\/messages\/cases\.ts:\d+\)/g, '');
    },
  ],
];

function write(dir: string, name: string, text: string): string {
  const file = join(dir, name);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** Makes a project with a config. Its compiled file, if any, is an hour older. */
function project(dir: string, compiled?: string): string {
  write(dir, 'tsconfig.json', '{"compilerOptions":{"rootDir":".","outDir":"dist"}}');
  write(dir, 'nest-style.config.ts', 'export default {};');
  if (compiled !== undefined) {
    const file = write(dir, 'dist/nest-style.config.js', compiled);
    utimesSync(file, 1, 1);
  }
  return dir;
}

const HELLO = {
  StartAt: 'Pay',
  States: {
    Pay: { Type: 'Task', Resource: ARN, HeartbeatSeconds: 30, Next: 'Ship' },
    Ship: { Type: 'Succeed' },
  },
};

const activityFiles: MessageCase[] = [
  [
    'a compiled activity that is older than its source, and one whose source is gone',
    async (dir) => {
      const [file, source] = [join(dir, 'dist/pay.activity.js'), join(dir, 'src/pay.activity.ts')];
      return of([
        outdatedProblem({ file, source, why: 'stale' }),
        outdatedProblem({ file, source, why: 'orphan' }),
      ]);
    },
  ],
  [
    'no compiler for dev',
    (dir) =>
      thrown(() =>
        findCompiler(
          { tsconfig: join(dir, 'tsconfig.json'), rootDir: dir, outDir: dir, rewritesAll: true },
          undefined,
        ),
      ),
  ],
  ['a program that is not there', async () => of(missingProgram('convertt'))],
  ['a program without an activity', () => thrown(() => activityNamed(undefined))],
];

const denied = Object.assign(new Error('User is not authorized to perform this action'), {
  name: 'AccessDeniedException',
});
const lookUps: MessageCase[] = [
  ['a name that no activity has', async () => of([unknownActivity('Chrage', ['Charge'], 'eu-west-1')])],
  ['a look-up that is not allowed', async () => of([lookUpFailed(['Chrage'], denied)])],
];

/** These come last: once declared, an error name is checked in every later start of the process. */
const errorNames: MessageCase[] = [
  [
    'a reserved name of an error, and an empty one',
    async () => {
      ErrorName('States.Timeout')(class Late extends Error {});
      ErrorName('')(class Nameless extends Error {});
      return of(discover([], {}).problems);
    },
  ],
];

const machines: MessageCase[] = [
  [
    'mistakes in a state machine',
    async (dir) => {
      write(
        dir,
        'm/Bad.asl.json',
        JSON.stringify(HELLO, null, 2).replace('"Next": "Ship"', '"Next": "Shipp"'),
      );
      write(dir, 'm/Broken.asl.json', '{\n  "StartAt": "Pay",\n}');
      write(dir, 'm/Unset.asl.json', '{"StartAt":"${NO_SUCH_STATE}"}');
      const settings = resolveConfig({ config: { machines: ['m/*.json', 'none/*.json'] }, env: {} });
      return of((await readMachines(settings, dir, {})).problems);
    },
  ],
  [
    'a machine that only Step Functions runs',
    async (dir) => {
      const each = { StartAt: 'Pay', States: { Pay: { Type: 'Succeed' } } };
      const ItemProcessor = { ...each, ProcessorConfig: { Mode: 'DISTRIBUTED' } };
      const States = { All: { Type: 'Map', ItemProcessor, End: true } };
      write(dir, 'm/All.asl.json', JSON.stringify({ StartAt: 'All', States }, null, 2));
      const settings = resolveConfig({ config: { machines: ['m/*.json'] }, env: {} });
      return of((await readMachines(settings, dir, {})).warnings);
    },
  ],
  [
    'mistakes in a template',
    async (dir) => {
      const machine = (properties: string): string =>
        `Type: AWS::Serverless::StateMachine, Properties: ${properties}`;
      write(
        dir,
        'template.yaml',
        `Parameters: { Stage: { Type: String } }
Resources:
  Ship: { ${machine('{ Definition: { StartAt: !Ref Stage } }')} }
  Sell: { ${machine("{ Definition: { StartAt: !Sub '${Shp.Arn}' } }")} }
  Pack: { ${machine('{ DefinitionUri: s3://bucket/pack.json }')} }
  Fast: { ${machine('{ Type: EXPRESS }')} }
`,
      );
      const template = join(dir, 'template.yaml');
      write(dir, 'broken.yaml', 'Resources:\n  Ship: [1\n');
      const [templates, parameters] = [[template, join(dir, 'broken.yaml')], { Stag: 'dev' }];
      const stacks = { templates, assemblies: [join(dir, 'cdk.out')], parameters };
      const settings = { machines: [], origins: { machines: { from: '' } }, stacks };
      const { problems, warnings } = await readMachines(settings, dir, {});
      return `${of(problems)}\n\nand as warnings:\n\n${of(warnings)}`;
    },
  ],
  [
    'mistakes in a mock file',
    async (dir) => {
      const file = join(dir, 'MockConfigFile.json');
      const shown: string[] = [];
      const TestCases = { Happy: { Pay: 'Payd' } };
      const wrong = {
        StateMachines: { Order: { TestCases } },
        MockedResponses: { Paid: { '1': { Return: 1 } } },
      };
      for (const text of ['{\n  "StateMachines": {},\n}', JSON.stringify(wrong, null, 2)]) {
        write(dir, 'MockConfigFile.json', text);
        shown.push(await thrown(() => readMockConfig(file, silentLog)));
      }
      return [...shown, await thrown(() => readMockConfig(join(dir, 'none.json'), silentLog))].join('\n\n');
    },
  ],
  ['a heartbeat that is too slow for a state', () => seeded(0)],
  [
    'a port that another process has',
    async () => {
      const server = createServer((_, response) => response.end());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      try {
        return await seeded((server.address() as AddressInfo).port);
      } finally {
        server.close();
      }
    },
  ],
  [
    'a port that our own local service has',
    async () => {
      const service = await startLocalService({ port: 0 });
      try {
        return await seeded(service.port);
      } finally {
        await service.close();
      }
    },
  ],
];

async function seeded(port: number): Promise<string> {
  const plan = await makePlan({ config: { activities: [Charging], port }, env: {}, baseDir: process.cwd() });
  const definition = JSON.stringify(HELLO);
  const machine = { name: 'Pay', file: 'Pay.asl.json', text: definition, definition, unset: [] };
  const text = await thrown(() =>
    startSeeded({ settings: plan.settings, log: silentLog }, plan.handlers, {
      machines: [machine],
      activities: [],
    }),
  );
  return port === 0 ? text : text.replaceAll(String(port), '8083').replaceAll(String(port + 1), '8084');
}

const bed = () => createTestBed(Charging);
const machine = async (options: object = {}) =>
  createTestMachine(HELLO, { activities: [Charging], ...options });
const HEARTY = structuredClone(HELLO);

const tests: MessageCase[] = [
  [
    'a matcher without await',
    async () => thrown(async () => expect((await bed()).run({ card: 'a' })).toHaveSucceededWith('paid')),
  ],
  ['a matcher on an output', () => thrown(() => expect('paid').toHaveSucceededWith('paid'))],
  [
    'another output',
    async () =>
      thrown(async () => expect(await (await bed()).run({ card: 'a' })).toHaveSucceededWith('refused')),
  ],
  [
    'a failure in place of a success',
    async () => thrown(async () => expect(await (await bed()).runText('{}')).toHaveSucceededWith('paid')),
  ],
  [
    'another failure',
    async () =>
      thrown(async () =>
        expect(await (await bed()).run({ card: 'stolen' })).toHaveFailedWith('LimitExceeded'),
      ),
  ],
  [
    'a failure with another cause',
    async () =>
      thrown(async () =>
        expect(await (await bed()).run({ card: 'stolen' })).toHaveFailedWith('Declined', {
          errorMessage: 'no',
        }),
      ),
  ],
  [
    'a success in place of a failure',
    async () =>
      thrown(async () => expect(await (await bed()).run({ card: 'a' })).toHaveFailedWith('Declined')),
  ],
  [
    'what was not to be',
    async () =>
      thrown(async () => expect(await (await bed()).run({ card: 'a' })).not.toHaveSucceededWith('paid')),
  ],
  [
    'other states',
    async () =>
      thrown(async () =>
        expect(await (await machine()).execute({ card: 'a' })).toHaveVisited(['Pay', 'Pack', 'Ship']),
      ),
  ],
  [
    'an execution that failed',
    async () =>
      thrown(async () =>
        expect(await (await machine()).execute({ card: 'stolen' })).toHaveSucceededWith('paid'),
      ),
  ],
  ['a mock of what is not injected', () => thrown(() => createTestBed(Charging, { mocks: [[Bank, {}]] }))],
  [
    'a fault of a handler that is not there',
    () => thrown(() => machine({ faults: { 'Charging.pay': ['worker-dies'] } })),
  ],
  [
    'a fault that there is not',
    () => thrown(() => machine({ faults: { 'Charging.charge': ['dies' as Fault] } })),
  ],
  ['an option of a test machine that there is not', () => thrown(() => machine({ activites: [Charging] }))],
  ['a fault that is no list', () => thrown(() => machine({ faults: { 'Charging.charge': 'worker-dies' } }))],
  [
    'a resource that nothing calls',
    () => thrown(() => machine({ resources: { 'TestMachine.Pay': { output: 1 } } })),
  ],
  [
    'a task that no handler takes',
    () => {
      HEARTY.States.Pay.Resource = ARN.replace('eu-west-1', 'us-east-1');
      return thrown(async () =>
        (await createTestMachine(HEARTY, { activities: [Charging] })).execute({ card: 'a' }),
      );
    },
  ],
];

/** The cases, by the part of the work in which they come up. */
export const CASES: Readonly<Record<string, readonly MessageCase[]>> = {
  'Declaring a handler': declarations,
  Injecting: injection,
  'The config and its files': configs,
  'Compiled files, and programs': activityFiles,
  'Activities at AWS': lookUps,
  'The local service': machines,
  Testing: tests,
  'Names of errors': errorNames,
};

/** Runs a case in a folder of its own. Returns its text without the paths of this machine. */
export async function shownFor(shown: MessageCase[1]): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'messages-'));
  try {
    const text = await shown(dir);
    return text.replaceAll(dir, '/project').replaceAll(process.cwd(), '/stepwright');
  } finally {
    rmSync(dir, { recursive: true });
  }
}
