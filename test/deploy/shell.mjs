import { spawn, spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Nothing of this shell may decide what a check sees: no endpoint, no region, no npm script around it. */
export const CLEAN = Object.fromEntries(
  Object.entries(process.env).filter(
    ([key]) => !/^(AWS_|STEPWRIGHT_|npm_(?!config_)|ECS_|KUBERNETES_|NODE_ENV$|NODE_OPTIONS$|CI$)/.test(key),
  ),
);

/** Runs a command to its end. @throws Error with all that it said, where it fails */
export function run(command, { cwd = ROOT, env = CLEAN, timeout = 300_000 } = {}) {
  const { status, stdout, stderr, error } = spawnSync('sh', ['-c', command], {
    cwd,
    env,
    timeout,
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  });
  if (status === 0) return stdout;
  throw new Error(`${command}\nended with ${status ?? error}: ${stdout}${stderr}`);
}

/** Whether a command is there. */
export const has = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

/** Installs packages into a folder that is none of the project's. */
export function install(dir, ...packages) {
  run('npm init -y', { cwd: dir });
  run(`npm install --no-audit --no-fund ${packages.join(' ')}`, { cwd: dir });
}

/** A process that goes on. `said` is all that it wrote, `ended` its exit code. */
export function start(command, args, { cwd = ROOT, env = CLEAN } = {}) {
  const child = spawn(command, args, { cwd, env });
  let text = '';
  const told = new Set();
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      text += chunk;
      for (const look of told) look();
    });
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
  return {
    child,
    ended,
    said: () => text,
    /** Resolves with what the pattern caught. */
    saw: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(text);
          if (match) resolve(match);
          return match;
        };
        if (look()) return;
        told.add(look);
        void ended.then((code) => reject(new Error(`it ended with ${code} without ${pattern}: ${text}`)));
      }),
  };
}

/** Asks until the answer will do. @throws Error where it does not in time */
export async function until(what, ask, { forMs = 30_000, eachMs = 200 } = {}) {
  const by = Date.now() + forMs;
  for (;;) {
    const answer = await ask().catch((error) => error);
    if (answer === true) return;
    if (Date.now() > by) throw new Error(`${what}: not within ${forMs} ms; last: ${answer}`);
    await new Promise((resolve) => setTimeout(resolve, eachMs));
  }
}
