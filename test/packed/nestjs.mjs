#!/usr/bin/env node
// A stranger's NestJS application, as `nest new` lays it out (NestJS 11, CommonJS, ts-jest), before and after it gets
// what docs/nestjs.md shows; then an application that `stepwright new --nest` writes. Both are installed, tested and
// run with the packed package. Then the image of the latter, and NestJS 10. Some of it: `nestjs.mjs application new`.
// Prints a line a check; exits 1 if any fails.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import {
  check,
  cleanEnv,
  expect,
  freePort,
  hasRegistry,
  install,
  must,
  pack,
  root,
  start,
  summary,
} from './checks.mjs';
import { checkImage } from './image.mjs';

/** An idle application stops within this many milliseconds at the local service. */
const STOP_MS = 1_000;
const PEERS = ['tsyringe', 'class-validator', 'class-transformer'];

/** No test waits for so long by itself: the machine may be busy. */
const testTimeout = 60_000;
const jest = { moduleFileExtensions: ['js', 'json', 'ts'], testEnvironment: 'node', testTimeout };
const transform = { '^.+\\.(t|j)s$': 'ts-jest' };

const MANIFEST = {
  name: 'shop',
  version: '0.0.1',
  private: true,
  scripts: {
    build: 'nest build',
    'start:dev': 'nest start --watch',
    test: 'jest',
    'test:e2e': 'jest --config ./test/jest-e2e.json',
  },
  dependencies: {
    '@nestjs/common': '^11.0.1',
    '@nestjs/core': '^11.0.1',
    '@nestjs/platform-express': '^11.0.1',
    'reflect-metadata': '^0.2.2',
    rxjs: '^7.8.1',
  },
  devDependencies: {
    '@nestjs/cli': '^11.0.0',
    '@nestjs/schematics': '^11.0.0',
    '@nestjs/testing': '^11.0.1',
    '@types/express': '^5.0.0',
    '@types/jest': '^30.0.0',
    '@types/node': '^24.0.0',
    '@types/supertest': '^7.0.0',
    jest: '^30.0.0',
    supertest: '^7.0.0',
    'ts-jest': '^29.2.5',
    typescript: '^5.7.3',
  },
  jest: { ...jest, rootDir: 'src', testRegex: '.*\\.spec\\.ts$', transform },
};

const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    moduleResolution: 'nodenext',
    resolvePackageJsonExports: true,
    esModuleInterop: true,
    isolatedModules: true,
    declaration: true,
    removeComments: true,
    emitDecoratorMetadata: true,
    experimentalDecorators: true,
    target: 'ES2023',
    sourceMap: true,
    outDir: './dist',
    baseUrl: './',
    incremental: true,
    skipLibCheck: true,
    strictNullChecks: true,
  },
};

/** The application before it knows of Stepwright: a controller with a service, a unit test and an end-to-end test. */
const BEFORE = {
  'package.json': MANIFEST,
  'tsconfig.json': TSCONFIG,
  'tsconfig.build.json': {
    extends: './tsconfig.json',
    exclude: ['node_modules', 'test', 'dist', '**/*spec.ts'],
  },
  'nest-cli.json': {
    collection: '@nestjs/schematics',
    sourceRoot: 'src',
    compilerOptions: { deleteOutDir: true },
  },
  'test/jest-e2e.json': { ...jest, rootDir: '.', testRegex: '.e2e-spec.ts$', transform },
  'src/prices.service.ts': `import { Injectable } from '@nestjs/common';
@Injectable()
export class Prices {
  of(item: string): number {
    return item.length;
  }
}
`,
  'src/prices.controller.ts': `import { Controller, Get, Param } from '@nestjs/common';
import { Prices } from './prices.service';
@Controller('prices')
export class PricesController {
  constructor(private readonly prices: Prices) {}
  @Get(':item') price(@Param('item') item: string): number {
    return this.prices.of(item);
  }
}
`,
  'src/prices.controller.spec.ts': `import { Test } from '@nestjs/testing';
import { PricesController } from './prices.controller';
import { Prices } from './prices.service';
test('a price', async () => {
  const app = await Test.createTestingModule({ controllers: [PricesController], providers: [Prices] }).compile();
  expect(app.get(PricesController).price('tea')).toBe(3);
});
`,
  'src/app.module.ts': appModule('', ''),
  'src/main.ts': `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';
async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(process.env.PORT ?? 3000);
}
void bootstrap();
`,
  'test/prices.e2e-spec.ts': `import { Test } from '@nestjs/testing';
import { INestApplication } from '@nestjs/common';
import request from 'supertest';
import { AppModule } from './../src/app.module';
let app: INestApplication;
beforeEach(async () => {
  const nest = await Test.createTestingModule({ imports: [AppModule] }).compile();
  app = nest.createNestApplication();
  await app.init();
});
afterEach(() => app.close());
test.each(['tea', 'beer'])('a price is answered', (item) =>
  request(app.getHttpServer()).get('/prices/' + item).expect(200).expect(String(item.length)));
`,
};

