import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Logger } from 'stepwright';
import { startLocalService, type LocalService } from 'stepwright/local';
import { activity } from '../support/work.js';
import { ARN, createWorld } from '../support/world.js';
import { page, pages } from './markdown.js';

const json = pages.flatMap(({ path, fences }) =>
  fences.filter(({ language }) => language === 'json').map(({ code }) => ({ path, code })),
);
const machines = json.filter(({ code }) =>
  /^\s*\{\s*("Comment".*\n\s*)?"(StartAt|QueryLanguage)"/.test(code),
);

let service: LocalService;
beforeAll(async () => {
  service = await startLocalService({ port: 0 });
});
afterAll(() => service.close());

test.each(json)('JSON in $path parses', ({ code }) => {
  expect(JSON.parse(code)).toBeInstanceOf(Object);
});

test('every state machine in the documentation is accepted by the local service', () => {
  expect(machines.length).toBeGreaterThan(0);
  for (const [index, { code, path }] of machines.entries()) {
    const seed = (): unknown => service.seedMachine({ name: `Page${index}`, definition: code });
    expect({ path, accepted: attempt(seed) }).toEqual({ path, accepted: true });
  }
  expect(attempt(() => service.seedMachine({ name: 'Bad', definition: '{"StartAt":"X"}' }))).not.toBe(true);
});

function attempt(call: () => unknown): true | string {
  try {
    call();
    return true;
  } catch (error) {
    return (error as Error).message;
  }
}

const readme = page('README.md');
const code = (first: string): string => {
  const fence = readme.fences.find((each) => each.code.startsWith(first));
  if (!fence) throw new Error(`the README has no code that begins with ${first}`);
  return fence.code;
};

test("the README's activity is the one that runs", () => {
  const path = 'src/activities/hello-world.activity.ts';
  expect(code(`// ${path}\n`)).toBe(`// ${path}\n${readFileSync(path, 'utf8')}`);
});

test("the README's test is one that runs", () => {
  const source = readFileSync('test/docs/readme-example.test.ts', 'utf8').replaceAll("'../../", "'../");
  expect(readme.fences.map((fence) => fence.code)).toContain(source);
});

test("the tests' tsconfig.json of docs/testing.md is the one that a new project gets", () => {
  const shown = page('docs/testing.md').fences.filter(({ language }) => language === 'json');
  expect(shown.map(({ code }) => code)).toContain(
    readFileSync('templates/project/test/tsconfig.json', 'utf8'),
  );
});

test("the README's tsconfig has what the decorators need", () => {
  const { compilerOptions } = JSON.parse(code('{\n  "compilerOptions"')) as {
    compilerOptions: Record<string, unknown>;
  };
  expect(compilerOptions).toMatchObject({
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    outDir: expect.any(String),
  });
});

test('the picture shows what the first commands print', () => {
  const drawn = readFileSync('docs/images/start.svg', 'utf8').replaceAll(/<[^>]+>/g, '');
  expect(drawn).toContain(JSON.parse(readFileSync('package.json', 'utf8')).scripts.start.split(' && ')[1]);
  expect(drawn).toContain('Console: http://127.0.0.1:8083/');
  expect(drawn).toContain('Waiting for a task to start. Press Ctrl-C to interrupt.');
  expect(drawn).toMatch(/✓ HelloWorldActivity\.hello \w+ \d+ ms/);
  expect(drawn).toContain('{"message":"Hello hoge!"}');
});

test('the root module of nestjs.md keeps what `nest new` writes', () => {
  const shown = page('docs/nestjs.md').fences.find((each) => each.code.startsWith('// src/app.module.ts'));
  for (const kept of ['controllers: [AppController]', 'providers: [AppService]', "from './app.controller'"])
    expect(shown?.code).toContain(kept);
});

test('the hook of watching.md leaves the spans of polls out, and no others', async () => {
  const [, hook = ''] = /ignoreRequestHook: (.+),$/m.exec(page('docs/watching.md').text) ?? [];
  const isIgnored = runInNewContext(hook) as (request: { headers: unknown }) => boolean;
  const ignored = new Map<string | undefined, boolean>();
  const look = (message: unknown): void => {
    const { request } = message as { request: { headers: unknown } };
    const [, operation] = /AWSStepFunctions\.(\w+)/.exec(String(request.headers)) ?? [];
    ignored.set(operation, isIgnored(request));
  };
  subscribe('undici:request:create', look);
  const world = await createWorld();
  try {
    await world.worker({ activities: [activity(() => 1)] });
    await world.execute(world.machine(ARN));
    await world.clock.advance(2_000);
  } finally {
    await world.close();
    unsubscribe('undici:request:create', look);
  }
  expect([ignored.get('GetActivityTask'), ignored.get('SendTaskSuccess')]).toEqual([true, false]);
});

test('the logger of running.md gives winston the message first, and the stack of an error', () => {
  const shown = page('docs/running.md').fences.find((each) => each.code.startsWith('const inOrder'));
  const lines: unknown[] = [];
  // Stands for winston, whose methods take the message and then the fields.
  const winston = (own: object): object => ({
    info: (message: unknown, fields?: object) => lines.push([message, { ...own, ...fields }]),
    child: (fields: object) => winston(fields),
  });
  const inOrder = runInNewContext(`${shown?.code}; inOrder`) as (log: object) => Logger;
  const err = new Error('no');
  const log = inOrder(winston({}));
  log.info('alone');
  log.child({ a: 1 }).info({ err }, 'both');
  log.info(err, 'itself');
  expect(lines).toEqual([
    ['alone', {}],
    ['both', { a: 1, err: err.stack }],
    ['itself', { err: err.stack }],
  ]);
});
