import 'reflect-metadata';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { Agent, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Activity, type Config, Handle } from 'stepwright';
import { examine, type Host } from '../../../src/framework/cli/doctor/examine.js';
import type { Finding } from '../../../src/framework/cli/doctor/finding.js';
import { HandClock } from '../../../src/framework/testing/harness/hand-clock.js';
import { makePlan } from '../../../src/framework/worker/build/plan.js';
import { killAll, stepwright } from '../../support/cli.js';
import { faultPlan, type FaultPlan } from '../../support/faults.js';
import { activity } from '../../support/work.js';
import { ARN, createWorld, type World } from '../../support/world.js';

/** What a row may use to plant its fault. */
interface Scene {
  readonly world: World;
  readonly faults: FaultPlan;
  /** A server that is no Step Functions, and its port. */
  readonly other: Server;
  readonly port: number;
  /** An empty folder. */
  readonly dir: string;
}

/** What a fault changes in a healthy project. */
interface Planted {
  readonly config?: Config;
  readonly host?: Partial<Host>;
  readonly projectDir?: string;
}

type Plant = (scene: Scene) => Planted | void;
/** What the doctor says: `VERDICT check: subject`, what it has found, and the fix. */
type Says = readonly [head: string, got: string | RegExp, fix: string | RegExp];

/** What a state has on which the doctor finds nothing. */
const FIELDS = {
  HeartbeatSeconds: 60,
  TimeoutSeconds: 300,
  Retry: [{ ErrorEquals: ['Stepwright.WorkerShutdown', 'States.HeartbeatTimeout', 'States.Timeout'] }],
};

const MACHINE = {
  StartAt: 'Work',
  States: {
    Work: { Type: 'Task', Resource: ARN, End: true, ...FIELDS },
  },
};
const EMBEDDED = { name: 'Work', definition: JSON.stringify(MACHINE) };

let scene: Scene;
let world: World;
beforeEach(async () => {
  const faults = faultPlan();
  world = await createWorld({ fault: faults.hook, allowHosts: ['0.0.0.0'] });
  world.machine(ARN, FIELDS);
  const other = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1');
  await new Promise((done) => other.once('listening', done));
  const { port } = other.address() as AddressInfo;
  scene = { world, faults, other, port, dir: mkdtempSync(join(tmpdir(), 'stepwright-planted-')) };
});
afterEach(async () => {
  if (scene.faults.count('GetActivityTask') > 0) throw new Error('a task was asked for');
  rmSync(scene.dir, { recursive: true });
  scene.other.closeAllConnections();
  await new Promise((done) => scene.other.close(done));
  await world.close();
});

async function examined({ config = {}, host = {}, projectDir = process.cwd() }: Planted): Promise<Finding[]> {
  const healthy: Config = { activities: [activity(() => {})], endpoint: world.service.url };
  const env = host.env ?? {};
  const plan = await makePlan({ config: { ...healthy, ...config }, env, baseDir: projectDir });
  const project = { plan, projectDir, machines: [EMBEDDED], warnings: [], localArn: () => ARN };
  const machine = { clock: new HandClock(Date.now()), nodeVersion: '22.1.0', openFiles: 20_000 };
  return examine(project, { ...machine, stopTimeoutMs: 120_000, ...host, env });
}

const headOf = ({ verdict, check, subject }: Finding): string => `${verdict} ${check}: ${subject}`;
const wrong = (findings: readonly Finding[]): Finding[] =>
  findings.filter(({ verdict }) => verdict === 'fault' || verdict === 'warning');

/** The endpoint by an address that is not taken for this machine's, with credentials, as AWS would be. */
const away = ({ world: { service } }: Scene): Config => ({
  endpoint: service.url.replace('127.0.0.1', '0.0.0.0'),
  sdk: { credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
});

/** Every call ends with an error that has a code, as the network gives it. */
function failing(code: string): Plant {
  const handler = { handle: () => Promise.reject(Object.assign(new Error(code), { code })) };
  const requestHandler = handler as unknown as NonNullable<Config['sdk']>['requestHandler'];
  return () => ({ config: { calls: 'sdk', sdk: { requestHandler } } });
}

const answered =
  (operation: string, error: string): Plant =>
  ({ faults }) =>
    faults.always(operation, { kind: 'error', error: error as 'AccessDeniedException' });

const withEnv =
  (env: Record<string, string>): Plant =>
  (planted) => ({ config: away(planted), host: { env } });

/** Writes a package into a folder of packages. */
function install(folder: string, name: string, version: string): void {
  const at = join(folder, 'node_modules', name);
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }));
  writeFileSync(join(at, 'index.js'), '');
}

