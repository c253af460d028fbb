// What the scripts share that try the packed package in projects of their own: commands in a clean environment,
// workers that are started and stopped, and a line for each check.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** How long a worker may take to say something. */
const PATIENCE_MS = 120_000;

/** Nothing of this shell may decide what a project sees: no endpoint, no region, no npm script around it. */
export const cleanEnv = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) =>
        !/^(AWS_|STEPWRIGHT_|npm_(?!config_)|ECS_|KUBERNETES_|NODE_ENV$|NODE_OPTIONS$|CI$)/.test(key),
    ),
  ),
  // What npm has in its cache is not asked for again.
  npm_config_prefer_offline: 'true',
};

const counts = { passed: 0, failed: 0 };

/** Runs a check, which throws where it fails, and prints its line. @returns whether it has passed. */
export async function check(name, body) {
  const begun = Date.now();
  try {
    await body();
    counts.passed += 1;
    console.log(`ok     ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
    return true;
  } catch (error) {
    counts.failed += 1;
    console.log(`FAILED ${name}\n${String(error.message ?? error).replaceAll(/^/gm, '       ')}`);
    return false;
  }
}

/** Prints how many passed, and makes it the exit code. */
export function summary(name) {
  console.log(`${name}: ${counts.passed} passed, ${counts.failed} failed`);
  process.exitCode = counts.failed === 0 ? 0 : 1;
}

export function expect(condition, otherwise) {
  if (!condition) throw new Error(otherwise);
}

/** Runs a command to its end. @returns its standard output. @throws Error with all of it, where it fails. */
export function must(command, { cwd, env = cleanEnv }) {
  const options = { cwd, env, encoding: 'utf8', timeout: 600_000 };
  const { status, stdout, stderr, error } = spawnSync('bash', ['-c', command], options);
  if (status !== 0) throw new Error(`${command} ended with ${status}\n${stdout}${stderr}${error ?? ''}`);
  return stdout;
}

/** The packed package, in a folder: the tarball that STEPWRIGHT_TARBALL names, or a new one. */
export function pack(dir) {
  const made = process.env.STEPWRIGHT_TARBALL;
  if (made !== undefined) {
    cpSync(made, join(dir, basename(made)));
    return join(dir, basename(made));
  }
  must(`npm pack --silent --pack-destination ${dir}`, { cwd: root });
  return join(
    dir,
    readdirSync(dir).find((file) => file.endsWith('.tgz')),
  );
}

const INSTALL = 'npm install --no-audit --no-fund --ignore-scripts --prefer-offline';

/**
 * Installs what a project's manifest names, and other packages with it. If STEPWRIGHT_PACKAGES is the node_modules of
 * another project, what it has is linked from there, and not unpacked again.
 */
export function install(cwd, packages = []) {
  const others = process.env.STEPWRIGHT_PACKAGES;
  if (others !== undefined && existsSync(others) && !existsSync(join(cwd, 'node_modules')))
    must(`cp -al ${others} node_modules`, { cwd });
  must([INSTALL, ...packages].join(' '), { cwd });
}

/** Whether the registry answers; it says loudly that it does not. */
export function hasRegistry(name) {
  try {
    must('npm view reflect-metadata version --fetch-retries 1 --fetch-timeout 20000', { cwd: root });
    return true;
  } catch (error) {
    console.log(`##### SKIPPED: the npm registry does not answer, so that ${name} was NOT checked #####`);
    console.log(error.message);
    console.log(`${name}: 0 passed, 0 failed, 1 skipped`);
    return false;
  }
}

/** Starts what runs until it is stopped, in a group of its own, as a terminal would. */
export function start(command, { cwd, env = cleanEnv }) {
  const child = spawn('bash', ['-c', command], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  let ended = false;
  const end = new Promise((done) =>
    child.once('close', (code) => {
      ended = true;
      done(code);
    }),
  );
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (log += data));
  const saw = async (pattern) => {
    for (const deadline = Date.now() + PATIENCE_MS; !pattern.test(log);) {
      expect(!ended && Date.now() < deadline, `${command} did not say ${pattern}:\n${log}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  };
  const kill = (signal) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It has ended.
    }
  };
  /** Presses Ctrl-C, or sends another signal to the group. @returns how it ended. */
  const stop = async (signal = 'SIGINT') => {
    kill(signal);
    const late = new Promise((done) => setTimeout(done, 30_000, 'it goes on').unref());
    const how = await Promise.race([end, late]);
    kill('SIGKILL');
    return how;
  };
  return { saw, stop, log: () => log };
}

/** A port that nobody listens on. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}
