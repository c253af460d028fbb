#!/usr/bin/env node
// Checks a supervised set of worker processes under load: a kill, a reload, a stop, a stuck process and a config that can't
// start. The groups run side by side, each with a set and a local service of its own. Prints a line for each check, and
// exits with 1 if one fails. `-- GROUP` runs one group.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, expect, summary } from '../packed/checks.mjs';
import { allGone, load, service, startSet, until, withSet } from './set.mjs';

const pidOf = (workerName) => Number(/-(\d+)-[^-]*$/.exec(workerName)?.[1]);

/** Returns the executions that were not done, or done twice. */
const spoiled = (all) => all.filter(({ status, workers }) => status !== 'SUCCEEDED' || workers.length !== 1);
const show = (value) => JSON.stringify(value, null, 1);
const RECEIVED = 'stepwright_tasks_received_total';
const COMPLETED = 'stepwright_tasks_completed_total';

/** Checks a set of four, from its first task to its drain. */
const underLoad = () =>
  withSet({}, async ({ local, set, pids }) => {
    await check('four processes take tasks, and one /ready, /status and /metrics tell of all', async () => {
      expect(new Set(pids).size === 4, show(pids));
      const executions = await Promise.all(
        Array.from({ length: 40 }, () => local.begin('Work', { ms: 300 })),
      );
      const all = await local.ended(executions);
      expect(spoiled(all).length === 0, show(spoiled(all)));
      const workers = new Set(all.map(({ workers: [name] }) => name));
      expect(workers.size === 4, `workers that took one: ${[...workers].join()}`);
      // The status of each process is a second old at most.
      const { handlers, name } = await until('all are counted', async () => {
        const status = await set.status();
        return status.counts.succeeded === 40 && status;
      });
      expect(handlers.length === 1 && handlers[0].concurrency === 20, show(handlers));
      expect(!workers.has(name), name);
      const [received, delivered] = [await set.counted(RECEIVED), await set.counted(COMPLETED)];
      expect(received === 40 && delivered === 40, `${received} ${delivered}`);
    });

    await check('one that is killed comes back, and no task of another is touched', async () => {
      const [, victim] = pids;
      const stop = load(local, 'Again', { ms: 900 }, 25);
      await until('its places are full', async () => {
        const { tasksInFlight } = await set.status();
        return tasksInFlight >= 16;
      });
      const before = await set.counted(RECEIVED);
      process.kill(victim, 'SIGKILL');
      const seen = await until('/ready names it', async () => {
        const { reasons } = await (await set.page('/ready')).json();
        return reasons.find((reason) => reason.startsWith('process 2 of 4: '));
      });
      const after = await set.counted(RECEIVED);
      await set.allReady();
      const now = await set.pids();
      await sleep(1_500);
      const all = await local.ended(await stop());
      expect(after >= before, `a sum fell from ${before} to ${after}`);
      const undone = all.filter(({ status }) => status !== 'SUCCEEDED');
      expect(undone.length === 0, show(undone));
      const again = all.filter(({ workers }) => workers.length > 1);
      const others = again.filter(({ workers }) =>
        workers.slice(0, -1).some((name) => pidOf(name) !== victim),
      );
      expect(others.length === 0, `tasks of others were taken again: ${show(others)}`);
      expect(again.length >= 1 && again.length <= 5, `${again.length} tasks were taken again, of 5 at once`);
      expect(
        !now.includes(victim) && now.filter((pid) => pids.includes(pid)).length === 3,
        show({ pids, now }),
      );
      const replaced = all.filter(({ workers }) => pidOf(workers.at(-1)) === now[1]).length;
      expect(replaced > 0, 'the new one took no task');
      const { processes } = await set.status();
      expect(processes.map(({ restarts }) => restarts).join() === '0,1,0,0', show(processes));
      console.log(`       ${all.length} executions, ${again.length} of the killed one again; ${seen}`);
    });

    await check('a reload replaces all, loses no task, and is ready all the time', async () => {
      const old = await set.pids();
      const stop = load(local, 'Work', { ms: 400 }, 25);
      await sleep(500);
      set.child.kill('SIGUSR2');
      let unready = 0;
      await until('it is reloaded', async () => {
        if (!(await set.isReady())) unready++;
        return set.log().includes('reloaded: all processes are new');
      });
      await allGone(old);
      const all = await local.ended(await stop());
      expect(spoiled(all).length === 0, `${show(spoiled(all))}\n${set.log()}`);
      const now = await set.pids();
      expect(new Set(now).size === 4 && !now.some((pid) => old.includes(pid)), show({ old, now }));
      expect(unready === 0, `/ready said no ${unready} times`);
      console.log(`       ${all.length} executions, none lost and none done twice`);
    });

    await check('SIGTERM loses no task, within the time that was printed', async () => {
      const now = await set.pids();
      const stop = load(local, 'Work', { ms: 1500 }, 25);
      await sleep(2_000);
      const seconds = Number(/A drain can take up to (\d+) s/.exec(set.log())?.[1]);
      const asked = performance.now();
      set.child.kill('SIGTERM');
      const { code, signal, at } = await set.ended;
      const took = (at - asked) / 1000;
      const executions = await stop();
      const all = await Promise.all(executions.map(local.look));
      const taken = all.filter(({ workers }) => workers.length > 0);
      expect(code === 0 && signal === null, `${show({ code, signal })}\n${set.log()}`);
      expect(taken.length > 0 && spoiled(taken).length === 0, show(spoiled(taken)));
      expect(took < seconds, `it took ${took} s, and ${seconds} were printed`);
      await allGone(now);
      const most = Math.round(took * 10) / 10;
      console.log(
        `       ${taken.length} tasks were taken, all were done; ${most} s, ${seconds} were printed`,
      );
    });
  });