class Bare {
  run(input: unknown): unknown {
    return input;
  }
}
Activity(ARN)(Bare);
Handle()(Bare.prototype, 'run', Object.getOwnPropertyDescriptor(Bare.prototype, 'run') ?? {});

const WRONG = ARN.replace('Work', 'Wrok');
const WEST = ARN.replace('us-east-1', 'eu-west-1');

const FAULTS: readonly (readonly [fault: string, plant: Plant, says: (scene: Scene) => Says])[] = [
  [
    'something else answers at the endpoint',
    ({ faults }) => faults.always('ListActivities', { kind: 'status', status: 503 }),
    (at) => [
      `fault endpoint: ${at.world.service.url}, us-east-1`,
      'HTTP 503',
      'find out what responds there',
    ],
  ],
  ...(
    [
      ['a certificate of another host', 'ERR_TLS_CERT_ALTNAME_INVALID', "the certificate is another host's"],
      ['a certificate that has expired', 'CERT_HAS_EXPIRED', "check this machine's clock"],
      ['an authority that is not known', 'SELF_SIGNED_CERT_IN_CHAIN', 'NODE_EXTRA_CA_CERTS='],
      ['a mistyped region', 'ENOTFOUND', "a spelling mistake in the region ('us-east-1')"],
      ['no network', 'EAI_AGAIN', "check this machine's network and its DNS"],
      ['a network without a route', 'ENETUNREACH', 'the routes and the firewall'],
    ] as const
  ).map(
    ([fault, code, fix]) =>
      [
        fault,
        failing(code),
        (at: Scene): Says => [`fault endpoint: ${at.world.service.url}, us-east-1`, code, fix],
      ] as const,
  ),
  [
    'a clock that is off',
    () => ({ host: { clock: new HandClock(Date.now() + 6 * 60_000) } }),
    () => ['fault clock: clock', / ahead: AWS refuses/, 'keep time by NTP'],
  ],
  [
    'no credentials',
    () => ({ config: { sdk: { credentials: () => Promise.reject(new Error('nobody is logged in')) } } }),
    () => ['fault credentials: credentials', 'nobody is logged in', 'log in, or set AWS_PROFILE'],
  ],
  [
    'credentials that have ended',
    () => {
      const expiration = new Date(Date.now() - 3_600_000);
      return { config: { sdk: { credentials: { accessKeyId: 'a', secretAccessKey: 'b', expiration } } } };
    },
    () => ['fault credentials: credentials', 'they expired 60 min ago', 'log in'],
  ],
  [
    'a secret key that does not belong to the key',
    answered('ListActivities', 'InvalidSignatureException'),
    () => ['fault credentials: credentials', 'the service refuses them', 'correct AWS_SECRET_ACCESS_KEY'],
  ],
  [
    'a mistyped ARN',
    () => ({ config: { activities: [activity(() => {}, {}, WRONG)] } }),
    () => [`fault activity: Wrok.run: ${WRONG}`, 'the nearest are Work', 'correct the ARN, or create it'],
  ],
  [
    'an ARN of another region',
    () => ({ config: { activities: [activity(() => {}, {}, WEST)] } }),
    () => [`fault activity: Work.run: ${WEST}`, `there is ${ARN}`, 'correct the ARN'],
  ],
  [
    'a name that no activity has',
    (at) => ({ config: { ...away(at), region: 'us-east-1', activities: [activity(() => {}, {}, 'Wrok')] } }),
    () => ['fault activity: Wrok.run: Wrok', 'none of this name in us-east-1', 'correct the name'],
  ],
  [
    'no region for a name',
    (at) => ({ config: { ...away(at), activities: [activity(() => {}, {}, 'Work')] } }),
    () => ['fault region: Work.run', 'none is configured anywhere', 'set AWS_REGION'],
  ],
  ...['SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat'].map(
    (call) =>
      [
        `${call} is denied`,
        answered(call, 'AccessDeniedException'),
        (): Says => [`fault permission: states:${call}, us-east-1`, 'AccessDenied', `states:${call}`],
      ] as const,
  ),
  [
    'a heartbeat above half of HeartbeatSeconds',
    () => ({ config: { heartbeat: '31s' } }),
    () => ['fault heartbeat: Work.run', 'HeartbeatSeconds 60 in M0.Work', "to '20s'"],
  ],
  [
    'no heartbeat where a state expects one',
    () => ({ config: { heartbeat: false } }),
    () => ['fault heartbeat: Work.run', 'no heartbeat', "to '20s'"],
  ],
  [
    'a state without any time limit',
    (at) => {
      at.world.machine(ARN);
    },
    () => ['warning heartbeat: Work.run', 'neither HeartbeatSeconds nor a timeout', 'HeartbeatSeconds'],
  ],
  [
    'an activity that no state machine calls',
    (at) => {
      const idle = ARN.replace('Work', 'Idle');
      at.world.service.seedActivity(idle);
      return { config: { activities: [activity(() => {}, {}, idle)] } };
    },
    () => ['warning heartbeat: Idle.run', 'no state machine there has a state', 'remove the handler'],
  ],
  [
    'fewer open files than connections',
    () => ({ config: { concurrency: 500 }, host: { openFiles: 1_024 } }),
    () => ['fault files: open files (`ulimit -n`)', '1024', 'raise it'],
  ],
  [
    'an agent with too few sockets',
    () => ({
      config: { calls: 'sdk', sdk: { requestHandler: { httpAgent: new Agent({ maxSockets: 5 }) } } },
    }),
    () => ['fault files: sdk.requestHandler.httpAgent', 'got 5', 'set its maxSockets'],
  ],
  [
    'more pollers than AWS lets an activity have',
    () => ({ config: { concurrency: 1_200, pollers: 1_100 } }),
    () => ['warning files: pollers of Work.run', '1100 in this worker alone', 'lower `pollers`'],
  ],
  [
    'a platform that kills too early',
    () => ({ host: { stopTimeoutMs: 30_000 } }),
    () => ['fault stop: grace', 'the last reports would be lost', 'give the platform 101 s'],
  ],
  [
    'a grace that Fargate does not wait for',
    () => {
      const env = { AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE' };
      return { config: { grace: '10m' }, host: { env, stopTimeoutMs: undefined } };
    },
    () => ['fault stop: grace', 'Fargate waits for 120 s at most', 'shorten `grace`'],
  ],
  [
    'a worker in a Lambda function',
    (at) => ({
      config: away(at),
      host: { env: { AWS_LAMBDA_FUNCTION_NAME: 'f' }, stopTimeoutMs: undefined },
    }),
    () => ['fault stop: grace', 'a Lambda function', 'run the worker where a process lives on'],
  ],
  [
    'the port of the local service is taken',
    ({ port }) => ({ config: { endpoint: 'local', port } }),
    ({ port }) => [`fault port: port ${port}`, 'another process listens', `--port ${port + 1}`],
  ],
  [
    'the health port is taken',
    ({ port }) => ({ config: { healthPort: port } }),
    ({ port }) => [
      `fault port: health port 127.0.0.1:${port}`,
      'another process listens',
      `--health-port ${port + 1}`,
    ],
  ],
  [
    'certificates that nobody checks',
    withEnv({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }),
    () => ['warning environment: NODE_TLS_REJECT_UNAUTHORIZED', 'no certificate is checked', 'unset it'],
  ],
  [
    'a proxy that nobody reads',
    withEnv({ HTTPS_PROXY: 'http://proxy:3128' }),
    () => ['warning environment: HTTPS_PROXY', 'neither Node nor the AWS SDK reads it', 'HttpsProxyAgent'],
  ],
  [
    'a token file that is not there',
    withEnv({ AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere/token' }),
    () => ['fault environment: AWS_WEB_IDENTITY_TOKEN_FILE', 'ENOENT', 'correct the path'],
  ],
  [
    'a production that no endpoint is set for',
    () => ({ config: { endpoint: undefined as never }, host: { env: { NODE_ENV: 'production' } } }),
    () => ['fault endpoint: the endpoint', 'production', '--endpoint aws'],
  ],
  [
    'a compiler that writes no types',
    () => ({ config: { activities: [Bare] } }),
    () => ['fault metadata: Bare.run', 'the compiler wrote no type', 'emitDecoratorMetadata'],
  ],
  [
    'two copies of a peer',
    ({ dir }) => {
      install(dir, 'tsyringe', '4.10.0');
      return { projectDir: dir };
    },
    () => ['fault copies: tsyringe', 'there are two copies', 'npm dedupe'],
  ],
  [
    'two versions of the OpenTelemetry API',
    ({ dir }) => {
      install(dir, '@opentelemetry/api', '1.1.0');
      return { projectDir: dir };
    },
    () => ['fault telemetry: @opentelemetry/api', 'what Stepwright records is lost', '"overrides"'],
  ],
  [
    'options of a handler that there is not',
    () => ({ config: { handlers: { 'Wrok.run': {} } } }),
    () => ["fault start: handlers['Wrok.run']", 'there is no such handler', "did you mean 'Work.run'"],
  ],
  [
    'two handlers on one activity',
    () => ({ config: { activities: [activity(() => {}), activity(() => {})] } }),
    () => ['fault start: Work.run and Work.run', ARN, 'keep one of them; or, where both are needed'],
  ],
];

/** A fault in the files of a project, which the command reads. */
type PlantFiles = (write: (name: string, text: string) => void) => Record<string, string> | void;

const ACTIVITY = `import { Activity, Handle } from 'stepwright';
export class Work { run() {} }
Reflect.decorate([Handle({ input: 'any' }), Reflect.metadata('design:paramtypes', [])], Work.prototype, 'run', Object.getOwnPropertyDescriptor(Work.prototype, 'run'));
Reflect.decorate([Activity('${ARN}')], Work);
`;
const HOUR_AGO = (): number => Date.now() / 1_000 - 3_600;

const PROJECT_FAULTS: readonly (readonly [fault: string, plant: PlantFiles, says: Says])[] = [
  [
    'a config that was not compiled',
    () => rmSync(join(project, 'dist/stepwright.config.js')),
    [
      'FAULT start: stepwright.config.ts',
      'its compiled file dist/stepwright.config.js is missing',
      'npx tsc',
    ],
  ],
  [
    'an activity that is older than its source',
    () => utimesSync(join(project, 'dist/work.activity.js'), HOUR_AGO(), HOUR_AGO()),
    ['warning start: dist/work.activity.js', 'its source work.activity.ts is newer', 'npx tsc'],
  ],
  [
    'an activity whose source is gone',
    () => rmSync(join(project, 'work.activity.ts')),
    ['warning start: dist/work.activity.js', 'its source work.activity.ts was deleted', 'rm dist/work'],
  ],
  [
    'a file of activities that throws',
    (write) => write('dist/work.activity.js', "throw new Error('no database');"),
    ['FAULT start: work.activity.ts', 'no database', 'correct the error in that file'],
  ],
  [
    'a state machine that is no JSON',
    (write) => write('state-machines/Work.asl.json', '{ "StartAt": "Work" "States": {} }'),
    ['FAULT start: state-machines/Work.asl.json:1:21', 'a comma is missing', 'write the comma'],
  ],
  [
    'a state machine with a state that there is not',
    (write) => write('state-machines/Work.asl.json', JSON.stringify({ ...MACHINE, StartAt: 'Wrok' })),
    [
      'FAULT start: state-machines/Work.asl.json:1:2',
      "StartAt is 'Wrok', and no state has that name",
      'write "StartAt": "Work"',
    ],
  ],
  [
    'a variable of a state machine that is not set',
    (write) => write('state-machines/Work.asl.json', JSON.stringify(MACHINE).replace('"Task"', '"${KIND}"')),
    [
      'FAULT start: state-machines/Work.asl.json',
      'the environment variable KIND is unset or empty',
      'export KIND=',
    ],
  ],
  [
    'an option that there is not',
    (write) => write('dist/stepwright.config.js', 'export default { concurency: 3 };'),
    ['FAULT start: concurency', 'the config has no such option', "did you mean 'concurrency'"],
  ],
  [
    'nobody listens at the endpoint',
    () => ({ AWS_ENDPOINT_URL_SFN: 'http://127.0.0.1:1' }),
    ['FAULT endpoint: http://127.0.0.1:1, us-east-1', 'ECONNREFUSED', 'start the service that should'],
  ],
  [
    'a mistyped variable',
    () => ({ STEPWRIGHT_CONCURENCY: '3' }),
    ['warning start: STEPWRIGHT_CONCURENCY', 'no option has this variable', 'STEPWRIGHT_CONCURRENCY'],
  ],
  [
    'a variable with a value of another kind',
    () => ({ STEPWRIGHT_CONCURRENCY: 'many' }),
    ['FAULT start: STEPWRIGHT_CONCURRENCY', 'got "many"', /.{10}/],
  ],
];

let project: string;
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'stepwright-project-'));
});
afterEach(killAll);
afterAll(() => rmSync(project, { recursive: true }));