function appModule(imports, list) {
  return `import { Module } from '@nestjs/common';
import { PricesController } from './prices.controller';
import { Prices } from './prices.service';
${imports}@Module({ imports: [${list}], controllers: [PricesController], providers: [Prices], exports: [Prices] })
export class AppModule {}
`;
}

const arn = (name) => `arn:aws:states:eu-west-1:123456789012:activity:${name}`;
const machine = (name) => ({
  StartAt: 'Work',
  States: { Work: { Type: 'Task', Resource: arn(name), End: true } },
});

/** Two more activities: one with data of its request, one with a dependency that a test replaces. */
const AFTER = {
  'src/orders/orders.module.ts': `import { Module } from '@nestjs/common';
import { Bank, Charge, Report, Tenant } from './orders.activities';
@Module({ providers: [Bank, Charge, Report, Tenant] })
export class OrdersModule {}
`,
  'src/orders/orders.activities.ts': `import { Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { IsInt, IsString } from 'class-validator';
import { Activity, Handle, type TaskContext } from 'stepwright';
export class Order {
  @IsString() tenant!: string;
  @IsInt() amount!: number;
}
@Injectable()
export class Bank {
  charge(amount: number): string {
    return 'charged ' + amount;
  }
}
@Activity('${arn('Charge')}')
export class Charge {
  constructor(private readonly bank: Bank) {}
  @Handle() charge({ amount }: Order): string {
    return this.bank.charge(amount);
  }
}
@Injectable({ scope: Scope.REQUEST })
export class Tenant {
  constructor(@Inject(REQUEST) private readonly task: TaskContext) {}
  get name(): string {
    return (JSON.parse(this.task.rawInput) as { tenant: string }).tenant;
  }
}
@Activity('${arn('Report')}')
export class Report {
  constructor(private readonly tenant: Tenant) {}
  @Handle() report({ amount }: Order): string {
    return this.tenant.name + ' owes ' + amount;
  }
}
`,
  'src/orders/charge.spec.ts': `import { Test } from '@nestjs/testing';
import { nestContainer } from 'stepwright/nestjs';
import { createTestBed } from 'stepwright/testing';
import { Charge } from './orders.activities';
test('a mocked dependency', async () => {
  const nest = await Test.createTestingModule({ providers: [Charge] })
    .useMocker(() => ({ charge: () => 'mocked' }))
    .compile();
  const bed = await createTestBed(Charge, { container: nestContainer(nest) });
  expect(await bed.run({ tenant: 'a', amount: 5 })).toEqual({ status: 'succeeded', output: 'mocked' });
});
`,
  'test/orders.e2e-spec.ts': `import { Test, type TestingModule } from '@nestjs/testing';
import { startLocalService } from 'stepwright/local';
import { STEPWRIGHT_OPTIONS, StepwrightWorker } from 'stepwright/nestjs';
import { AppModule } from '../src/app.module';
import { Bank } from '../src/orders/orders.activities';
test('takes tasks where a test asks for it', async () => {
  const service = await startLocalService({ port: 0 });
  service.seedActivity('${arn('Charge')}');
  service.seedActivity('${arn('Report')}');
  service.seedActivity('${arn('SendMail')}');
  const app: TestingModule = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(Bank)
    .useValue({ charge: () => 'free' })
    .overrideProvider(STEPWRIGHT_OPTIONS)
    .useValue({ endpoint: service.url, poll: true })
    .compile();
  await app.init();
  const ended = new Promise((done) => app.get(StepwrightWorker).worker?.on('task:succeeded', done));
  const call = (target: string, body: object) =>
    fetch(service.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'AWSStepFunctions.' + target, 'content-type': 'application/x-amz-json-1.0' },
      body: JSON.stringify(body),
    }).then((response) => response.json() as Promise<Record<string, string>>);
  const stateMachineArn = service.seedMachine({ name: 'Charge', definition: \`${JSON.stringify(machine('Charge'))}\` });
  const { executionArn } = await call('StartExecution', { stateMachineArn, input: '{"tenant":"a","amount":5}' });
  await ended;
  let status = 'RUNNING', output;
  while (status === 'RUNNING') ({ status, output } = await call('DescribeExecution', { executionArn }));
  expect(output).toBe('"free"');
  await app.close();
  await service.close();
});
`,
  'state-machines/Charge.asl.json': machine('Charge'),
  'state-machines/Report.asl.json': machine('Report'),
};

