#!/usr/bin/env node
// The first hour of somebody who has nothing but the tarball: in an empty folder `new`, install, test, start, execute,
// dev, `generate`, check; on each version of Node that is promised (or on those that are named: 20 22). Then the
// image's Dockerfile, step by step, without Docker, with a program in Python on a read-only root, and if no version is
// named, the image of the local service. Prints a line a check; exits 1 if any fails.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { checkImage, checkLocalImage } from './image.mjs';
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
  leavePackages(project);

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

/** Links the packages of a project where the checks of other projects look for them. */
function leavePackages(project) {
  const to = process.env.STEPWRIGHT_PACKAGES;
  if (to !== undefined && !existsSync(to)) must(`cp -al node_modules ${to}`, { cwd: project });
}

/** On a version that is too old, each door says so. It does before it needs what that version lacks. */
async function checkOldNode(project, dir) {
  const env = withNode('18', dir);
  for (const door of ['stepwright', 'stepwright/testing', 'stepwright/local'])
    await check(`Node 18: import of ${door}`, () => {
      const code = `import('${door}').then(() => console.log('it loads'), ({ message }) => console.log(message))`;
      const said = must(`node --input-type=module -e "${code}"`, { cwd: project, env });
      expect(said.startsWith('stepwright needs Node 20.19 or later, and this is Node 18.'), said);
    });
}

const PYTHON = `import json, os
with open(os.environ['STEPWRIGHT_INPUT_FILE']) as file:
    who = json.load(file)['who']
with open(os.environ['STEPWRIGHT_OUTPUT_FILE'], 'w') as file:
    json.dump({'message': f'Hello {who} from Python!'}, file)
`;

/** The image of the project, whose handler runs a program in Python that reads and writes files. */
async function checkPythonImage(project) {
  const activity = join(project, 'src/activities/hello-world.activity.ts');
  const text = readFileSync(activity, 'utf8');
  const run = "runCommand(task, 'python3', ['programs/greet.py'], { inputAs: 'file', outputFrom: 'file' })";
  writeFileSync(join(project, 'programs/greet.py'), PYTHON);
  writeFileSync(
    activity,
    text
      .replace('Handle, type', 'Handle, runCommand, type')
      .replace('Promise<{ message: string }>', 'Promise<unknown>')
      .replace('{ message: this.greeter.greet(input.who) }', run),
  );
  must('npx tsc', { cwd: project });
  await checkImage('the image', project, {
    execution: HELLO,
    output: '{"message":"Hello hoge from Python!"}',
    started: /Waiting for a task to start/,
  });
}

if (hasRegistry('project')) {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-project-'));
  try {
    const tarball = pack(dir);
    for (const version of versions) await checkProject(version, tarball, dir);
    await checkOldNode(join(dir, `on-${versions[0]}`, 'hello'), dir);
    await checkPythonImage(join(dir, `on-${versions[0]}`, 'hello'));
    if (asked.length === 0) await checkLocalImage(join(dir, `on-${versions[0]}`, 'hello'));
  } catch (error) {
    await check('the checks run to their end', () => {
      throw error;
    });
  }
  summary('project');
  if (process.env.KEEP) console.log(dir);
  else rmSync(dir, { recursive: true, force: true });
}
