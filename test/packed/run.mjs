#!/usr/bin/env node
// What the documentation promises about an installed package: packs the tarball, makes a project of it as a user
// would, and runs the same tests under every runner, then the worker itself, in CommonJS and as ES modules.
// Prints one line a check; exits 1 if any fails. It needs the npm registry, and says so where there is none.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import {
  check,
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

const project = mkdtempSync(join(tmpdir(), 'stepwright-packed-'));
const at = { cwd: project };
/** No test waits for so long by itself: the machine may be busy. */
const testTimeout = 60_000;

const PEERS = ['reflect-metadata', 'tsyringe', 'class-validator', 'class-transformer'];
const TOOLS = [
  'typescript@7',
  '@types/node@20',
  '@aws-sdk/client-sfn@~3.1164',
  'aws-sdk-client-mock@4',
  'jest@30',
  '@jest/globals@30',
  'expect@30',
  '@swc/core@1',
  '@swc/jest@0.2',
  'vitest@3',
  'unplugin-swc@2',
];

/** What is imported is all that differs between the runners. */
const JEST = "import { expect, test } from '@jest/globals';";
const VITEST = "import { expect, test } from 'vitest';";
const NODE = "import { expect } from 'expect';\nimport { test } from 'node:test';";

const write = (path, text) => {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
};
const writeJson = (path, value) => write(path, JSON.stringify(value, null, 2));

/** The code blocks of the README in a language. */
function readmeBlocks(language) {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, code]) => code,
  );
}

function block(language, holds) {
  const found = readmeBlocks(language).find((code) => code.includes(holds));
  if (!found) throw new Error(`the README has no ${language} block with ${holds}`);
  return found;
}

/** The examples of docs/testing.md. */
function testingBlocks() {
  const text = readFileSync(join(root, 'docs/testing.md'), 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code);
}

/** The types of the matchers, as docs/testing.md has them. */
function testingBlock(holds) {
  const found = testingBlocks().find((code) => code.includes(holds));
  if (!found) throw new Error(`docs/testing.md has no block with ${holds}`);
  return found;
}

/** `expect` of a runner knows the matchers: their arguments are checked, and no other is there. */
function checkMatcherTypes(name, { imports, types }) {
  write(`types/${name}/matchers.ts`, types);
  write(
    `types/${name}/uses.ts`,
    `${imports}
import type { TaskResult } from 'stepwright/testing';

test('types', () => {
  const result: TaskResult = { status: 'succeeded', output: 1 };
  expect(result).toHaveSucceededWith(1);
  expect(result).not.toHaveFailedWith('Declined', { errorMessage: 'no' });
  expect(result).not.toHaveVisited(['Pay']);
  // @ts-expect-error -- the name of an error is a text
  expect(result).toHaveFailedWith(1);
  // @ts-expect-error -- there is no such matcher
  expect(result).toHaveSucceededBy(1);
});
`,
  );
  const config = { extends: '../../tsconfig.json', include: ['.'] };
  config.compilerOptions = { rootDir: '../..', noEmit: true };
  writeJson(`types/${name}/tsconfig.json`, config);
  return check(`${name}: the types of the matchers`, () => void must(`npx tsc -p types/${name}`, at));
}

/** The tests, as the README and this folder have them: by file. */
function tests() {
  const own = (file) =>
    readFileSync(join(root, 'test/packed', file), 'utf8').replaceAll(
      '../../src/activities/',
      '../src/activities/',
    );
  const readme = readmeBlocks('ts').filter((code) => code.includes(JEST));
  if (readme.length === 0) throw new Error('the README has no test');
  const page = testingBlocks().filter((code) => code.includes(JEST));
  if (page.length < 4) throw new Error('docs/testing.md has too few tests');
  return {
    ...Object.fromEntries(readme.map((code, i) => [`readme-${i + 1}.test.ts`, code])),
    ...Object.fromEntries(page.map((code, i) => [`testing-${i + 1}.test.ts`, code])),
    'machine.test.ts': own('machine.test.ts'),
    'waits.test.ts': own('waits.test.ts'),
    'sdk-mock.test.ts': own('sdk-mock.test.ts'),
  };
}