function writeFile(name: string, text: string): void {
  mkdirSync(dirname(join(project, name)), { recursive: true });
  writeFileSync(join(project, name), text);
}

/** Writes a healthy project: sources, and what a compiler would have made of them. */
function makeProject(): void {
  const config = "export default { activities: ['./*.activity.js'], port: 0, endpoint: 'local' };";
  rmSync(project, { recursive: true });
  writeFile('package.json', '{"type":"module"}');
  writeFile('tsconfig.json', '{"compilerOptions":{"rootDir":".","outDir":"dist"}}');
  for (const name of ['stepwright.config', 'work.activity']) {
    writeFile(`${name}.ts`, '');
    utimesSync(join(project, `${name}.ts`), HOUR_AGO() + 60, HOUR_AGO() + 60);
  }
  writeFile('dist/stepwright.config.js', config);
  writeFile('dist/work.activity.js', ACTIVITY);
  writeFile('state-machines/Work.asl.json', JSON.stringify(MACHINE));
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(resolve('.'), join(project, 'node_modules/stepwright'));
}

async function doctorSays(env: Record<string, string> = {}): Promise<string> {
  const flags = ['--config', 'stepwright.config.ts', '--stop-timeout', '2m'];
  const run = stepwright(['doctor', ...flags], env, project);
  await run.ended;
  return run.stdout().replaceAll(/ {2,}/g, ' ');
}