const isWanted = (part) => process.argv.length === 2 || process.argv.slice(2).includes(part);

function write(cwd, files) {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, file)), { recursive: true });
    const text = typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`;
    writeFileSync(join(cwd, file), text);
  }
}

/** The files that docs/nestjs.md shows, without the root module: this application has its own. */
function shownFiles() {
  const page = readFileSync(join(root, 'docs/nestjs.md'), 'utf8');
  const sources = [...page.matchAll(/^```ts\n\/\/ (\S+)\n([\s\S]*?)^```/gm)];
  const machines = [...page.matchAll(/`(state-machines\/[^`]+)`:\n\n```json\n([\s\S]*?)^```/gm)];
  const files = [...sources, ...machines].map(([, file, code]) => [file, code]);
  expect(files.length === 8, `docs/nestjs.md has ${files.length} files`);
  return Object.fromEntries(files);
}

/** Adds the one line that docs/nestjs.md tells of to the two configs of Jest. */
function addLine(cwd) {
  const page = readFileSync(join(root, 'docs/nestjs.md'), 'utf8');
  const [, preset] = /^"preset": "([^"]+)",$/m.exec(page);
  const manifest = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'));
  const e2e = JSON.parse(readFileSync(join(cwd, 'test/jest-e2e.json'), 'utf8'));
  const change = { 'package.json': { ...manifest, jest: { preset, ...manifest.jest } } };
  write(cwd, { ...change, 'test/jest-e2e.json': { preset, ...e2e } });
}

/** Starts the application as a developer does, runs executions, and stops it. */
async function checkRun(name, cwd, executions) {
  const port = await freePort();
  const service = start(`exec node_modules/.bin/stepwright local --port ${port}`, { cwd });
  try {
    await service.saw(/Endpoint: /);
    const env = {
      ...cleanEnv,
      AWS_ENDPOINT_URL_SFN: `http://127.0.0.1:${port}`,
      PORT: String(await freePort()),
    };
    const app = start('exec npm run start:dev', { cwd, env });
    try {
      await app.saw(/successfully started/);
      for (const [wanted, input, output] of executions) {
        const told = must(`node_modules/.bin/stepwright execute ${wanted} '${input}' --port ${port}`, {
          cwd,
        });
        expect(told === `${output}\n`, `${wanted} answered ${told}\n${app.log()}`);
      }
    } finally {
      const began = performance.now();
      const how = await app.stop('SIGTERM');
      const took = performance.now() - began;
      expect(how !== 'it goes on' && took < STOP_MS, `it stopped ${took} ms after SIGTERM\n${app.log()}`);
      console.log(`       ${name}: stopped ${Math.round(took)} ms after SIGTERM`);
    }
  } finally {
    await service.stop();
  }
}

async function checkStranger(cwd, tarball) {
  write(cwd, BEFORE);
  const isInstalled = await check('a NestJS application: npm install', () =>
    install(cwd, [tarball, ...PEERS]),
  );
  if (!isInstalled) return;
  const { 'src/app.module.ts': _, ...shown } = shownFiles();
  const imports = `import { StepwrightModule } from 'stepwright/nestjs';
import { MailModule } from './mail/mail.module';
import { OrdersModule } from './orders/orders.module';
`;
  const list = 'MailModule, OrdersModule, StepwrightModule.forRoot({ concurrency: 5 })';
  write(cwd, { ...shown, ...AFTER, 'src/app.module.ts': appModule(imports, list) });
  addLine(cwd);
  await check('a NestJS application: it compiles to dist/main.js', () => {
    must('npx tsc --noEmit && npm run build', { cwd });
    expect(existsSync(join(cwd, 'dist/main.js')), 'there is no dist/main.js');
  });
  await check('a NestJS application: unit tests', () => must('npm test', { cwd }));
  await check('a NestJS application: end-to-end tests', () => must('npm run test:e2e', { cwd }));
  await check('a NestJS application: start:dev, three activities, SIGTERM', () =>
    checkRun('it', cwd, [
      ['SendMail', '{"to":"ann@example.com"}', '"sent to ann@example.com"'],
      ['Charge', '{"tenant":"a","amount":5}', '"charged 5"'],
      ['Report', '{"tenant":"a","amount":5}', '"a owes 5"'],
      ['Report', '{"tenant":"b","amount":6}', '"b owes 6"'],
    ]),
  );
}