function writeTests(imports, modules) {
  const files = {
    ...tests(),
    // Jest falls back to CommonJS without a word. Vitest gives `require` to every module.
    'mode.test.ts': `${JEST}\ntest('runs as it should', () => {\n  expect(typeof require).toBe('${modules === 'esm' ? 'undefined' : 'function'}');\n});\n`,
  };
  for (const [file, code] of Object.entries(files)) write(`test/${file}`, code.replace(JEST, imports));
  for (const file of ['late.ts', 'later.ts'])
    write(`test/${file}`, readFileSync(join(root, 'test/packed', file), 'utf8'));
  write('test/matchers.ts', MATCHERS.get(imports)());
  return Object.values(files).flatMap((code) => code.match(/^test\(/gm) ?? []).length;
}

/** What docs/testing.md has as `test/matchers.ts`, by a runner's imports. */
const MATCHERS = new Map([
  [JEST, () => testingBlock("declare module 'expect'")],
  [VITEST, () => testingBlock("declare module 'vitest'")],
  [NODE, () => testingBlock("declare module 'expect'").replace("'@jest/globals'", "'expect'")],
]);

function makeProject() {
  const tarball = basename(pack(project));
  must('npm init -y', at);
  install(project, [`./${tarball}`, ...PEERS, ...TOOLS]);

  const activity = block('ts', '// src/activities/hello-world.activity.ts');
  write('src/activities/hello-world.activity.ts', activity.replace('../framework/index.js', 'stepwright'));
  cpSync(join(root, 'src/activities/greeter.ts'), join(project, 'src/activities/greeter.ts'));
  cpSync(join(root, 'state-machines'), join(project, 'state-machines'), { recursive: true });
  write('nest-style.config.ts', block('ts', 'export default defineConfig'));
  write('tsconfig.json', block('json', '"compilerOptions"'));
  writeJson('tsconfig.test.json', {
    extends: './tsconfig.json',
    include: ['nest-style.config.ts', 'src', 'test'],
  });
  for (const code of testingBlocks()) {
    const [, path] = /^\/\/ (src\/activities\/\S+)\n/.exec(code) ?? [];
    if (path) write(path, code);
  }
  write(
    'vitest.config.mjs',
    `import swc from 'unplugin-swc';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [swc.vite()],
  test: { include: ['test/**/*.test.ts'], setupFiles: ['reflect-metadata'] },
});
`,
  );
}

/** @param counts how the runner says that so many tests passed */
function checkRunner(name, { imports, modules, command, counts }) {
  const count = writeTests(imports, modules);
  return check(`${name}: ${count} tests`, () => {
    const told = stripVTControlCharacters(must(`${command} 2>&1`, at));
    expect(counts(count).test(told), told);
  });
}

const jest = (n) => new RegExp(`^Tests: +${n} passed, ${n} total$`, 'm');
const vitest = (n) => new RegExp(`^ *Tests +${n} passed \\(${n}\\)$`, 'm');
const nodeTest = (n) => new RegExp(`^(?:#|ℹ) pass ${n}$`, 'm');
const COMPILE_AND_RUN =
  'npx tsc -p tsconfig.test.json && node --import reflect-metadata --test dist/test/*.test.js';

/** `npx stepwright start` serves an execution, and Ctrl-C ends it. */
async function checkStart(name) {
  rmSync(join(project, 'dist'), { recursive: true, force: true });
  must('npx tsc', at);
  const port = await freePort();
  const worker = start(`npx stepwright start --config dist/nest-style.config.js --port ${port}`, at);
  await check(`${name}: npx stepwright start serves an execution`, async () => {
    await worker.saw(/Waiting for a task to start/);
    const output = must(`npx stepwright execute HelloWorld '{"who":"hoge"}' --port ${port}`, at);
    expect(output === '{"message":"Hello hoge!"}\n', `it came to ${output}${worker.log()}`);
  });
  await check(`${name}: Ctrl-C ends it`, async () => {
    // npx ends by the signal itself; the worker drains on, and its pipes close when it has ended.
    const how = await worker.stop();
    expect(how !== 'it goes on' && worker.log().includes('worker is stopped'), `${how}\n${worker.log()}`);
  });
}

async function checkAll() {
  makeProject();
  await check('the tarball installs beside its peers', () =>
    expect(existsSync(join(project, 'node_modules/stepwright')), 'it is not in node_modules'),
  );

  must('npm pkg set type=commonjs', at);
  writeJson('jest.config.json', { preset: 'stepwright/jest/commonjs', testTimeout });
  await checkRunner('Jest, CommonJS', {
    imports: JEST,
    modules: 'commonjs',
    command: 'npx jest',
    counts: jest,
  });
  await checkRunner('node:test, CommonJS', {
    imports: NODE,
    modules: 'commonjs',
    command: COMPILE_AND_RUN,
    counts: nodeTest,
  });
  await checkStart('CommonJS');

  must('npm pkg set type=module', at);
  writeJson('jest.config.json', { preset: 'stepwright/jest', testTimeout });
  await checkMatcherTypes('jest', { imports: JEST, types: testingBlock("declare module 'expect'") });
  await checkMatcherTypes('vitest', { imports: VITEST, types: testingBlock("declare module 'vitest'") });
  const command = 'node --experimental-vm-modules node_modules/jest/bin/jest.js';
  await checkRunner('Jest, ES modules', { imports: JEST, modules: 'esm', command, counts: jest });
  // Vitest runs the same either way.
  await checkRunner('Vitest, "type": "module"', {
    imports: VITEST,
    modules: 'any',
    command: 'npx vitest run --testTimeout ' + testTimeout,
    counts: vitest,
  });
  await checkRunner('node:test, ES modules', {
    imports: NODE,
    modules: 'esm',
    command: COMPILE_AND_RUN,
    counts: nodeTest,
  });
  await checkStart('ES modules');
}

if (hasRegistry('packed')) {
  try {
    await checkAll();
  } catch (error) {
    await check('the checks run to their end', () => {
      throw error;
    });
  }
  summary('packed');
}
if (process.env.KEEP) console.log(project);
else rmSync(project, { recursive: true, force: true });
