// A supervised set of worker processes at a local service, and the questions to both.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLocalService } from '../../dist/src/framework/local/index.js';
import { cleanEnv, freePort, root } from '../packed/checks.mjs';

const CONFIG = 'test/fixtures/processes/processes.config.mjs';
const MAIN = join(root, 'dist/src/framework/cli/main.js');

/** Waits until a check that is repeated succeeds. @throws Error with its last value */
export async function until(what, look, limitMs = 60_000) {
  let seen;
  for (const deadline = Date.now() + limitMs; Date.now() < deadline; await sleep(50)) {
    seen = await look();
    if (seen) return seen;
  }
  throw new Error(`it was waited in vain for this: ${what}`);
}

/** Starts a local service with the machines, and notes when heartbeats arrive. */
export async function service() {
  const beats = [];
  const local = await startLocalService({
    port: 0,
    fault: ({ operation }) => void (operation === 'SendTaskHeartbeat' && beats.push(performance.now())),
  });
  local.seedActivity('arn:aws:states:eu-west-1:123456789012:activity:Work');
  const arns = Object.fromEntries(
    ['Work', 'Again'].map((name) => {
      const definition = readFileSync(join(root, `test/fixtures/processes/${name}.asl.json`), 'utf8');
      return [name, local.seedMachine({ name, definition })];
    }),
  );
  const ask = async (operation, body) => {
    const headers = { 'x-amz-target': `AWSStepFunctions.${operation}` };
    const answer = await fetch(local.url, { method: 'POST', headers, body: JSON.stringify(body) });
    return answer.json();
  };
  const begin = async (machine, input) => {
    const { executionArn } = await ask('StartExecution', {
      stateMachineArn: arns[machine],
      input: JSON.stringify(input),
    });
    return executionArn;
  };
  /** Returns the status of an execution, and the worker that has taken its task. */
  const look = async (executionArn) => {
    const { status } = await ask('DescribeExecution', { executionArn });
    const { events } = await ask('GetExecutionHistory', { executionArn });
    const workers = events.flatMap((each) => each.activityStartedEventDetails?.workerName ?? []);
    return { status, workers };
  };
  const ended = (executions) =>
    until('all executions end', async () => {
      const all = await Promise.all(executions.map(look));
      return all.every(({ status }) => status !== 'RUNNING') && all;
    });
  return { ...local, beats, begin, look, ended };
}

/** `start --processes` at a service. */
export async function startSet(url, { processes = 4, env = {}, args = [] } = {}) {
  const port = await freePort();
  const all = [
    'start',
    '--config',
    CONFIG,
    '--processes',
    `${processes}`,
    '--health-port',
    `${port}`,
    ...args,
  ];
  const child = spawn(process.execPath, [MAIN, ...all, '--endpoint', url], {
    cwd: root,
    env: { ...cleanEnv, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (log += data));
  let how;
  const ended = new Promise((done) =>
    child.once('close', (code, signal) => done((how = { code, signal, at: performance.now() }))),
  );
  const page = (path) => fetch(`http://127.0.0.1:${port}${path}`);
  const status = async () => (await page('/status')).json();
  const pids = async () => (await status()).processes.map(({ pid }) => pid);
  const isReady = async () => (await page('/ready')).status === 200;
  const saw = (pattern, limitMs) =>
    until(`${pattern} in the log:\n${log}`, () => pattern.exec(log), limitMs).catch((error) => {
      throw new Error(`${error.message}\n--- log:\n${log}`);
    });
  const allReady = () => until('the set is ready', () => isReady().catch(() => false));
  /** Returns the sum of a counter over its labels. */
  const counted = async (name) =>
    [...(await (await page('/metrics')).text()).matchAll(new RegExp(`^${name}(?:{[^}]*})? (\\d+)$`, 'gm'))]
      .map(([, value]) => Number(value))
      .reduce((sum, value) => sum + value, 0);
  return {
    ...{ child, ended, page, status, pids, isReady, saw, allReady, counted },
    log: () => log,
    how: () => how,
  };
}

export const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    // A zombie has exited, and its parent has not read its code yet.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
export const allGone = (pids) => until(`these are gone: ${pids}`, () => !pids.some(isAlive), 20_000);

/** Runs a set for a check, and removes all of it afterwards. */
export async function withSet(options, body) {
  const local = await service();
  const set = await startSet(local.url, options);
  let pids = [];
  try {
    await set.allReady();
    pids = await set.pids();
    await body({ local, set, pids });
  } finally {
    set.child.kill('SIGKILL');
    await set.ended;
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    await local.close();
  }
}

/** Starts executions at a steady pace until it is stopped. @returns their ARNs */
export function load(local, machine, input, perSecond) {
  const executions = [];
  const over = new AbortController();
  const running = (async () => {
    while (!over.signal.aborted) {
      executions.push(await local.begin(machine, input));
      await sleep(1000 / perSecond);
    }
  })();
  return async () => {
    over.abort();
    await running;
    return executions;
  };
}