async function checkNew(dir, tarball) {
  const cwd = join(dir, 'fresh');
  const isInstalled = await check('new --nest: npm install', () => {
    must(`node ${root}/dist/src/framework/cli/main.js new fresh --nest --from ${tarball}`, { cwd: dir });
    install(cwd);
  });
  if (!isInstalled) return;
  await check('new --nest: npm run build, npm run start:dev, SIGTERM', () => {
    must('npm run build', { cwd });
    return checkRun('it', cwd, [['HelloWorld', '{"who":"hoge"}', '{"message":"Hello hoge!"}']]);
  });
  await check('new --nest: generate activity, npm test, npm run check', () => {
    const said = must('node_modules/.bin/stepwright generate activity refund-order', { cwd });
    const [, line] = /^ +(import .*)$/m.exec(said);
    const file = join(cwd, 'src/app.module.ts');
    const module = readFileSync(file, 'utf8').replace(
      '@Module({',
      '@Module({ providers: [RefundOrderActivity],',
    );
    writeFileSync(file, `${line}\n${module}`);
    must('npx tsc --noEmit && npm test && npm run check', { cwd });
  });
  if (!isWanted('image')) return;
  await checkImage('new --nest: the image', cwd, {
    execution: `RefundOrder '{"id":"7"}'`,
    output: '{"id":"7"}',
    started: /successfully started/,
  });
}

/** NestJS 10 destroys modules in another order: what a running task uses must be there until the worker has drained. */
async function checkNest10(dir, tarball) {
  const cwd = join(dir, 'nest10');
  mkdirSync(cwd);
  write(cwd, { 'package.json': { private: true, type: 'module' }, 'drain.mjs': DRAIN });
  await check('NestJS 10: a task uses the database until it ends', () => {
    install(cwd, [tarball, '@nestjs/common@10', '@nestjs/core@10', 'reflect-metadata', 'rxjs@7', ...PEERS]);
    const said = must('node drain.mjs', { cwd });
    expect(said.trim().endsWith('open'), said);
  });
}

const DRAIN = `import 'reflect-metadata';
import { Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Activity, Handle } from 'stepwright';
import { startLocalService } from 'stepwright/local';
import { StepwrightModule, StepwrightWorker } from 'stepwright/nestjs';
const resource = '${arn('Charge')}';
class Database {
  state = 'open';
  onModuleDestroy() { this.state = 'closed'; }
}
class Deep {}
Module({ providers: [Database], exports: [Database] })(Deep);
let begin, seen;
const begun = new Promise((done) => (begin = done));
class Charge {
  constructor(database) { this.database = database; }
  async run(_, task) {
    begin();
    await new Promise((done) => task.shuttingDown.addEventListener('abort', done));
    await new Promise((done) => setTimeout(done, 50));
    seen = this.database.state;
  }
}
Handle({ input: 'any' })(Charge.prototype, 'run', Object.getOwnPropertyDescriptor(Charge.prototype, 'run'));
Activity(resource)(Charge);
Inject(Database)(Charge, undefined, 0);
const service = await startLocalService({ port: 0 });
service.seedActivity(resource);
const definition = JSON.stringify({ StartAt: 'W', States: { W: { Type: 'Task', Resource: resource, End: true } } });
const stateMachineArn = service.seedMachine({ name: 'M', definition });
class App {}
Module({ imports: [Deep, StepwrightModule.forRoot({ endpoint: service.url })], providers: [Charge] })(App);
const app = await NestFactory.createApplicationContext(App, { logger: ['error'] });
const headers = { 'x-amz-target': 'AWSStepFunctions.StartExecution' };
await fetch(service.url, { method: 'POST', headers, body: JSON.stringify({ stateMachineArn, input: '{}' }) });
await begun;
await app.close();
await service.close();
console.log(seen);
`;

if (hasRegistry('nestjs')) {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-nestjs-'));
  try {
    const tarball = pack(dir);
    const cwd = join(dir, 'shop');
    mkdirSync(cwd);
    if (isWanted('application')) await checkStranger(cwd, join('..', basename(tarball)));
    if (isWanted('new') || isWanted('image')) await checkNew(dir, tarball);
    if (isWanted('10')) await checkNest10(dir, tarball);
  } catch (error) {
    await check('the checks run to their end', () => {
      throw error;
    });
  }
  summary('nestjs');
  if (process.env.KEEP) console.log(dir);
  else rmSync(dir, { recursive: true, force: true });
}
