import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startLocalService, type LocalService } from 'stepwright/local';
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
