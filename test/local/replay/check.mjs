#!/usr/bin/env node
// Runs the recorded tests of LocalStack's Step Functions suite against the local service, in this process. Its tests
// and recordings are public, and aren't part of this project: --from names a checkout of localstack/localstack. Its
// library of recordings, localstack/localstack-snapshot, is looked for beside it, or named by --library. Further
// arguments choose files or folders of the suite. moto stands for other services, if Python has it, and --sdk names a
// project that has their clients of the AWS SDK. moto is corrected where its answers are not those of AWS; with --plain it
// isn't. Exits 1 if a recording that isn't in exceptions.json differs, or one in it doesn't.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { startLocalService } from 'stepwright/local';
import { FastClock } from './fast-clock.mjs';
import { printAccount } from './account.mjs';
import { summarize } from './summary.mjs';

const SUITE = 'tests/aws/services/stepfunctions/v2';
const MODULES = ['pytest', 'boto3', 'jsonpath_ng'];
/** The factor by which the clock of the service and of the tests is faster than the machine's. */
const SCALE = 20;

const { values, positionals } = parseArgs({
  options: {
    from: { type: 'string' },
    library: { type: 'string' },
    plain: { type: 'boolean', default: false },
    python: { type: 'string', default: 'python3' },
    report: { type: 'string' },
    sdk: { type: 'string', default: '.' },
  },
  allowPositionals: true,
});

function skip(reason) {
  console.log(`##### SKIPPED: ${reason}, so that the recordings were NOT replayed #####`);
  console.log('recordings: 0 passed, 0 failed, 1 skipped');
  process.exit(0);
}

/** Returns the folders of the suite and of its library. */
function findSources() {
  if (!values.from) skip('--from names no checkout of localstack/localstack (8b9a79f)');
  const suite = resolve(values.from);
  if (!existsSync(join(suite, SUITE))) skip(`${suite} has no ${SUITE}`);
  const library = resolve(values.library ?? join(suite, '../localstack-snapshot'));
  if (!existsSync(join(library, 'localstack_snapshot')))
    skip(`${library} is no checkout of localstack/localstack-snapshot: name it by --library`);
  return { suite, library };
}

function checkPython() {
  const lacks = MODULES.filter((name) => spawnSync(values.python, ['-c', `import ${name}`]).status !== 0);
  if (lacks.length > 0)
    skip(
      `${values.python} has no ${lacks.join(', ')} (Debian: python3-pytest python3-boto3 python3-jsonpath-ng)`,
    );
}

/** Runs the tests in Python. Resolves when they have ended. */
function runTests({ suite, library }, url, report, log, services) {
  const plugins = [
    'stand_ins',
    'localstack.testing.pytest.marking',
    'localstack_snapshot.pytest.snapshot',
    'replay',
  ];
  const files = positionals.length > 0 ? positionals.map((file) => join(SUITE, file)) : [SUITE];
  const args = [
    '-m',
    'pytest',
    '-q',
    '--noconftest',
    '-c',
    '/dev/null',
    '--rootdir',
    suite,
    '--tb=short',
    '-W',
    'ignore',
    '-r',
    'N',
    '--no-summary',
    '-p',
    'no:cacheprovider',
    ...plugins.flatMap((plugin) => ['-p', plugin]),
    ...files,
  ];
  const env = {
    ...process.env,
    PYTHONPATH: [here, library].join(delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
    REPLAY_CHECKOUT: suite,
    REPLAY_ENDPOINT: url,
    REPLAY_SCALE: String(SCALE),
    REPLAY_REPORT: report,
    REPLAY_LOG: log,
    REPLAY_SERVICES: JSON.stringify(services),
  };
  const child = spawn(values.python, args, { cwd: suite, env, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.on('data', (chunk) => process.stderr.write(chunk));
  return new Promise((done) => child.once('close', done));
}

const here = dirname(fileURLToPath(import.meta.url));

/**
 * Starts moto, and the stand-in for Lambda.
 * @returns their URLs, and how they are stopped; no URLs without moto
 */
async function startServices() {
  const env = { ...process.env, REPLAY_SCALE: String(SCALE) };
  const args = [join(here, 'services.py'), ...(values.plain ? ['--plain'] : [])];
  const child = spawn(values.python, args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
  const stop = () => child.stdin.end();
  for await (const line of createInterface({ input: child.stdout })) return { urls: JSON.parse(line), stop };
  console.log(
    '##### SKIPPED: Python has no moto with its server, so that tests of other services are not run #####',
  );
  return { urls: {}, stop };
}

/** Finds the clients of the AWS SDK in the project that --sdk names. */
function packagesOf(project) {
  const require = createRequire(resolve(project, 'package.json'));
  const has = (name) => {
    try {
      return require.resolve(name) !== '';
    } catch {
      return false;
    }
  };
  return { has, load: async (name) => require(name) };
}

/** Returns a log that writes the records of executions into a file. */
function recordsInto(file) {
  writeFileSync(file, '');
  const write = (fields) => {
    if (typeof fields === 'object' && 'execution_arn' in fields)
      appendFileSync(file, `${JSON.stringify(fields)}\n`);
  };
  const log = { debug: write, info: write, warn: write, error: write, child: () => log };
  return log;
}

const sources = findSources();
checkPython();
const folder = mkdtempSync(join(tmpdir(), 'recordings-'));
const report = values.report ?? join(folder, 'report.json');
const log = join(folder, 'log');
const services = await startServices();
const service = await startLocalService({
  port: 0,
  clock: new FastClock(SCALE),
  log: recordsInto(log),
  packages: packagesOf(values.sdk),
  env: { AWS_ENDPOINT_URL: services.urls.moto, AWS_ENDPOINT_URL_LAMBDA: services.urls.lambda },
});
try {
  await runTests(
    sources,
    service.url,
    report,
    log,
    Object.keys(services.urls).length > 0 ? services.urls : null,
  );
  const exceptions = JSON.parse(readFileSync(new URL('exceptions.json', import.meta.url), 'utf8'));
  const { recordings, standIn } = exceptions;
  const excepted = values.plain ? { ...recordings, ...standIn } : recordings;
  const results = JSON.parse(readFileSync(report, 'utf8'));
  process.exitCode = summarize(results, { recordings: excepted }, positionals.length === 0);
  printAccount(results, excepted, standIn);
} finally {
  await service.close();
  services.stop();
  rmSync(folder, { recursive: true, force: true });
}
