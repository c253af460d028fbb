#!/usr/bin/env node
// The packed package under every package manager, version of Node, test runner and compiler: twelve projects, in which
// each pair of these meets. Each is written by `new`, installed without install scripts, compiled, tested, and runs an
// execution. A row, or some: `matrix.mjs pnpm` or `matrix.mjs vitest 24`; `matrix.mjs --rest`: two rows, with all that
// run.mjs does not have. Prints a line a check; exits 1 if any fails.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import {
  check,
  cleanEnv,
  expect,
  freePort,
  hasRegistry,
  must,
  pack,
  root,
  start,
  summary,
} from './checks.mjs';

const ROWS = [
  ['npm', '20', 'jest', 'tsc'],
  ['npm', '22', 'jest-commonjs', 'swc'],
  ['npm', '24', 'vitest', 'tsc'],
  ['npm', '20', 'node:test', 'swc'],
  ['pnpm', '22', 'jest', 'swc'],
  ['pnpm', '24', 'jest-commonjs', 'tsc'],
  ['pnpm', '20', 'vitest', 'swc'],
  ['pnpm', '22', 'node:test', 'tsc'],
  ['yarn', '24', 'jest', 'tsc'],
  ['yarn', '20', 'jest-commonjs', 'tsc'],
  ['yarn', '22', 'vitest', 'tsc'],
  ['yarn', '24', 'node:test', 'swc'],
];

/** Rows in which is each manager, version and compiler that run.mjs does not have: it has every runner. */
const REST = [4, 11].map((at) => ROWS[at]);

/** Each manager as a package of the registry, and how it installs. Their own install scripts are not run either. */
const MANAGERS = {
  npm: { install: 'npm install --no-audit --no-fund --ignore-scripts --prefer-offline' },
  pnpm: {
    package: 'pnpm@10',
    install: 'node TOOLS/pnpm/bin/pnpm.cjs install --ignore-scripts --prefer-offline --no-frozen-lockfile',
  },
  yarn: {
    package: '@yarnpkg/cli-dist@4',
    install: 'node TOOLS/@yarnpkg/cli-dist/bin/yarn.js install --mode=skip-build',
    files: { '.yarnrc.yml': 'nodeLinker: node-modules\nenableTelemetry: false\n', 'yarn.lock': '' },
  },
};

const SWC = {
  compile: 'node node_modules/@swc/cli/bin/swc.js nest-style.config.ts src test --out-dir dist',
  packages: { '@swc/cli': '^0.8.0' },
};

const RUNNERS = {
  jest: { test: 'node --experimental-vm-modules node_modules/jest/bin/jest.js' },
  'jest-commonjs': {
    test: 'node node_modules/jest/bin/jest.js',
    type: 'commonjs',
    files: { 'jest.config.json': '{ "preset": "stepwright/jest/commonjs" }' },
  },
  vitest: {
    test: 'node node_modules/vitest/vitest.mjs run --testTimeout 60000',
    packages: { vitest: '^3.2.0', 'unplugin-swc': '^1.5.0' },
    imports: "import { expect, test } from 'vitest';",
    files: {
      'vitest.config.mjs': `import swc from 'unplugin-swc';
export default { plugins: [swc.vite()], test: { include: ['test/**/*.test.ts'], setupFiles: ['reflect-metadata'] } };
`,
    },
  },
  'node:test': {
    test: 'node --import reflect-metadata --test dist/test/*.test.js',
    packages: { expect: '^30.0.0' },
    imports: "import { expect } from 'expect';\nimport { test } from 'node:test';",
  },
};

