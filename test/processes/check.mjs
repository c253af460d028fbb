#!/usr/bin/env node
// A supervised set of worker processes under load: what a kill, a reload, a stop, a stuck process and a config that can't
// start come to. Prints a line a check; exits 1 if any fails. `-- WORD` runs those whose name has the word.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLocalService } from '../../dist/src/framework/local/index.js';
import { check as checkAlways, cleanEnv, expect, freePort, root, summary } from '../packed/checks.mjs';

const CONFIG = 'test/fixtures/processes/processes.config.mjs';
const MAIN = join(root, 'dist/src/framework/cli/main.js');
const [, , wanted = ''] = process.argv;
const check = (name, body) => name.includes(wanted) && checkAlways(name, body);

/** Waits for something that is looked at again and again. @throws Error with what was seen last. */
async function until(what, look, limitMs = 60_000) {
  let seen;
  for (const deadline = Date.now() + limitMs; Date.now() < deadline; await sleep(50)) {
    seen = await look();
    if (seen) return seen;
  }
  throw new Error(`it was waited in vain for this: ${what}`);
}

/** A local service with the machines, and the calls that came to it. */
async function service() {
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
  /** How an execution is, and who took its task. */
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
async function startSet(url, { processes = 4, env = {}, args = [] } = {}) {
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
  /** The sum of a counter over its labels. */
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

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    // A zombie was not waited for yet, and runs no more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
const allGone = (pids) => until(`these are gone: ${pids}`, () => !pids.some(isAlive), 20_000);

/** Runs a set for a check, and leaves nothing of it. */
async function withSet(options, body) {
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

/** Starts executions at a steady pace until it is told to stop. @returns their ARNs. */
function load(local, machine, input, perSecond) {
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

const pidOf = (workerName) => Number(/-(\d+)-[^-]*$/.exec(workerName)?.[1]);

/** What was not done, or was done twice. */
const spoiled = (all) => all.filter(({ status, workers }) => status !== 'SUCCEEDED' || workers.length !== 1);
const show = (value) => JSON.stringify(value, null, 1);

await check('four processes take tasks, and one /ready, /status and /metrics tell of all', () =>
  withSet({}, async ({ local, set, pids }) => {
    expect(new Set(pids).size === 4, show(pids));
    const executions = await Promise.all(Array.from({ length: 40 }, () => local.begin('Work', { ms: 300 })));
    const all = await local.ended(executions);
    expect(spoiled(all).length === 0, show(spoiled(all)));
    const workers = new Set(all.map(({ workers: [name] }) => name));
    expect(workers.size === 4, `workers that took one: ${[...workers].join()}`);
    // What is shown is what each said last, a second ago at most.
    const { handlers, name } = await until('all are counted', async () => {
      const status = await set.status();
      return status.counts.succeeded === 40 && status;
    });
    expect(handlers.length === 1 && handlers[0].concurrency === 20, show(handlers));
    expect(!workers.has(name), name);
    const [received, delivered] = [
      await set.counted('stepwright_tasks_received_total'),
      await set.counted('stepwright_tasks_completed_total'),
    ];
    expect(received === 40 && delivered === 40, `${received} ${delivered}`);
  }),
);

await check('one that is killed under load comes back, and no task of another is touched', () =>
  withSet({}, async ({ local, set, pids }) => {
    const [, victim] = pids;
    const stop = load(local, 'Again', { ms: 900 }, 25);
    await sleep(2_000);
    const before = await set.counted('stepwright_tasks_received_total');
    process.kill(victim, 'SIGKILL');
    const seen = await until('/ready names it', async () => {
      const { reasons } = await (await set.page('/ready')).json();
      return reasons.find((reason) => reason.startsWith('process 2 of 4: '));
    });
    const after = await set.counted('stepwright_tasks_received_total');
    await set.allReady();
    await sleep(2_000);
    const all = await local.ended(await stop());
    expect(after >= before, `a sum fell from ${before} to ${after}`);
    const undone = all.filter(({ status }) => status !== 'SUCCEEDED');
    expect(undone.length === 0, show(undone));
    const again = all.filter(({ workers }) => workers.length > 1);
    const others = again.filter(({ workers }) => workers.slice(0, -1).some((name) => pidOf(name) !== victim));
    expect(others.length === 0, `tasks of others were taken again: ${show(others)}`);
    expect(again.length >= 1 && again.length <= 5, `${again.length} tasks were taken again, of 5 at once`);
    const now = await set.pids();
    expect(
      !now.includes(victim) && now.filter((pid) => pids.includes(pid)).length === 3,
      show({ pids, now }),
    );
    const replaced = all.filter(({ workers }) => pidOf(workers.at(-1)) === now[1]).length;
    expect(replaced > 0, 'the new one took no task');
    const { processes } = await set.status();
    expect(processes.map(({ restarts }) => restarts).join() === '0,1,0,0', show(processes));
    console.log(`       ${all.length} executions, ${again.length} of the killed one again; ${seen}`);
  }),
);

await check('a reload under load replaces all, loses no task, and is ready all the time', () =>
  withSet({}, async ({ local, set, pids }) => {
    const stop = load(local, 'Work', { ms: 400 }, 25);
    await sleep(1_000);
    set.child.kill('SIGUSR2');
    let unready = 0;
    await until('it is reloaded', async () => {
      if (!(await set.isReady())) unready++;
      return set.log().includes('reloaded: all processes are new');
    });
    await allGone(pids);
    await sleep(1_000);
    const all = await local.ended(await stop());
    expect(spoiled(all).length === 0, `${show(spoiled(all))}\n${set.log()}`);
    const now = await set.pids();
    expect(new Set(now).size === 4 && !now.some((pid) => pids.includes(pid)), show({ pids, now }));
    expect(unready === 0, `/ready said no ${unready} times`);
    const completed = await set.counted('stepwright_tasks_completed_total');
    expect(completed === all.length, `${completed} in the metrics, and ${all.length} executions`);
    console.log(`       ${all.length} executions, none lost and none done twice`);
  }),
);

await check('a reload with code that does not start leaves the old ones at work', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-processes-'));
  const broken = join(dir, 'broken');
  try {
    await withSet({ env: { BROKEN_IF: broken } }, async ({ local, set, pids }) => {
      writeFileSync(broken, '');
      set.child.kill('SIGUSR2');
      await set.saw(/the reload ends here, and what runs goes on: .*the new code is broken/s);
      expect((await set.pids()).join() === pids.join() && (await set.isReady()), show(await set.status()));
      const all = await local.ended([await local.begin('Work', {})]);
      expect(spoiled(all).length === 0, show(all));
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
});

await check('SIGTERM under load loses no task, within the time that was printed', () =>
  withSet({}, async ({ local, set, pids }) => {
    const stop = load(local, 'Work', { ms: 1500 }, 25);
    await sleep(3_000);
    const seconds = Number(/A drain can take up to (\d+) s/.exec(set.log())?.[1]);
    const asked = performance.now();
    set.child.kill('SIGTERM');
    const { code, signal, at } = await set.ended;
    const took = (at - asked) / 1000;
    const executions = await stop();
    const all = await Promise.all(executions.map(local.look));
    const taken = all.filter(({ workers }) => workers.length > 0);
    expect(code === 0 && signal === null, `${show({ code, signal })}\n${set.log()}`);
    expect(spoiled(taken).length === 0, show(spoiled(taken)));
    expect(took < seconds, `it took ${took} s, and ${seconds} were printed`);
    await allGone(pids);
    const most = Math.round(took * 10) / 10;
    console.log(`       ${taken.length} tasks were taken, all were done; ${most} s, ${seconds} were printed`);
  }),
);

await check('a second SIGTERM ends all of it at once, programs included', () =>
  withSet({ processes: 2 }, async ({ local, set, pids }) => {
    await local.begin('Work', { program: true });
    const sleeping = await until('the program runs', () => {
      const { stdout } = spawnSync('pgrep', ['-f', 'sleep 600'], { encoding: 'utf8' });
      return stdout
        .trim()
        .split('\n')
        .map(Number)
        .filter(Boolean)
        .find((pid) => pids.some((each) => isBelow(pid, each)));
    });
    set.child.kill('SIGTERM');
    await set.saw(/"to":"draining"/);
    await sleep(200);
    const asked = performance.now();
    set.child.kill('SIGTERM');
    const { code, at } = await set.ended;
    expect(code === 143, `${code}\n${set.log()}`);
    expect(at - asked < 5_000, `it took ${at - asked} ms`);
    await allGone([...pids, sleeping]);
  }),
);

/** Whether a process was started by another, or by one of those that it started. */
function isBelow(pid, ancestor) {
  for (let each = pid; each > 1;) {
    if (each === ancestor) return true;
    try {
      each = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/status`, 'utf8'))?.[1]);
    } catch {
      return false;
    }
  }
  return false;
}

await check('where who supervises them is killed, they end their tasks and then themselves', () =>
  withSet({}, async ({ local, set, pids }) => {
    const executions = await Promise.all(Array.from({ length: 12 }, () => local.begin('Work', { ms: 2500 })));
    await until('all are taken', async () =>
      (await Promise.all(executions.map(local.look))).every(({ workers }) => workers.length === 1),
    );
    set.child.kill('SIGKILL');
    const all = await local.ended(executions);
    expect(spoiled(all).length === 0, show(spoiled(all)));
    await allGone(pids);
  }),
);

await check(
  'a process whose main thread is stuck is killed after stallAfter, and another takes its place',
  () =>
    withSet({ processes: 2, env: { STALL_AFTER: '3s' } }, async ({ local, set, pids }) => {
      await local.begin('Work', { block: true });
      await set.saw(/its main thread is taken for stuck: it is killed/, 60_000);
      await until(
        'one is new',
        async () => (await set.pids()).filter((pid) => !pids.includes(pid) && pid).length === 1,
      );
      const all = await local.ended([await local.begin('Work', {})]);
      expect(spoiled(all).length === 0, show(all));
    }),
);

await check('heartbeatRate is that of all together', () =>
  withSet({ env: { HEARTBEAT_RATE: '8', CONCURRENCY: '10' } }, async ({ local }) => {
    // 32 beats a second are wanted, of 8: so the leases of many lapse, which is not what is looked at.
    await Promise.all(Array.from({ length: 32 }, () => local.begin('Work', { ms: 8_000 })));
    await sleep(9_000);
    // The first meet connections that are still to be made, and arrive together.
    const beats = local.beats.map((at) => at - local.beats[0]).filter((at) => at >= 1_000 && at < 8_000);
    const perSecond = beats.length / 7;
    expect(perSecond <= 8.3 && perSecond > 5, `${perSecond} beats a second`);
    console.log(`       ${perSecond.toFixed(1)} beats a second`);
  }),
);

/** Runs a set that can't start to its end. */
async function failing(env) {
  const local = await service();
  try {
    const begun = performance.now();
    const set = await startSet(local.url, { env });
    const { code, at } = await set.ended;
    return { code, seconds: (at - begun) / 1000, log: set.log() };
  } finally {
    await local.close();
  }
}

await check('a config that can not start ends the set with 1 and its reason, once', async () => {
  const { code, seconds, log } = await failing({ SETUP: 'throws' });
  expect(code === 1 && seconds < 20, `${code} after ${seconds} s\n${log}`);
  expect(log.split('the database is not there').length === 2, log);
});

await check('processes that end before they run are not started for ever', async () => {
  const { code, seconds, log } = await failing({ SETUP: 'exits' });
  expect(code === 1 && seconds < 60, `${code} after ${seconds} s\n${log}`);
  expect(/exit code 3/.test(log) && /5 times in a row/.test(log), log);
  expect(log.match(/another starts in/g)?.length === 4, log);
});

summary('processes');
