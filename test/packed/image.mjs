// Takes the steps of a Dockerfile in folders instead of images, and runs what they give as its command says. A project's
// own runs on a root file system that is read-only but for /tmp. What the base image and the system's packages would
// change is not seen, and files do not belong to `node`.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as nap } from 'node:timers/promises';
import { check, cleanEnv, expect, freePort, must, root, start } from './checks.mjs';

/** A folder that a /tmp of its own doesn't hide. */
const PLACE = '/var/tmp';

/** Mounts as the files of deploy/ do: the root read-only, /tmp empty and writable. */
const READ_ONLY = `unshare -m --propagation private sh -c '
set -e
mount --bind "$0" "$0"
mount -t tmpfs tmpfs /tmp
mount -o remount,bind,ro "$0"
mount -o remount,bind,ro /
cd "$0"
if touch ./written 2>/dev/null || touch /written 2>/dev/null; then echo "the root is not read-only"; exit 97; fi
exec "$@"'`;

/** What only a build needs. */
const FOR_BUILDS = ['typescript', 'jest', '@nestjs/cli'];
const LOCAL = 'deploy/container/local.Dockerfile';

/**
 * Checks the image of a project.
 * @param name what the lines of the checks begin with
 * @param run how to run it: `execution`, the arguments of `execute`; `output`; `started`, what the log says by then
 */
export async function checkImage(name, project, { env = cleanEnv, ...run }) {
  await withImage(name, project, { env, file: join(project, 'Dockerfile') }, async (image) => {
    await check(`${name}: it has nothing that only a build needs`, () => {
      const left = [...readdirSync(image.dir), ...readdirSync(join(image.dir, 'node_modules'))];
      const stray = left.filter((file) => ['src', 'test', ...FOR_BUILDS].includes(file));
      expect(stray.length === 0, `it has ${stray.join()}`);
    });
    const wrapper = canMount() ? READ_ONLY : `sh -c 'cd "$0"; exec "$@"'`;
    await check(`${name}: it takes a task on a read-only root, and ends with 0 at SIGTERM`, () =>
      runImage(wrapper, image, project, run),
    );
  });
}

/** Checks the image of the local service with the packages of a project. */
export async function checkLocalImage(project, { env = cleanEnv } = {}) {
  await withImage(LOCAL, project, { env, file: join(root, LOCAL) }, async (image) => {
    await check(`${LOCAL}: it writes no file, its health check succeeds, and it ends with 0 at SIGTERM`, () =>
      runLocal(image),
    );
  });
}