/** Checks a set of two, of which one is stuck for a while, and whose supervisor is then killed. */
const stuck = () =>
  withSet(
    { processes: 2, env: { STALL_AFTER: '3s', HEARTBEAT_RATE: '8', CONCURRENCY: '10' } },
    async ({ local, set, pids }) => {
      await check(
        'a process whose main thread is stuck is killed after stallAfter, and another takes its place',
        async () => {
          await local.begin('Work', { block: true });
          await set.saw(/so its main thread counts as stuck: it is killed/);
          await until(
            'one is new',
            async () => (await set.pids()).filter((pid) => !pids.includes(pid) && pid).length === 1,
          );
          const all = await local.ended([await local.begin('Work', {})]);
          expect(spoiled(all).length === 0, show(all));
          await set.allReady();
        },
      );

      await check('heartbeatRate is that of all together', async () => {
        const from = local.beats.length;
        // 20 heartbeats a second are due, and 8 allowed.
        const executions = await Promise.all(
          Array.from({ length: 20 }, () => local.begin('Work', { ms: 6_000 })),
        );
        await local.ended(executions);
        const beats = local.beats.slice(from);
        // The first ones wait for their connections, and arrive together.
        const counted = beats.map((at) => at - beats[0]).filter((at) => at >= 1_000 && at < 5_000);
        const perSecond = counted.length / 4;
        expect(perSecond <= 8.5 && perSecond > 5, `${perSecond} beats a second`);
        console.log(`       ${perSecond.toFixed(1)} beats a second`);
      });

      await check(
        'where who supervises them is killed, they end their tasks and then themselves',
        async () => {
          const now = await set.pids();
          const executions = await Promise.all(
            Array.from({ length: 6 }, () => local.begin('Work', { ms: 2_500 })),
          );
          await until('all are taken', async () =>
            (await Promise.all(executions.map(local.look))).every(({ workers }) => workers.length === 1),
          );
          set.child.kill('SIGKILL');
          const all = await local.ended(executions);
          expect(spoiled(all).length === 0, show(spoiled(all)));
          await allGone(now);
        },
      );
    },
  );

/** Checks a set of two that reloads code which does not start, and is then stopped twice. */
async function broken() {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-processes-'));
  const file = join(dir, 'broken');
  try {
    await withSet({ processes: 2, env: { BROKEN_IF: file } }, async ({ local, set, pids }) => {
      await check('a reload with code that does not start leaves the old ones at work', async () => {
        writeFileSync(file, '');
        set.child.kill('SIGUSR2');
        await set.saw(/the reload ends here, and the running processes continue: .*the new code is broken/s);
        expect((await set.pids()).join() === pids.join() && (await set.isReady()), show(await set.status()));
        const all = await local.ended([await local.begin('Work', {})]);
        expect(spoiled(all).length === 0, show(all));
      });

      await check('a second SIGTERM ends all of it at once, programs included', async () => {
        await local.begin('Work', { program: true });
        const sleeping = await until('the program runs', () => {
          const { stdout } = spawnSync('pgrep', ['-f', 'sleep 600'], { encoding: 'utf8' });
          const found = stdout.trim().split('\n').map(Number).filter(Boolean);
          return found.find((pid) => pids.some((each) => isBelow(pid, each)));
        });
        set.child.kill('SIGTERM');
        await set.saw(/"to":"draining"/);
        // A signal within 100 ms of the first is the same request.
        await sleep(200);
        const asked = performance.now();
        set.child.kill('SIGTERM');
        const { code, at } = await set.ended;
        expect(code === 143, `${code}\n${set.log()}`);
        expect(at - asked < 5_000, `it took ${at - asked} ms`);
        await allGone([...pids, sleeping]);
      });
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Returns true where a process descends from another. */
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

/** Runs a set that can't start, until it exits. */
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

/** Checks sets that can't start. */
async function unstartable() {
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
}

const GROUPS = { load: underLoad, stuck, broken, unstartable };
const [, , wanted] = process.argv;
if (wanted !== undefined && !(wanted in GROUPS)) {
  console.error(`there is no group ${wanted}: there are ${Object.keys(GROUPS).join(', ')}`);
  process.exit(1);
}
const groups = Object.entries(GROUPS).filter(([name]) => wanted === undefined || name === wanted);
// A set that never gets ready is a failed check.
await Promise.all(
  groups.map(([name, run]) =>
    run().catch((error) =>
      check(`${name}: its set`, () => {
        throw error;
      }),
    ),
  ),
);
summary('processes');
