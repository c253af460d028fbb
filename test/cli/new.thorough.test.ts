import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { killAll, type Run, stepwright } from '../support/cli.js';

// `npm run check:project` shows that the written project installs, compiles, passes its tests and runs.
let dir: string;
let project: string;
let made: Run;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'stepwright-new-'));
  project = join(dir, 'refunds');
  made = stepwright(['new', 'refunds'], {}, dir);
  await made.ended;
});
afterEach(killAll);
afterAll(() => rmSync(dir, { recursive: true }));

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .toSorted();
const textOf = (file: string): string => readFileSync(join(project, file), 'utf8');
interface Manifest extends Record<string, unknown> {
  readonly version: string;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
  readonly peerDependenciesMeta: Record<string, { readonly optional?: boolean }>;
}
const manifest = (file: string): Manifest => JSON.parse(readFileSync(file, 'utf8')) as Manifest;

test('new writes a whole project, and says which files and how to go on', () => {
  const files = filesOf(project);
  for (const file of [
    ...['package.json', 'tsconfig.json', 'nest-style.config.ts', 'jest.config.json', 'README.md'],
    ...[
      'src/activities/hello-world.activity.ts',
      'src/activities/greeter.ts',
      'state-machines/HelloWorld.asl.json',
    ],
    ...['test/hello-world.activity.test.ts', 'test/HelloWorld.machine.test.ts', 'test/tsconfig.json'],
    ...['Dockerfile', '.dockerignore', '.gitignore'],
  ])
    expect(files).toContain(file);
  for (const file of files) expect(made.stdout()).toContain(`\n  ${file}\n`);
  expect(made.stdout()).toContain('\n  cd refunds\n  npm install\n');
  expect(files.map(textOf).join('\n')).not.toContain('my-worker');
});

test('it asks for this version, and for what this version is tested with', () => {
  const [own, written] = [manifest('package.json'), manifest(join(project, 'package.json'))];
  expect(written['name']).toBe('refunds');
  const { stepwright: version, ...peers } = written.dependencies;
  expect(version).toBe(`^${own.version}`);
  const wanted = Object.entries(own.peerDependencies).filter(
    ([name]) => !own.peerDependenciesMeta[name]?.optional,
  );
  expect(peers).toEqual(Object.fromEntries(wanted));
  for (const [name, range] of Object.entries(written.devDependencies))
    // TypeScript 7.0, which compiles this repository, renames keys that are named like a decorated class.
    expect([name, range]).toEqual([name, name === 'typescript' ? '~6.0.3' : own.devDependencies[name]]);
});