async function withImage(name, project, { env, file }, body) {
  const dir = mkdtempSync(join(PLACE, 'stepwright-image-'));
  try {
    let image;
    const isBuilt = await check(`${name}: the steps of the Dockerfile`, () => {
      // A build has no cache of npm's, and the cache may lack a version that the project's lock file names.
      image = build(file, project, dir, { ...env, npm_config_prefer_offline: 'false' });
      expect(image.user === 'node', `its user is ${image.user}`);
    });
    if (isBuilt) await body(image);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function canMount() {
  const { status, stderr } = spawnSync('bash', ['-c', `${READ_ONLY} ${PLACE} true`], { encoding: 'utf8' });
  if (status === 0) return true;
  console.log(`##### SKIPPED: this system lets nobody mount, so that a read-only root was NOT tried #####`);
  console.log(stderr);
  return false;
}

/** @returns the last stage: its root, the folder in it, its variables, user, health check and command. */
function build(file, project, dir, env) {
  const stages = new Map();
  let stage;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [step, ...words] = line.split(' ');
    const rest = words.join(' ');
    if (step === 'FROM') {
      const place = mkdtempSync(join(dir, 'stage-'));
      stage = { root: place, dir: place, env: { ...env } };
      stages.set(words[2] ?? 'last', stage);
    }
    if (step === 'WORKDIR') mkdirSync((stage.dir = join(stage.root, rest)), { recursive: true });
    if (step === 'ENV') Object.assign(stage.env, Object.fromEntries([rest.split('=')]));
    if (step === 'RUN') must(rest, { cwd: stage.dir, env: stage.env });
    if (step === 'COPY') copy(words, stage, stages, project);
    if (step === 'USER') stage.user = rest;
    if (step === 'HEALTHCHECK') stage.healthcheck = JSON.parse(rest.replace(/^CMD /, ''));
    if (step === 'CMD' || step === 'ENTRYPOINT') stage.command = JSON.parse(rest);
  }
  return stage;
}

function copy(words, { root: to, dir }, stages, project) {
  const [, from] = /^--from=(.+)$/.exec(words[0]) ?? [];
  const sources = from ? words.slice(1, -1) : words.slice(0, -1);
  const target = words.at(-1).startsWith('/') ? join(to, words.at(-1)) : join(dir, words.at(-1));
  if (sources[0] === '.') {
    const ignored = readFileSync(join(project, '.dockerignore'), 'utf8').split('\n').filter(Boolean);
    const left = (file) => !ignored.includes(file.slice(project.length + 1));
    cpSync(project, target, { recursive: true, filter: left });
  } else if (from) {
    const source = join(stages.get(from).root, sources[0]);
    cpSync(source, words.at(-1) === './' ? join(target, basename(source)) : target, {
      recursive: true,
      verbatimSymlinks: true,
    });
  } else must(`cp ${sources.join(' ')} ${target}`, { cwd: project });
}

/** Runs the CMD as it is, but for the endpoint: there is no AWS here. The project's own local service stands in. */
async function runImage(wrapper, image, project, { execution, output, started }) {
  const [port, health] = [await freePort(), await freePort()];
  const service = start(`exec node_modules/.bin/stepwright local --port ${port}`, { cwd: project });
  try {
    await service.saw(/Endpoint: /);
    const url = `http://127.0.0.1:${port}`;
    const words = image.command.map((word) => (word === 'aws' ? url : word.replace(/:8080$/, `:${health}`)));
    const env = { ...image.env, AWS_ENDPOINT_URL_SFN: url, PORT: String(await freePort()) };
    const command = `exec ${wrapper} ${image.dir} ${words.map((word) => `'${word}'`).join(' ')}`;
    const worker = start(command, { cwd: project, env });
    try {
      await worker.saw(started);
      const told = must(`node_modules/.bin/stepwright execute ${execution} --port ${port}`, { cwd: project });
      expect(told === `${output}\n`, `it came to ${told}${worker.log()}`);
      if (image.command.includes('--health-port')) await checkHealth(health);
      const code = await worker.stop('SIGTERM');
      expect(code === 0, `it ended with ${code}\n${worker.log()}`);
    } finally {
      await worker.stop('SIGKILL');
    }
  } finally {
    await service.stop();
  }
}

/** A worker is not ready while its main thread is blocked, as on a busy machine: it is asked again. */
async function checkHealth(port) {
  const ask = () => fetch(`http://127.0.0.1:${port}/ready`);
  let ready = await ask();
  for (let again = 0; ready.status !== 200 && again < 60; again++) {
    await nap(500);
    ready = await ask();
  }
  expect(ready.status === 200, `/ready answers ${ready.status} ${await ready.text()}`);
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(metrics.includes('stepwright_worker_ready 1'), metrics);
}

const TEMPLATE = `Resources:
  Hello:
    Type: AWS::Serverless::StateMachine
    Properties: { Definition: { StartAt: A, States: { A: { Type: Succeed } } } }
`;

/** Runs the local service with a template in its folder, as `docker run -v` would put it there. */
async function runLocal(image) {
  const files = () => readdirSync(image.root, { recursive: true }).length;
  writeFileSync(join(image.dir, 'template.yaml'), TEMPLATE);
  const before = files();
  const port = await freePort();
  const command = [join(image.root, image.command[0]), ...image.command.slice(1)].join(' ');
  const at = { cwd: image.dir, env: image.env };
  const service = start(`exec ${command} --template template.yaml --port ${port}`, at);
  try {
    await service.saw(/Machine: Hello/);
    const [node, ...words] = image.healthcheck.map((word) => word.replace(':8083', `:${port}`));
    const { status } = spawnSync(node, words, { env: image.env });
    expect(status === 0, `the health check ends with ${status}`);
    const code = await service.stop('SIGTERM');
    expect(code === 0, `it ended with ${code}\n${service.log()}`);
    expect(files() === before, `it has written ${files() - before} files`);
  } finally {
    await service.stop('SIGKILL');
  }
}