test('no false alarm: a healthy project of files', async () => {
  makeProject();
  expect(await doctorSays()).toMatch(/: 0 faults, 0 warnings, 0 not checked$/m);
});

test.each(PROJECT_FAULTS)(
  'a planted fault is named, with its fix: %s',
  async (_, plant, [head, got, fix]) => {
    makeProject();
    const said = await doctorSays(plant(writeFile) ?? {});
    const [finding = said] = said.split(/^(?=\S)/m).filter((each) => each.startsWith(head));
    expect(finding).toContain(head);
    expect(finding).toMatch(got);
    expect(finding.split('Fix: ')[1]).toMatch(fix);
  },
);

test('thirty faults and more are planted', () => {
  expect(FAULTS.length + PROJECT_FAULTS.length).toBeGreaterThanOrEqual(40);
});

test.each(FAULTS)('a planted fault is named, with its fix: %s', async (_, plant, says) => {
  const found = wrong(await examined(plant(scene) ?? {}));
  const [head, got, fix] = says(scene);
  const heads = found.map(headOf);
  expect(heads).toContain(head);
  // What follows from the fault may be named too, but no other is made up.
  expect(heads.filter((each) => each.startsWith('fault') && each !== head)).toEqual([]);
  const finding = found[heads.indexOf(head)];
  expect(finding?.got).toMatch(got);
  expect(finding?.fix).toMatch(fix);
});

