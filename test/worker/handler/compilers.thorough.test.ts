import { beforeAll, describe, expect, test } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startLocalService } from 'stepwright/local';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SOURCES = join(ROOT, 'test/fixtures/compilers');
/** Inside the package, so that `stepwright` resolves to the files that `tsc` built. */
const OUT = join(ROOT, 'dist/test-compilers');

/** tsx reads the decorator options of a tsconfig only for the files that it includes. */
const ENV = { ...process.env, TSX_TSCONFIG_PATH: join(SOURCES, 'tsconfig.json') };

const run = promisify(execFile);
const node = async (...args: string[]): Promise<unknown> =>
  JSON.parse((await run(process.execPath, args, { cwd: ROOT, env: ENV })).stdout);
const runCompiled = (compiler: string, file: string): Promise<unknown> =>
  node(join(SOURCES, 'run.js'), join(OUT, compiler), `${file}.activity.js`);

/** Runs a script in a process: a compiler must not be loaded into a test runner. */
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

const PAGE = readFileSync('docs/handlers.md', 'utf8');
/** The content of its `.swcrc`. */
const [, SWCRC = ''] = /`\.swcrc`:\n\n```json\n([\s\S]*?)```/.exec(PAGE) ?? [];
const SWC = `const { transformSync } = await import('@swc/core');
const { code } = transformSync(source, { swcrc: false, ...${SWCRC} });`;

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
    // esbuild can't compile a decorator on a parameter.
    compileEach('esbuild-standard', esbuild(false), 'explicit.activity.ts'),
  ]);
}, 60_000);

describe('compilers that write the types of parameters', () => {
  test.each(['tsc', 'swc'])('%s: everything works', async (compiler) => {
    expect(await runCompiled(compiler, 'plain')).toEqual(greeted);
    expect(await runCompiled(compiler, 'explicit')).toEqual(greeted);
  });
});

/** The fields of an `unchecked` input that are refused at start. */
async function refusedFields(runFile: (file: string) => Promise<unknown>): Promise<string[]> {
  const problems = (await runFile('unchecked')) as { what: string }[];
  return problems.map(({ what }) => /Order\.\w+/.exec(what)?.[0] ?? what);
}

test.each(['tsc', 'swc'])(
  '%s: a class, a date or an array that nothing checks is refused at start',
  async (compiler) => {
    const refused = await refusedFields((file) => runCompiled(compiler, file));
    expect(refused).toEqual(['Order.inner', 'Order.when', 'Order.list']);
  },
);

const runWithTsx = (file: string): Promise<unknown> =>
  node('--import', 'tsx', join(SOURCES, 'run.js'), SOURCES, `${file}.activity.ts`);

describe('compilers that write none', () => {
  const compilers: [string, (file: string) => Promise<unknown>][] = [
    ['esbuild', (file) => runCompiled('esbuild', file)],
    ['tsx', runWithTsx],
  ];

  test.each(compilers)('%s: a handler is refused at start, with the fix', async (_, runFile) => {
    expect(await runFile('plain')).toMatchObject([
      {
        code: 'INPUT_TYPE_LOST',
        where: 'Hello.run',
        what: expect.stringMatching(/tsx, esbuild and Node's type stripping write none/),
        fix: expect.stringContaining('@Handle({ input: TheClass })'),
      },
    ]);
  });

  test.each(compilers)('%s: so is a constructor, once the handler is mended', async (_, runFile) => {
    expect(await runFile('half')).toMatchObject([
      { code: 'DEPENDENCY_UNRESOLVED', where: 'Hello', fix: expect.stringContaining('@inject(TheClass)') },
    ]);
  });

  test.each(compilers)('%s: fields of which nothing is known are refused at start', async (_, runFile) => {
    expect(await refusedFields(runFile)).toEqual(['Order.inner', 'Order.when', 'Order.list']);
  });

  test.each(compilers)('%s: with `input:` and @inject everything works', async (_, runFile) => {
    expect(await runFile('explicit')).toEqual(greeted);
  });

  test('tsx: the worker of docs/handlers.md runs, and serves a task', async () => {
    const [, code = ''] = /### tsx and esbuild[\s\S]*?```ts\n([\s\S]*?)```/.exec(PAGE) ?? [];
    const dir = join(OUT, 'page');
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, 'worker.ts'), code);
    await writeFile(join(dir, 'tsconfig.json'), '{"compilerOptions":{"experimentalDecorators":true}}');
    const service = await startLocalService({ port: 0 });
    const Resource = 'arn:aws:states:eu-west-1:123456789012:activity:Greet';
    const definition = JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Task', Resource, End: true } } });
    service.seedActivity(Resource);
    service.seedMachine({ name: 'M', definition });
    const env = { ...process.env, AWS_ENDPOINT_URL_SFN: service.url };
    const worker = spawn(process.execPath, ['--import', 'tsx', 'worker.ts'], { cwd: dir, env });
    const said: string[] = [];
    for (const stream of [worker.stdout, worker.stderr])
      stream.on('data', (data: Buffer) => void said.push(data.toString()));
    const ended = new Promise((resolve) => worker.once('close', resolve));
    try {
      const main = join(ROOT, 'dist/src/framework/cli/main.js');
      const { stdout } = await Promise.race([
        run(process.execPath, [main, 'execute', 'M', '{"who":"you"}', '--endpoint', service.url]),
        ended.then(() => Promise.reject(new Error(said.join('')))),
      ]);
      expect(stdout).toBe('"Hello you"\n');
    } finally {
      worker.kill('SIGKILL');
      await ended;
      await service.close();
    }
  });

  test('standard decorators are refused with the compiler option that is missing', async () => {
    expect(await runCompiled('esbuild-standard', 'plain')).toMatchObject([
      { code: 'ACTIVITY_FILE_FAILED', fix: expect.stringContaining('"experimentalDecorators": true') },
    ]);
  });
});

test('without `strict`, the same handlers compile as with it', async () => {
  const options =
    '--ignoreConfig --noEmit --strict false --module nodenext --target es2022 --types node --listFiles';
  const decorators = '--experimentalDecorators --emitDecoratorMetadata';
  const file = 'test/worker/handler/types.test.ts';
  const args = `node_modules/typescript/bin/tsc ${options} ${decorators} ${file}`.split(' ');
  const { stdout } = await run(process.execPath, args, { cwd: ROOT }).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toContain(join(ROOT, file));
  // The sources of the package are written for `strict`.
  expect(stdout.split('\n').filter((line) => line.startsWith(`${file}(`))).toEqual([]);
});