describe('region and account of the ARNs come from', () => {
  const made = async (args: string[], env: Record<string, string> = {}): Promise<string> => {
    const folder = mkdtempSync(join(dir, 'place-'));
    await stepwright(['new', 'w', ...args], env, folder).ended;
    const files = ['src/activities/hello-world.activity.ts', 'state-machines/HelloWorld.asl.json'];
    const arns = files.map((file) => /arn:[^'"]+/.exec(readFileSync(join(folder, 'w', file), 'utf8'))?.[0]);
    expect(new Set(arns).size).toBe(1);
    return arns[0] ?? '';
  };
  const OTHERS = { AWS_REGION: 'eu-west-1', AWS_ACCOUNT_ID: '111122223333' };

  test.each<[string, string[], Record<string, string>, string]>([
    ['nowhere: made up', [], {}, 'arn:aws:states:us-east-1:123456789012:activity:'],
    ['the environment', [], OTHERS, 'arn:aws:states:eu-west-1:111122223333:activity:'],
    ['flags', ['--region', 'cn-north-1'], OTHERS, 'arn:aws-cn:states:cn-north-1:111122223333:activity:'],
  ])('%s', async (_, args, env, prefix) => {
    expect(await made(args, env)).toBe(`${prefix}HelloWorldActivity`);
  });

  test('the config of the project, where it has no activity yet', async () => {
    const folder = mkdtempSync(join(dir, 'place-'));
    writeFileSync(join(folder, 'package.json'), '{}');
    writeFileSync(join(folder, 'nest-style.config.ts'), "export default { \n  region: 'eu-north-1',\n};");
    await stepwright(['generate', 'activity', 'Pay'], OTHERS, folder).ended;
    expect(readFileSync(join(folder, 'src/activities/pay.activity.ts'), 'utf8')).toContain(
      'arn:aws:states:eu-north-1:111122223333:activity:Pay',
    );
  });

  test('a flag that is no account is refused, and nothing is written', async () => {
    const folder = mkdtempSync(join(dir, 'place-'));
    const run = stepwright(['new', 'w', '--account', '12'], {}, folder);
    expect(await run.ended).toMatchObject({ code: 1 });
    expect(run.stderr()).toContain("--account: expected the 12 digits of an account of AWS, got '12'");
    expect(readdirSync(folder)).toEqual([]);
  });
});

test('new --nest writes a NestJS application, and says how to run it', async () => {
  const run = stepwright(['new', 'orders', '--nest'], {}, dir);
  expect(await run.ended).toEqual({ code: 0, signal: null });
  const files = filesOf(join(dir, 'orders'));
  for (const file of [
    'package.json',
    'nest-cli.json',
    'nest-style.config.mjs',
    'tsconfig.build.json',
    '.gitignore',
    'Dockerfile',
    '.dockerignore',
    'src/main.ts',
    'src/app.module.ts',
    'src/hello/hello-world.activity.spec.ts',
    'test/hello-world.e2e-spec.ts',
  ])
    expect(files).toContain(file);
  const written = manifest(join(dir, 'orders/package.json'));
  expect(written['name']).toBe('orders');
  expect(written.dependencies['stepwright']).toBe(`^${manifest('package.json').version}`);
  expect(run.stdout()).toContain(
    '\n  npm run local\nin a second terminal:\n  cd orders\n  npm run start:dev\n',
  );
});

test('generate adds an activity beside the others, by any way to write its name', async () => {
  // The next activity has the region of the first.
  const hello = 'src/activities/hello-world.activity.ts';
  writeFileSync(join(project, hello), textOf(hello).replace('us-east-1', 'eu-west-1'));
  const run = stepwright(['generate', 'activity', 'CancelOrderActivity'], {}, join(project, 'src'));
  expect(await run.ended).toEqual({ code: 0, signal: null });
  const arn = 'arn:aws:states:eu-west-1:123456789012:activity:CancelOrder';
  expect(textOf('src/activities/cancel-order.activity.ts')).toContain(
    `@Activity('${arn}')\nexport class CancelOrderActivity {`,
  );
  expect(textOf('test/cancel-order.activity.test.ts')).toContain("'CancelOrderActivity.run'");
  const { States } = JSON.parse(textOf('state-machines/CancelOrder.asl.json')) as { States: object };
  expect(States).toMatchObject({ CancelOrder: { Resource: arn, HeartbeatSeconds: 60 } });
  expect(run.stdout()).toContain('`npm run dev`');
  expect(run.stdout()).toContain("npm run -s execute -- CancelOrder '{");
  expect(run.stdout()).not.toContain('Jest');
});

test('generate in a NestJS application writes a folder with a test, and says how to make it a provider', async () => {
  const orders = join(dir, 'orders');
  const run = stepwright(['generate', 'activity', 'cancel-order'], {}, orders);
  expect(await run.ended).toEqual({ code: 0, signal: null });
  const written = (file: string): string => readFileSync(join(orders, file), 'utf8');
  expect(written('src/cancel-order/cancel-order.activity.ts')).toContain(
    'export class CancelOrderActivity {',
  );
  expect(written('src/cancel-order/cancel-order.activity.spec.ts')).toContain(
    "from './cancel-order.activity';",
  );
  expect(filesOf(orders)).toContain('state-machines/CancelOrder.asl.json');
  expect(filesOf(orders).filter((file) => file.startsWith('src/activities'))).toEqual([]);
  expect(run.stdout()).toContain(
    "  import { CancelOrderActivity } from './cancel-order/cancel-order.activity';\n",
  );
  expect(run.stdout()).toContain('  @Module({ providers: [CancelOrderActivity], … })');
  expect(run.stdout()).toContain('`npm run start:dev`');
});

test('generate names no script that a project has not, and what its test needs', async () => {
  const other = join(dir, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'package.json'), '{"scripts":{"dev":"vite dev"}}');
  const run = stepwright(['generate', 'activity', 'cancel-order'], {}, other);
  expect(await run.ended).toEqual({ code: 0, signal: null });
  expect(run.stdout()).toContain('`node_modules/.bin/stepwright dev`');
  expect(run.stdout()).toContain("npx stepwright execute CancelOrder '{");
  expect(run.stdout()).toContain('Its test needs Jest');
});

test('new takes no folder that has anything in it, generate overwrites no file: they say so, and write nothing', async () => {
  mkdirSync(join(dir, 'full'));
  writeFileSync(join(dir, 'full/notes.txt'), 'mine');
  const before = filesOf(dir).map((file) => readFileSync(join(dir, file), 'utf8'));
  const runs = [
    stepwright(['new', 'full'], {}, dir),
    stepwright(['new', '../full'], {}, project),
    stepwright(['generate', 'activity', 'hello-world'], {}, project),
  ];
  for (const { ended } of runs) expect(await ended).toEqual({ code: 1, signal: null });
  expect(runs[0]?.stderr()).toMatch(/^nothing was written, .*full is there already.* such as full-2,/);
  expect(runs[1]?.stderr()).toContain('such as ../full-2,');
  expect(runs[2]?.stderr()).toContain('\n  src/activities/hello-world.activity.ts\n');
  expect(filesOf(dir).map((file) => readFileSync(join(dir, file), 'utf8'))).toEqual(before);
});

test('a name that is none is said, with one that is', async () => {
  const runs = [
    stepwright(['new', 'My Worker'], {}, dir),
    stepwright(['generate', 'activity', '../x'], {}, project),
    stepwright(['new', ''], {}, dir),
  ];
  for (const { ended } of runs) expect(await ended).toEqual({ code: 1, signal: null });
  expect(runs[0]?.stderr()).toMatch(/'My Worker' is no name of a package.*my-worker/);
  expect(runs[2]?.stderr()).toMatch(/^'' is no name of a package.*for example my-worker/);
  expect(runs[1]?.stderr()).toMatch(/'\.\.\/x' is no name of an activity.*refund-order/);
});

test('the tests of a new project name an old Node before Jest is started', () => {
  const { scripts } = JSON.parse(readFileSync('templates/project/package.json', 'utf8')) as {
    scripts: Record<string, string>;
  };
  // Node 18 refuses an option of the command in `test`, and says no more than that.
  expect(scripts['pretest']).toBe('stepwright --version >/dev/null');
});
