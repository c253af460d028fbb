// Takes the steps of a project's Dockerfile in folders instead of images, and runs what they give: as its CMD says, on a
// root file system that is read-only but for /tmp. What the system's packages would change is not seen.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { check, cleanEnv, expect, freePort, must, start } from './checks.mjs';

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

/**
 * @param name what the lines of the checks begin with
 * @param run how to run it: `execution`, the arguments of `execute`; `output`; `started`, what the log says by then
 */
export async function checkImage(name, project, { env = cleanEnv, execution, output, started }) {
  const dir = mkdtempSync(join(PLACE, 'stepwright-image-'));
  try {
    let image;
    const isBuilt = await check(`${name}: the steps of the Dockerfile`, () => {
      image = build(project, dir, env);
    });
    if (!isBuilt) return;
    const wrapper = canMount() ? READ_ONLY : `sh -c 'cd "$0"; exec "$@"'`;
    await check(`${name}: what they give takes a task on a read-only root`, async () => {
      await runImage(wrapper, image, project, { execution, output, started });
    });
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

/** @returns the last stage: its folder, its variables and its CMD. */
function build(project, dir, env) {
  const stages = new Map();
  let stage;
  for (const line of readFileSync(join(project, 'Dockerfile'), 'utf8').split('\n')) {
    const [step, ...words] = line.split(' ');
    if (step === 'FROM') {
      stage = { dir: mkdtempSync(join(dir, 'stage-')), env: { ...env } };
      stages.set(words[2] ?? 'last', stage);
    }
    if (step === 'ENV') Object.assign(stage.env, Object.fromEntries([words.join(' ').split('=')]));
    if (step === 'RUN') must(words.join(' '), { cwd: stage.dir, env: stage.env });
    if (step === 'COPY') copy(words, stage, stages, project);
    if (step === 'CMD') stage.command = JSON.parse(words.join(' '));
  }
  return stage;
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

/** Runs the CMD as it is, but for the endpoint: there is no AWS here. The project's own local service stands in. */
async function runImage(wrapper, image, project, { execution, output, started }) {
  const port = await freePort();
  const service = start(`exec node_modules/.bin/stepwright local --port ${port}`, { cwd: project });
  try {
    await service.saw(/Endpoint: /);
    const url = `http://127.0.0.1:${port}`;
    const words = image.command.map((word) => (word === 'aws' ? url : word.replace(/:8080$/, ':0')));
    const env = { ...image.env, AWS_ENDPOINT_URL_SFN: url, PORT: String(await freePort()) };
    const command = `exec ${wrapper} ${image.dir} ${words.map((word) => `'${word}'`).join(' ')}`;
    const worker = start(command, { cwd: project, env });
    try {
      await worker.saw(started);
      const told = must(`npx stepwright execute ${execution} --port ${port}`, { cwd: project });
      expect(told === `${output}\n`, `it came to ${told}${worker.log()}`);
    } finally {
      await worker.stop('SIGTERM');
    }
  } finally {
    await service.stop();
  }
}
