// The image without Docker: its Dockerfile's steps are run by the shell in clean folders, one a stage, and its command is
// started as the image would. What it does not show: the base image, and that files belong to `node`.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CLEAN, ROOT, run, start, until } from './shell.mjs';

const FILE = 'templates/project/Dockerfile';
const LOCAL = 'deploy/container/local.Dockerfile';

/** The instructions of a Dockerfile, with lines joined. */
function instructions(text) {
  const joined = text.replaceAll(/\\\n/g, ' ');
  return joined.split('\n').flatMap((line) => {
    const [, name, rest] = /^([A-Z]+)\s+(.+)$/.exec(line) ?? [];
    return name ? [{ name, rest: rest.trim() }] : [];
  });
}

/** What a .dockerignore keeps out, as far as ours go: names and `*.ext` at the top. */
function ignores(context) {
  const patterns = readFileSync(join(context, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  return (name) =>
    patterns.some((each) => (each.startsWith('*') ? name.endsWith(each.slice(1)) : name === each));
}

/** Runs the build. @returns the folder of the last stage, its environment and its command */
function build(context, dir, file = join(context, 'Dockerfile')) {
  const stages = new Map();
  const ignored = ignores(context);
  let stage;
  for (const { name, rest } of instructions(readFileSync(file, 'utf8'))) {
    if (name === 'FROM') {
      const label = /\sAS\s+(\S+)$/i.exec(rest)?.[1] ?? `stage${stages.size}`;
      stage = { root: join(dir, label), workdir: '/', env: { ...CLEAN, HOME: dir } };
      mkdirSync(stage.root, { recursive: true });
      stages.set(label, stage);
    } else if (name === 'WORKDIR') {
      stage.workdir = rest;
      mkdirSync(inside(stage), { recursive: true });
    } else if (name === 'ENV') {
      const [key, value] = rest.split('=');
      stage.env[key] = value;
    } else if (name === 'RUN') run(rest, { cwd: inside(stage), env: stage.env });
    else if (name === 'COPY') copy(rest, stage, stages, context, ignored);
    else if (name === 'CMD' || name === 'ENTRYPOINT') stage.command = JSON.parse(rest);
    else if (name === 'HEALTHCHECK') stage.healthcheck = JSON.parse(rest.replace(/^CMD /, ''));
    else if (name === 'USER') stage.user = rest;
    else if (!['EXPOSE', 'VOLUME'].includes(name)) throw new Error(`${name} is not known here`);
  }
  return stage;
}

const inside = ({ root, workdir }) => join(root, workdir);

function copy(rest, stage, stages, context, ignored) {
  const words = rest.split(/\s+/);
  const from = words[0].startsWith('--from=') ? stages.get(words.shift().slice('--from='.length)) : undefined;
  const last = words.pop();
  const target = last.startsWith('/') ? join(stage.root, last) : resolve(inside(stage), last);
  for (const word of words) {
    if (from)
      cpSync(
        join(from.root, word),
        target.endsWith(word.split('/').pop()) ? target : join(target, word.split('/').pop()),
        { recursive: true, verbatimSymlinks: true },
      );
    else if (word === '.') {
      for (const name of readdirSync(context))
        if (!ignored(name))
          cpSync(join(context, name), join(target, name), { recursive: true, verbatimSymlinks: true });
    } else for (const name of globOf(context, word)) cpSync(join(context, name), join(target, name));
  }
}

function globOf(context, word) {
  if (!word.includes('*')) {
    if (!existsSync(join(context, word))) throw new Error(`COPY ${word}: there is no such file`);
    return [word];
  }
  return readdirSync(context).filter((name) => name.endsWith(word.replace('*', '')));
}

/** Packs the framework into a folder, which compiles it anew: nobody may run it meanwhile. @returns the tarball's path */
export const pack = (dir) =>
  join(dir, run(`npm pack --silent --pack-destination ${dir}`).trim().split('\n').pop());

export async function container(report, dir) {
  const tarball = process.env.DEPLOY_TARBALL ?? pack(dir);
  run(`node ${ROOT}/dist/src/framework/cli/main.js new my-worker --from ${tarball}`, { cwd: dir });
  const context = join(dir, 'my-worker');
  // What a user commits: the lockfile, and no node_modules.
  run('npm install --package-lock-only --no-audit --no-fund', { cwd: context });
  const image = build(context, join(dir, 'image'));
  report.ok(`${FILE}: its steps run in a clean folder (npm ci, tsc, prune)`);

  const modules = readdirSync(join(inside(image), 'node_modules'));
  const stray = ['typescript', 'jest'].filter((name) => modules.includes(name));
  report.problems('the image has nothing that only a build needs', stray);
  const left = readdirSync(inside(image)).filter(
    (name) => !['package.json', 'node_modules', 'dist', 'programs'].includes(name),
  );
  report.problems('and no sources', left);
  await runs(report, image);
  await local(report, build(context, join(dir, 'local'), join(ROOT, LOCAL)));
}

/** Starts the image of the local service with a template in its folder, as `docker run -v` would put it there. */
async function local(report, image) {
  report.problems(`${LOCAL}: its user is not root`, image.user === 'node' ? [] : [String(image.user)]);
  const before = readdirSync(image.root, { recursive: true }).length;
  writeFileSync(join(inside(image), 'template.yaml'), TEMPLATE);
  const [command, ...args] = image.command;
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const given = [...args, '--template', 'template.yaml', '--port', String(port)];
  const service = start(join(image.root, command), given, { cwd: inside(image), env: image.env });
  try {
    await service.saw(/Machine: Hello/);
    const [node, ...check] = image.healthcheck.map((word) => word.replace(':8083', `:${port}`));
    const { status } = spawnSync(node, check, { env: image.env });
    report.problems('its health check succeeds', status === 0 ? [] : [`it ends with ${status}`]);
    service.child.kill('SIGTERM');
    const code = await service.ended;
    report.problems('it ends on SIGTERM with 0', code === 0 ? [] : [`${code}: ${service.said()}`]);
    // The template is the only new file.
    const written = readdirSync(image.root, { recursive: true }).length - before - 1;
    report.problems(
      'it writes no file, so its root may be read-only',
      written === 0 ? [] : [`${written} files`],
    );
  } finally {
    service.child.kill('SIGKILL');
  }
}

const TEMPLATE = `Resources:
  Hello:
    Type: AWS::Serverless::StateMachine
    Properties: { Definition: { StartAt: A, States: { A: { Type: Succeed } } } }
`;

/** Starts the image's command against a local service; `--endpoint aws` in it is overruled by a later flag. */
async function runs(report, image) {
  const [command, ...args] = image.command;
  const service = start(command, ['local', '--config', 'dist/nest-style.config.js', '--port', '0'], {
    cwd: inside(image),
  });
  const [, url] = await service.saw(/(http:\/\/127\.0\.0\.1:\d+)/);
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const given = args.map((arg) => arg.replace(':8080', `:${port}`));
  // Read-only, as the manifests say: nothing but the worker's own files is there.
  const worker = start(command, [...given, '--endpoint', url], {
    cwd: inside(image),
    env: { ...image.env, AWS_REGION: 'eu-west-1' },
  });
  try {
    await until(
      '/ready is 200',
      async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/ready`).catch((error) => error);
        return answer.status === 200 || `${answer}; it said: ${worker.said()}`;
      },
      { forMs: 60_000 },
    );
    report.ok("the image's command starts and is ready");
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    report.problems('it has metrics', metrics.includes('stepwright_worker_ready 1') ? [] : [metrics]);
    worker.child.kill('SIGTERM');
    await worker.saw(/worker is draining/);
    service.child.kill('SIGTERM');
    const code = await worker.ended;
    report.problems('it drains on SIGTERM and ends with 0', code === 0 ? [] : [`${code}: ${worker.said()}`]);
  } finally {
    worker.child.kill('SIGKILL');
    service.child.kill('SIGKILL');
  }
}