const HEALTHY: readonly (readonly [state: string, plant: Plant])[] = [
  ['a healthy project', () => {}],
  ['a heartbeat of just half of HeartbeatSeconds', () => ({ config: { heartbeat: '30s' } })],
  ['a platform that waits just long enough', () => ({ host: { stopTimeoutMs: 101_000 } })],
  ['a platform that does not say how long it waits', () => ({ host: { stopTimeoutMs: undefined } })],
  ['a clock that is a second off', () => ({ host: { clock: new HandClock(Date.now() + 1_000) } })],
  ['a health port that is free', () => ({ config: { healthPort: 0 } })],
  ['the local service still to be started', () => ({ config: { endpoint: 'local', port: 0 } })],
  ['a name that a start creates', () => ({ config: { activities: [activity(() => {}, {}, 'Work')] } })],
  [
    'a name that exists',
    (at) => ({ config: { ...away(at), region: 'us-east-1', activities: [activity(() => {}, {}, 'Work')] } }),
  ],
  ['a throttle', answered('ListActivities', 'ThrottlingException')],
  ['machines that may not be listed', answered('ListStateMachines', 'AccessDeniedException')],
  ['activities that may not be listed', answered('ListActivities', 'AccessDeniedException')],
  ['a proxy, and a service on this machine', () => ({ host: { env: { HTTPS_PROXY: 'http://proxy:3128' } } })],
  [
    'a proxy, and an agent that uses it',
    (at) => ({
      config: { calls: 'sdk', sdk: { ...away(at).sdk, requestHandler: { httpAgent: new Agent() } } },
      host: { env: { HTTPS_PROXY: 'http://proxy:3128' } },
    }),
  ],
  ['as many open files as it takes', () => ({ host: { openFiles: 200 } })],
  ['no limit of open files that is known', () => ({ host: { openFiles: undefined } })],
];

test.each(HEALTHY)('no false alarm: %s', async (_, plant) => {
  expect(wrong(await examined(plant(scene) ?? {})).map(headOf)).toEqual([]);
});
