#!/usr/bin/env node
// The first hour of somebody who has nothing but the tarball: in an empty folder `new`, install, test, start, execute,
// dev, `generate`, check; on each version of Node that is promised (or on those that are named: 20 22). Then the
// image's Dockerfile, step by step, without Docker. Prints a line a check; exits 1 if any fails.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { check, cleanEnv, expect, freePort, hasRegistry, must, pack, start, summary } from './checks.mjs';

const [, , ...asked] = process.argv;
const versions = asked.length > 0 ? asked : ['20', '22', '24'];
const HELLO = `HelloWorld '{"who":"hoge"}'`;

/** An environment in which `node` is of a version: this process's, or one from npm. */
function withNode(version, dir) {
  if (process.version.startsWith(`v${version}.`))
    return { ...cleanEnv, PATH: pathWith(dirname(process.execPath)) };
  const tools = join(dir, `node-${version}`);
  const name = `node-${process.platform}-${process.arch}`;
  mkdirSync(tools);
  must(`npm install --prefix . --no-save --ignore-scripts --no-audit --no-fund ${name}@${version}`, {
    cwd: tools,
  });
  return { ...cleanEnv, PATH: pathWith(join(tools, 'node_modules', name, 'bin')) };
}

const pathWith = (bin) => `${bin}:${process.env.PATH}`;

async function checkProject(version, tarball, dir) {
  const env = withNode(version, dir);
  const folder = join(dir, `on-${version}`);
  mkdirSync(folder);
  cpSync(tarball, join(folder, basename(tarball)));
  const project = join(folder, 'hello');
  const at = { cwd: project, env };
  const on = `Node ${version}`;

  const isThere = await check(`${on}: new`, () => {
    const found = must('node --version', { cwd: folder, env });
    expect(found.startsWith(`v${version}.`), `node is ${found}`);
    // As the README has it: npx looks for a relative path from the nearest package.json above, if there is one.
    const command = `npx --yes --package "$PWD/${basename(tarball)}" stepwright new hello`;
    must(`${command} --from ${basename(tarball)}`, { cwd: folder, env });
  });
  if (!isThere) return;
  const isInstalled = await check(
    `${on}: npm install`,
    () => void must('npm install --no-audit --no-fund', at),
  );
  if (!isInstalled) return;
  await check(`${on}: npm test`, () => void must('npm test', at));

  const port = await freePort();
  const execute = (args) => must(`npm run -s execute -- ${args} --port ${port}`, at);
  await check(`${on}: npm run start, execute, Ctrl-C`, async () => {
    const worker = start(`npm run start -- --port ${port}`, at);
    try {
      await worker.saw(/Waiting for a task to start/);
      const output = execute(HELLO);
      expect(output === '{"message":"Hello hoge!"}\n', `it came to ${output}${worker.log()}`);
    } finally {
      const how = await worker.stop();
      expect(how !== 'it goes on' && worker.log().includes('worker is stopped'), `${how}\n${worker.log()}`);
    }
  });
  await check(`${on}: npm run dev, generate, execute, Ctrl-C`, async () => {
    const worker = start(`npm run dev -- --port ${port}`, at);
    try {
      await worker.saw(/Watching for changes/);
      must('npx stepwright generate activity refund-order', at);
      await worker.saw(/restarted in/);
      const output = execute(`RefundOrder '{"id":"7"}'`);
      expect(output === '{"id":"7"}\n', `it came to ${output}${worker.log()}`);
    } finally {
      const how = await worker.stop();
      expect(how !== 'it goes on', `${how}\n${worker.log()}`);
    }
  });
  await check(`${on}: npm test of what was generated`, () => {
    must('npm test', at);
  });
  await check(`${on}: check finds nothing`, () => {
    const said = must('npm run -s build && npm run -s check -- --strict', at);
    expect(said === '', said);
  });
}

/** Takes the steps of a Dockerfile in folders instead of images. What the system's packages would change is not seen. */
async function checkImage(project, dir) {
  const env = withNode('20', join(dir, 'image-tools'));
  const stages = new Map();
  let stage;
  await check('the steps of the Dockerfile', async () => {
    for (const line of readFileSync(join(project, 'Dockerfile'), 'utf8').split('\n')) {
      const [step, ...words] = line.split(' ');
      if (step === 'FROM') {
        stage = { dir: mkdtempSync(join(dir, 'image-')), env: { ...env } };
        stages.set(words[2] ?? 'last', stage);
      }
      if (step === 'ENV') Object.assign(stage.env, Object.fromEntries([words.join(' ').split('=')]));
      if (step === 'RUN') must(words.join(' '), { cwd: stage.dir, env: stage.env });
      if (step === 'COPY') copy(words, stage, stages, project);
      if (step === 'CMD') await runCommand(JSON.parse(words.join(' ')), stage);
    }
  });
}

function copy(words, { dir: to }, stages, project) {
  const [, from] = /^--from=(.+)$/.exec(words[0]) ?? [];
  const sources = from ? words.slice(1, -1) : words.slice(0, -1);
  const target = words.at(-1);
  if (sources[0] === '.') {
    const ignored = readFileSync(join(project, '.dockerignore'), 'utf8').split('\n').filter(Boolean);
    const left = (file) => !ignored.includes(file.slice(project.length + 1));
    cpSync(project, to, { recursive: true, filter: left });
  } else if (from) {
    const source = join(stages.get(from).dir, sources[0].replace('/app', ''));
    cpSync(source, target === './' ? join(to, basename(source)) : join(to, target), {
      ...{ recursive: true, verbatimSymlinks: true },
    });
  } else must(`cp ${sources.join(' ')} ${to}`, { cwd: project });
}

/** As it is but for the endpoint: there is no AWS here. */
async function runCommand(command, { dir, env }) {
  const args = command.map((word) => (word === 'aws' ? 'local' : word));
  const worker = start(`exec ${args.map((arg) => `'${arg}'`).join(' ')} --port 0`, { cwd: dir, env });
  try {
    await worker.saw(/Waiting for a task to start/);
  } finally {
    await worker.stop();
  }
}

if (hasRegistry('project')) {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-project-'));
  mkdirSync(join(dir, 'image-tools'));
  try {
    const tarball = pack(dir);
    for (const version of versions) await checkProject(version, tarball, dir);
    await checkImage(join(dir, `on-${versions[0]}`, 'hello'), dir);
  } catch (error) {
    await check('the checks run to their end', () => {
      throw error;
    });
  }
  summary('project');
  if (process.env.KEEP) console.log(dir);
  else rmSync(dir, { recursive: true, force: true });
}
