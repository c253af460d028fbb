import { beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sample } from '../support/thorough.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = join(ROOT, 'test/fixtures/compilers');
/** Inside of the package, so that `stepwright` resolves to itself: to what `tsc` built. */
const OUT = join(ROOT, 'dist/test-compilers');

/** tsx reads the decorator options of a tsconfig only for the files that it includes. */
const ENV = { ...process.env, TSX_TSCONFIG_PATH: join(SOURCES, 'tsconfig.json') };

const run = promisify(execFile);
const node = async (...args: string[]): Promise<unknown> =>
  JSON.parse((await run(process.execPath, args, { cwd: ROOT, env: ENV })).stdout);
const runCompiled = (compiler: string, file: string): Promise<unknown> =>
  node(join(SOURCES, 'run.js'), join(OUT, compiler), `${file}.activity.js`);

/** Runs a script of the compiler's own, since a compiler is not to be loaded into a test runner. */
async function compileEach(compiler: string, transform: string, skip = ''): Promise<void> {
  await mkdir(join(OUT, compiler), { recursive: true });
  const names = (await readdir(SOURCES)).filter((name) => name.endsWith('.ts') && name !== skip);
  const sources = await Promise.all(names.map((name) => readFile(join(SOURCES, name), 'utf8')));
  const script = `const compile = async (source) => {${transform} return code;};
    process.stdout.write(JSON.stringify(await Promise.all(${JSON.stringify(sources)}.map(compile))));`;
  const codes = (await node('--input-type=module', '-e', script)) as string[];
  await Promise.all(
    names.map((name, n) => writeFile(join(OUT, compiler, name.replace('.ts', '.js')), codes[n] ?? '')),
  );
}

const SWC = `const { transformSync } = await import('@swc/core');
const { code } = transformSync(source, {
  swcrc: false,
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
  module: { type: 'es6' },
});`;

const esbuild = (
  experimentalDecorators: boolean,
): string => `const { transformSync } = await import('esbuild');
const { code } = transformSync(source, {
  loader: 'ts',
  target: 'es2022',
  tsconfigRaw: { compilerOptions: { experimentalDecorators: ${experimentalDecorators} } },
});`;

const greeted = [
  { status: 'succeeded', output: { message: 'Hello hoge!', handler: 'Hello.run', input: 'HelloInput' } },
  {
    status: 'failed',
    error: 'Stepwright.InvalidInput',
    cause: expect.stringContaining('who must be a string'),
  },
];

beforeAll(async () => {
  await Promise.all([
    run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', SOURCES], { cwd: ROOT }),
    compileEach('swc', SWC),
    compileEach('esbuild', esbuild(true)),
    // It can't compile a decorator on a parameter.
    compileEach('esbuild-standard', esbuild(false), 'explicit.activity.ts'),
  ]);
}, 60_000);

describe('compilers that write the types of parameters', () => {
  test.each(sample(['tsc', 'swc'], 1))('%s: everything works', async (compiler) => {
    expect(await runCompiled(compiler, 'plain')).toEqual(greeted);
    expect(await runCompiled(compiler, 'explicit')).toEqual(greeted);
  });
});

const runWithTsx = (file: string): Promise<unknown> =>
  node('--import', 'tsx', join(SOURCES, 'run.js'), SOURCES, `${file}.activity.ts`);

describe('compilers that write none', () => {
  const compilers: [string, (file: string) => Promise<unknown>][] = [
    ['esbuild', (file) => runCompiled('esbuild', file)],
    ['tsx', runWithTsx],
  ];

  test.each(sample(compilers, 1))('%s: a handler is refused at start, with the fix', async (_, runFile) => {
    expect(await runFile('plain')).toMatchObject([
      {
        code: 'INPUT_TYPE_LOST',
        where: 'Hello.run',
        what: expect.stringMatching(/tsx, esbuild and Node's type stripping write none/),
        fix: expect.stringContaining('@Handle({ input: TheClass })'),
      },
    ]);
  });

  test.each(sample(compilers, 1))(
    '%s: so is a constructor, once the handler is mended',
    async (_, runFile) => {
      expect(await runFile('half')).toMatchObject([
        { code: 'DEPENDENCY_UNRESOLVED', where: 'Hello', fix: expect.stringContaining('@inject(TheClass)') },
      ]);
    },
  );

  test.each(sample(compilers, 1))('%s: with `input:` and @inject everything works', async (_, runFile) => {
    expect(await runFile('explicit')).toEqual(greeted);
  });

  test('standard decorators are refused with the compiler option that is missing', async () => {
    expect(await runCompiled('esbuild-standard', 'plain')).toMatchObject([
      { code: 'ACTIVITY_FILE_FAILED', fix: expect.stringContaining('"experimentalDecorators": true') },
    ]);
  });
});
