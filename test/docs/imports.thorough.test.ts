import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pages, readPage } from './markdown.js';

// The examples for NestJS are CommonJS, with the globals of Jest: `npm run check:nestjs` compiles and runs them.
const elsewhere = new Set(['docs/nestjs.md']);
const read = [...pages, readPage('examples/orders/README.md')].filter(({ path }) => !elsewhere.has(path));
const examples = read.flatMap(({ path, fences }) =>
  fences
    .filter(({ language }) => language === 'ts')
    .map(({ code }, index) => ({ name: `${path.replaceAll(/\W/g, '-')}-${index + 1}`, code })),
);

/** The packages that a reader's project has; others, and files of his own, need not be there. */
const PACKAGES = [
  '@jest',
  '@types',
  'class-transformer',
  'class-validator',
  'expect',
  'reflect-metadata',
  'tsyringe',
  'typescript',
];
const OPTIONS = {
  target: 'es2022',
  module: 'nodenext',
  types: ['node'],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  isolatedModules: true,
};
/** Of files and packages that are not there, and of what comes from them. */
const EXPECTED = /error TS(?:2307|2664|2882|18046|2571):/;

let dir: string;
let complaints: string[];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'stepwright-docs-'));
  mkdirSync(join(dir, 'node_modules'));
  for (const name of PACKAGES) symlinkSync(resolve('node_modules', name), join(dir, 'node_modules', name));
  symlinkSync(resolve('.'), join(dir, 'node_modules/stepwright'));
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions: OPTIONS, include: ['*.ts'] }));
  for (const { name, code } of examples) writeFileSync(join(dir, `${name}.ts`), `${code}\nexport {};\n`);
  writeFileSync(join(dir, 'wrong.ts'), "import { Nothing } from 'stepwright';\n@Activity('x') class X {}\n");
  const said = await new Promise<string>((done) =>
    execFile(
      process.execPath,
      [resolve('node_modules/typescript/bin/tsc'), '-p', dir],
      { cwd: dir },
      (_, out) => done(out),
    ),
  );
  complaints = said.split('\n').filter((line) => line !== '');
});
afterAll(() => rmSync(dir, { recursive: true }));

test('there are examples, and a missing import would be found', () => {
  expect(examples.length).toBeGreaterThan(30);
  const wrong = complaints.filter((line) => line.startsWith('wrong.ts'));
  expect(wrong.filter((line) => !EXPECTED.test(line))).toHaveLength(2);
  // After a mistake of grammar the compiler looks at nothing else.
  expect(complaints.filter((line) => / error TS1[01]\d\d:/.test(line))).toEqual([]);
});

test.each(examples)(
  'every name in an example is imported there, and its types are right: $name',
  ({ name }) => {
    const own = complaints.filter((line) => line.startsWith(`${name}.ts`));
    expect(own.filter((line) => !EXPECTED.test(line))).toEqual([]);
  },
);