const PASSED = /Tests: +4 passed, 4 total|Tests +4 passed \(4\)|^(?:#|ℹ) pass 4$/m;

/** An environment in which `node` is of a version: this process's, or one from npm. */
function withNode(version, dir) {
  const pathWith = (bin) => ({ ...cleanEnv, PATH: `${bin}:${process.env.PATH}` });
  if (process.version.startsWith(`v${version}.`)) return pathWith(dirname(process.execPath));
  const tools = join(dir, `node-${version}`);
  const name = `node-${process.platform}-${process.arch}`;
  mkdirSync(tools, { recursive: true });
  if (!readdirSync(tools).includes('node_modules'))
    must(`npm install --prefix . --no-save --ignore-scripts --no-audit --no-fund ${name}@${version}`, {
      cwd: tools,
    });
  return pathWith(join(tools, 'node_modules', name, 'bin'));
}

/** Writes the project of a row, as `new` does, for its manager and its runner. */
function writeProject(project, tarball, [manager, , runner, compiler]) {
  const name = basename(project);
  must(`node ${root}/dist/src/framework/cli/main.js new ${name} --from ${tarball}`, {
    cwd: dirname(project),
  });
  const { packages, type = 'module', imports, files } = RUNNERS[runner];
  const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
  const added = { ...packages, ...(compiler === 'swc' && SWC.packages) };
  const devDependencies = { ...manifest.devDependencies, ...added };
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ ...manifest, type, devDependencies }, null, 2),
  );
  for (const [file, text] of Object.entries({ ...files, ...MANAGERS[manager].files }))
    writeFileSync(join(project, file), text);
  const module = { type: type === 'module' ? 'es6' : 'commonjs' };
  const transform = { legacyDecorator: true, decoratorMetadata: true };
  const jsc = { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform };
  writeFileSync(join(project, '.swcrc'), JSON.stringify({ jsc, module, sourceMaps: true }));
  for (const file of readdirSync(join(project, 'test')).filter(
    (each) => imports && each.endsWith('.test.ts'),
  )) {
    const text = readFileSync(join(project, 'test', file), 'utf8');
    writeFileSync(join(project, 'test', file), text.replace(/^import .* from '@jest\/globals';$/m, imports));
  }
}

/** The tests are compiled as well, since `node --test` runs them from there. */
const compileBy = (compiler) =>
  compiler === 'swc'
    ? SWC.compile
    : 'node node_modules/typescript/bin/tsc -p test --noEmit false --outDir dist';

async function checkRow(row, tarball, dir, tools) {
  const [manager, version, runner, compiler] = row;
  const env = withNode(version, dir);
  const project = join(dir, row.join('-').replace(':', '-'));
  const at = { cwd: project, env };
  await check(row.join(', '), async () => {
    writeProject(project, tarball, row);
    must(MANAGERS[manager].install.replace('TOOLS', join(tools, 'node_modules')), at);
    must(compileBy(compiler), at);
    const told = must(`${RUNNERS[runner].test} 2>&1`, { ...at, env: { ...env, NO_COLOR: '1' } });
    expect(PASSED.test(told), told);
    await checkStart(at);
  });
}

/** A worker, started as the Dockerfile does, serves an execution and ends at a Ctrl-C. */
async function checkStart(at) {
  const port = await freePort();
  const worker = start(`exec node_modules/.bin/stepwright start --port ${port}`, at);
  try {
    await worker.saw(/Waiting for a task to start/);
    const command = `node_modules/.bin/stepwright execute HelloWorld '{"who":"hoge"}' --port ${port}`;
    const output = must(command, at);
    expect(output === '{"message":"Hello hoge!"}\n', `it came to ${output}${worker.log()}`);
  } finally {
    const how = await worker.stop();
    expect(how !== 'it goes on' && worker.log().includes('worker is stopped'), `${how}\n${worker.log()}`);
  }
}

if (hasRegistry('matrix')) {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-matrix-'));
  const tools = join(dir, 'tools');
  mkdirSync(tools);
  try {
    const asked = process.argv.slice(2);
    const rows = asked.includes('--rest')
      ? REST
      : ROWS.filter((row) => asked.every((word) => row.includes(word)));
    const tarball = pack(dir);
    const packages = Object.values(MANAGERS).flatMap((manager) => manager.package ?? []);
    must(`npm install --prefix . --no-save --ignore-scripts --no-audit --no-fund ${packages.join(' ')}`, {
      cwd: tools,
    });
    for (const row of rows) await checkRow(row, tarball, dir, tools);
  } catch (error) {
    await check('the checks run to their end', () => {
      throw error;
    });
  }
  summary('matrix');
  if (process.env.KEEP) console.log(dir);
  else rmSync(dir, { recursive: true, force: true });
}
