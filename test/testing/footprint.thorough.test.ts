import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A process that still runs by then is killed. */
const LIMIT_MS = 50_000;

/** Runs a script in a process of its own, on what `tsc` built, and gives what it prints as JSON. */
async function run(script: string, ...flags: string[]): Promise<unknown> {
  const args = [...flags, '--input-type=module', '-e', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: LIMIT_MS });
  return JSON.parse(stdout);
}

const WORK = `
  import { createTestBed } from 'stepwright/testing';
  import { HelloWorldActivity } from './dist/src/activities/hello-world.activity.js';
`;

test('a bed loads no AWS SDK, no HTTP and no network', async () => {
  const script = `${WORK}
    import { createRequire } from 'node:module';
    const bed = await createTestBed(HelloWorldActivity);
    const result = await bed.run({ who: 'a' });
    const files = Object.keys(createRequire(import.meta.url).cache).filter((file) => /aws-sdk|smithy/.test(file));
    const network = process.moduleLoadList.filter((name) => /^NativeModule (_?https?|_http_|tls|dgram|dns)/.test(name));
    console.log(JSON.stringify({ status: result.status, files, network }));`;
  expect(await run(script)).toEqual({ status: 'succeeded', files: [], network: [] });
});

test('a process that only ran a bed ends by itself, at once', async () => {
  const script = `${WORK}
    const bed = await createTestBed(HelloWorldActivity);
    await bed.run({ who: 'a' });
    console.log(JSON.stringify(process.getActiveResourcesInfo()));`;
  expect(await run(script)).not.toContain('Timeout');
});

test('a thousand beds leave nothing behind', async () => {
  const script = `${WORK}
    const heap = async (beds) => {
      for (let each = 0; each < beds; each++) await (await createTestBed(HelloWorldActivity)).run({ who: 'a' });
      global.gc();
      return process.memoryUsage().heapUsed;
    };
    await heap(300);
    const before = await heap(1);
    console.log(JSON.stringify((await heap(1000)) - before));`;
  // The heap after a collection differs by half a megabyte from run to run.
  expect(await run(script, '--expose-gc')).toBeLessThan(2_000_000);
});

test('ten thousand tasks with containers of their own leave nothing behind', async () => {
  const script = `
    import 'reflect-metadata';
    import { injectable, inject } from 'tsyringe';
    import { Activity, Handle, TASK_CONTEXT } from 'stepwright';
    import { createTestBed } from 'stepwright/testing';
    const tasks = Number(process.env.TASKS ?? 10_000);
    let open = 0, most = 0, made = 0;
    class Session {
      constructor() { made++; most = Math.max(most, ++open); this.block = new Array(100).fill(0); }
      dispose() { open--; }
    }
    injectable()(Session);
    class Work {
      constructor(session) { this.session = session; }
      async run() { await new Promise(setImmediate); return this.session.block.length; }
    }
    inject(Session)(Work, undefined, 0);
    Handle({ input: 'any' })(Work.prototype, 'run', Object.getOwnPropertyDescriptor(Work.prototype, 'run'));
    Activity('work', { scope: 'task' })(Work);
    const bed = await createTestBed(Work);
    const run = async (count) => {
      for (let done = 0; done < count; done += 100) {
        const results = await Promise.all(Array.from({ length: 100 }, () => bed.runText('{}')));
        if (results.some(({ output }) => output !== 100)) throw new Error(JSON.stringify(results));
      }
      global.gc();
      return process.memoryUsage().heapUsed;
    };
    const before = await run(2000);
    const after = await run(tasks);
    console.log(JSON.stringify({ grown: after - before > 500_000, open, most, made: made - 2000 === tasks }));`;
  expect(await run(script, '--expose-gc')).toEqual({ grown: false, open: 0, most: 100, made: true });
}, 60_000);

test('a process whose worker has stopped ends by itself, also where a provider can not be disposed of', async () => {
  const script = `
    import { Activity, createLog, createWorker, Handle } from 'stepwright';
    import { startLocalService } from 'stepwright/local';
    const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Work';
    class Work { run() {} }
    Handle({ input: 'any' })(Work.prototype, 'run', Object.getOwnPropertyDescriptor(Work.prototype, 'run'));
    Activity(ARN)(Work);
    class Pool { async dispose() { throw new Error('it is gone'); } }
    const setup = (container) => {
      container.registerSingleton(Pool);
      container.resolve(Pool);
    };
    const service = await startLocalService({ port: 0 });
    service.seedActivity(ARN);
    const log = createLog({ destination: { write: () => {} } });
    const worker = await createWorker({ endpoint: service.url, activities: [Work], setup }, { log });
    const done = worker.run();
    const stopped = worker.stop();
    service.endPolls();
    await Promise.all([done, stopped]);
    await service.close();
    console.log(JSON.stringify(worker.status().state));`;
  expect(await run(script)).toBe('stopped');
});

test('a worker that was stopped before it ran polls nothing, and its process ends by itself', async () => {
  const script = `
    import { createLog, createWorker } from 'stepwright';
    import { HelloWorldActivity } from './dist/src/activities/hello-world.activity.js';
    const config = { activities: [HelloWorldActivity], endpoint: 'http://127.0.0.1:9' };
    const worker = await createWorker(config, { log: createLog({ level: 'silent' }) });
    await worker.stop();
    console.log('true');`;
  expect(await run(script)).toBe(true);
});
