#!/usr/bin/env node
// Clients that are not ours, unmodified: each AWS CLI on the PATH, version 1 or 2, runs the commands of docs/local.md as
// they stand there, and boto3 of each Python that has it calls every operation. With `--every`, or without boto3, the CLI
// does so too: it sends what boto3 sends, by a process for each call. Prints a line a check; exits 1 if any fails. Where
// there is neither, it says so loudly.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { check, cleanEnv, expect, freePort, must, root, start, summary } from './checks.mjs';
import { callEveryOperation, OPERATIONS } from './every-operation.mjs';

/** The service of a folder without a project has no activities and machines of its own. */
const empty = mkdtempSync(join(tmpdir(), 'stepwright-clients-'));
process.once('exit', () => rmSync(empty, { recursive: true, force: true }));

const here = dirname(fileURLToPath(import.meta.url));
const page = readFileSync(join(root, 'docs/local.md'), 'utf8');
const [, commands] = /```sh\n(export AWS_ENDPOINT_URL_SFN[\s\S]*?)```/.exec(page);

/** The folders of the PATH that have a program, one for each program. */
function foldersWith(program) {
  const folders = process.env.PATH.split(delimiter).filter((folder) => existsSync(join(folder, program)));
  return [...new Map(folders.map((folder) => [realpathSync(join(folder, program)), folder])).values()];
}

/** Runs `body` with a service of its own, and with what a client needs to find it. */
async function withService(body) {
  const port = await freePort();
  const main = join(root, 'dist/src/framework/cli/main.js');
  const service = start(`exec node ${main} local --port ${port}`, { cwd: empty });
  try {
    await service.saw(/Endpoint: /);
    await body(port, {
      ...cleanEnv,
      AWS_ENDPOINT_URL_SFN: `http://127.0.0.1:${port}`,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_DISABLE_HOST_PREFIX_INJECTION: 'true',
      AWS_PAGER: '',
    });
  } finally {
    await service.stop();
  }
}

const kebab = (operation) => operation.replaceAll(/(?<!^)(?=[A-Z])/g, '-').toLowerCase();

/** Runs a command. Rejects with what it says of its failure. */
function run(program, args, env) {
  return new Promise((resolve, reject) => {
    execFile(program, args, { env }, (error, said, why) =>
      error ? reject(new Error(why || error.message)) : resolve(JSON.parse(said || '{}')),
    );
  });
}

/** Makes a call by a command of the CLI. If it can't be told to put nothing before the host, the service is its proxy. */
function byCommand(program, env) {
  return (operation, input) => {
    const options = ['--output', 'json', '--cli-read-timeout', '75'];
    const args = ['stepfunctions', kebab(operation), ...options, '--cli-input-json', JSON.stringify(input)];
    return run(program, args, env).catch((error) => {
      if (!error.message.includes('//sync-')) throw error;
      return run(program, args, { ...env, HTTP_PROXY: env.AWS_ENDPOINT_URL_SFN });
    });
  };
}

/** Starts a Python that makes calls. Its first line is the version of boto3. */
async function startBoto3(python, env) {
  const child = spawn(python, [join(here, 'boto3-calls.py')], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => {
    const { answer, error } = JSON.parse((await lines.next()).value ?? '{"error":"boto3 has ended"}');
    if (error) throw new Error(error);
    return answer;
  };
  await read();
  const send = (operation, input) => {
    child.stdin.write(`${JSON.stringify([operation, input])}\n`);
    return read();
  };
  return { send, end: () => child.stdin.end() };
}

/** Calls every operation. */
async function everyOperation(send) {
  const called = await callEveryOperation(send);
  const missing = OPERATIONS.filter((operation) => !called.has(operation));
  expect(missing.length === 0, `not called: ${missing.join(', ')}`);
}

async function checkCli(folder, every) {
  const program = join(folder, 'aws');
  const env = { ...cleanEnv, PATH: `${folder}${delimiter}${process.env.PATH}` };
  const { stdout } = spawnSync(program, ['--version'], { env, encoding: 'utf8' });
  const [version] = stdout.split(' ');
  await check(`${version}: the commands of docs/local.md`, () =>
    withService((port) => {
      const said = must(`set -e\n${commands.replaceAll('8083', port)}`, { cwd: root, env });
      expect(said.endsWith('\n{"message":"Hello hoge!"}\n'), said);
    }),
  );
  if (!every) return;
  await check(`${version}: all ${OPERATIONS.length} operations`, () =>
    withService((_port, own) => everyOperation(byCommand(program, { ...env, ...own }))),
  );
}

async function checkBoto3(python) {
  const script = 'import boto3; print(boto3.__version__)';
  const { stdout } = spawnSync(python, ['-c', script], { encoding: 'utf8' });
  await check(`boto3 ${stdout.trim()}: all ${OPERATIONS.length} operations`, () =>
    withService(async (_port, env) => {
      const { send, end } = await startBoto3(python, env);
      await everyOperation(send).finally(end);
    }),
  );
}

const clis = foldersWith('aws');
const pythons = foldersWith('python3')
  .map((folder) => join(folder, 'python3'))
  .filter((python) => spawnSync(python, ['-c', 'import boto3']).status === 0);
const missing = [clis.length === 0 && 'AWS CLI', pythons.length === 0 && 'boto3'].filter(Boolean);
for (const what of missing)
  console.log(`##### SKIPPED: there is no ${what}, so that it was NOT checked #####`);
const every = pythons.length === 0 || process.argv.includes('--every');
await Promise.all([...pythons.map(checkBoto3), ...clis.map((folder) => checkCli(folder, every))]);
summary('aws-cli');
