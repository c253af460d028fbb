import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as nap } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import type { WorkerList } from '../../src/framework/local/console/api.js';
import { type Metric, METRICS, prometheusName } from '../../src/framework/worker/observe/metrics/table.js';
import {
  localService,
  configOfHello,
  HELLO,
  endpointOf,
  execute,
  killAll,
  SLOW,
  started,
  stepwright,
} from '../support/cli.js';
import { followTopic } from '../support/console-topic.js';

/*
 * Runs commands in processes of their own, for behaviour that other tests show in one process. Part of `npm run
 * check:thorough`.
 */

/** Resolves with the workers that a console shows, once they are as expected. */
async function workersAt(url: string, areThere: (names: string[]) => boolean): Promise<string[]> {
  for await (const { workers } of followTopic<WorkerList>(url, 'workers')) {
    const names = workers.map(({ name, state }) => `${name} ${state}`);
    if (areThere(names)) return names;
  }
  throw new Error('the stream ended');
}

describe('commands', () => {
  afterEach(killAll);

  test('check says nothing where all agrees, tells and mends what does not, and schema prints what is taken', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-'));
    const file = join(dir, 'Hello.asl.json');
    const sound = readFileSync('state-machines/HelloWorld.asl.json', 'utf8');
    const here = ['check', '--machines', file, '--activities', 'src/activities/hello-world.activity.js'];
    try {
      writeFileSync(file, sound.replace('"HeartbeatSeconds": 60', '"HeartbeatSeconds": 30'));
      const [silent, told, schema] = [
        stepwright(['check', '--strict']),
        stepwright(here),
        stepwright(['schema', 'HelloWorldActivity.hello']),
      ];
      expect(await silent.ended).toEqual({ code: 0, signal: null });
      expect(silent.stdout() + silent.stderr()).toBe('');
      expect(await told.ended).toEqual({ code: 1, signal: null });
      expect(told.stdout()).toMatch(
        /Hello\.asl\.json:10:7 {2}error {2}state 'Hello': HeartbeatSeconds is 30.*\n {4}fix: .*; `npx stepwright check --fix` sets HeartbeatSeconds to 60\n {4}"HeartbeatSeconds": 60\n$/,
      );
      await schema.ended;
      expect(JSON.parse(schema.stdout())).toMatchObject({ title: 'HelloInput' });
      const mended = stepwright([...here, '--fix']);
      expect(await mended.ended).toEqual({ code: 0, signal: null });
      expect(readFileSync(file, 'utf8')).toBe(sound);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test('a config that was compiled to CommonJS is read as well', async () => {
    const { url } = await started(['--config', 'test/fixtures/commonjs/stepwright.config.js']);
    const run = execute(url, 'Work', '{}');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stdout()).toBe('"from CommonJS"\n');
  });

  test('check looks at what is deployed at an endpoint, and start warns in one line each', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-'));
    const sound = readFileSync('state-machines/HelloWorld.asl.json', 'utf8');
    writeFileSync(join(dir, 'Far.asl.json'), sound.replace('ap-northeast-1', 'ap-northeast-2'));
    const Parameters = { FunctionName: 'charge' };
    const Charge = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Parameters, End: true };
    writeFileSync(join(dir, 'Order.asl.json'), JSON.stringify({ StartAt: 'Charge', States: { Charge } }));
    try {
      const { run, url } = await started(['--port', '0', '--machines', join(dir, '*.asl.json')]);
      expect(run.stdout()).toContain("will fail. Nothing answers 'arn:aws:states:::lambda:invoke'");
      expect(run.stdout()).toContain('They differ in region (ap-northeast-1, not ap-northeast-2)');
      expect(run.stdout()).toContain('with what to paste: npx stepwright check');
      const check = stepwright(['check', '--endpoint', url]);
      expect(await check.ended).toEqual({ code: 1, signal: null });
      expect(check.stdout()).toMatch(
        /^arn:aws:states:ap-northeast-2:\d+:stateMachine:Far:8:7 {2}error {2}state 'Hello': no handler takes/,
      );
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  test('the local service is of use in an empty folder, without a config and a worker', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-'));
    const service = stepwright(['local', '--port', '0'], {}, dir);
    const url = await endpointOf(service);
    const run = execute(url, 'Nothing', '{}');
    await run.ended;
    expect(run.stderr()).toContain('there are no machines at all');
    service.child.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, signal: null });
    rmSync(dir, { recursive: true });
  });

  test('a host that was not allowed is refused, and one that was is served', async () => {
    const service = stepwright([
      'local',
      ...SLOW,
      '--port',
      '0',
      '--host',
      '0.0.0.0',
      '--allow-host',
      'sfn.test',
    ]);
    const { port } = new URL((await service.saw(/Endpoint: (http:\/\/[\d.]+:\d+)/))[1] ?? '');
    const ask = (host: string): Promise<number | undefined> =>
      new Promise((resolve) => {
        const headers = { host, 'x-amz-target': 'AWSStepFunctions.ListActivities' };
        const request = httpRequest({ host: '127.0.0.1', port, method: 'POST', headers }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        request.end('{}');
      });
    expect(await ask('evil.test')).toBe(403);
    expect(await ask('sfn.test')).toBe(200);
    // At an address that other machines reach, the console is served only where it is asked for.
    expect(service.stdout()).not.toContain('Console:');
    expect((await fetch(`http://127.0.0.1:${port}/console/api/findExecutions`)).status).toBe(404);
  });

  test("the console shows a worker by its health port, the running worker's own, and is not there with --no-console", async () => {
    const { run: worker, url } = await started(['--port', '0', '--health-port', '0', '--worker-name', 'w1']);
    const health = Number((await worker.saw(/Health: http:\/\/127\.0\.0\.1:(\d+)/))[1]);
    const service = stepwright(['local', ...SLOW, '--port', '0', '--workers', `${health},1`]);
    const local = await endpointOf(service);
    expect(await workersAt(url, (names) => names.length > 0)).toEqual(['w1 running']);
    const both = (names: string[]): boolean => names.includes('w1 running');
    // A worker in trouble comes first.
    expect(await workersAt(local, both)).toEqual(['127.0.0.1:1 unknown', 'w1 running']);
    const without = stepwright(['local', ...SLOW, '--port', '0', '--no-console']);
    expect((await fetch(`${await endpointOf(without)}/console/api/findExecutions`)).status).toBe(404);
    expect(without.stdout()).not.toContain('Console:');
  });
});

describe('config prints every option, its value and where that comes from', () => {
  test('for programs', async () => {
    const run = configOfHello('--json');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    const { worker, handlers } = JSON.parse(run.stdout()) as Record<string, Record<string, object>>;
    expect(worker).toMatchObject({
      grace: { value: '5s', from: '--grace' },
      setup: { value: null, from: 'default' },
    });
    expect(handlers?.[HELLO]).toMatchObject({ concurrency: { value: 5, from: `--handler ${HELLO}` } });
    expect(run.stdout()).not.toContain('s3cret');
  });
});

describe('doctor examines a project', () => {
  test('and ends with 1 where there is a fault, each with its fix, for people and for programs', async () => {
    const nobody = ['doctor', '--endpoint', 'http://me:s3cret@127.0.0.1:1', '--stop-timeout', '30s'];
    const [run, json] = [stepwright(nobody), stepwright([...nobody, '--json'])];
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stdout()).toMatch(/^FAULT +stop: grace\n +expected 101 s or more.*\n +got 30 s.*\n +Fix: /m);
    expect(run.stdout()).toMatch(/^FAULT +endpoint: http:\/\/\*\*\*@127\.0\.0\.1:1, ap-northeast-1\n/m);
    expect(run.stdout()).toMatch(/^\d+ looked at: 2 faults, 0 warnings, 1 not checked\n$/m);
    expect(await json.ended).toEqual({ code: 1, signal: null });
    const told = JSON.parse(json.stdout()) as { faults: number; findings: object[] };
    expect(told).toMatchObject({ faults: 2, warnings: 0, unchecked: 1 });
    expect(told.findings).toContainEqual(expect.objectContaining({ check: 'stop', verdict: 'fault' }));
    expect(run.stdout() + json.stdout()).not.toContain('s3cret');
  });

  test('and ends with 0 where there is none; with what a start would tell it ends as a start does', async () => {
    const [run, without] = [
      stepwright(['doctor', '--endpoint', 'local']),
      stepwright(['doctor', '--config', 'no.ts']),
    ];
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stdout()).toMatch(/^ok +copies: /m);
    expect(await without.ended).toEqual({ code: 1, signal: null });
    expect(without.stderr()).toMatch(/no\.ts: there is no such file[^]*CONFIG_NOT_FOUND/);
  });
});

/** Clients that reset their connections in the middle of a request, and one that speaks no HTTP. */
async function rudeTo(url: string): Promise<void> {
  for (const words of ['GET /ready HTTP/1.1\r\nHost: x\r\n\r\n', 'GET /li', 'what?\r\n\r\n']) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await new Promise<void>((resolve) => socket.write(words, () => resolve()));
    socket.resetAndDestroy();
  }
}

describe('without a worker', () => {
  const local = localService();

  test('execute says where no worker takes a task', async () => {
    const waiting = execute(local.url(), 'Slow', '{}');
    const words = /: no worker has taken its task: is one running that polls (arn:\S+:activity:Slow)\?/;
    expect((await waiting.saw(words))[1]).toContain('arn:aws:states:');
  });
});

describe('with the service and the worker in processes of their own', () => {
  const local = localService();

  test('SIGHUP, which a closed terminal sends, drains as well', async () => {
    const worker = await local.worker();
    const run = execute(local.url(), 'Slow', '{}');
    await worker.saw(/"msg":"held"/);
    worker.child.kill('SIGHUP');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(await worker.ended).toEqual({ code: 0, signal: null });
  });

  test('a trace shows the frames of the user, and none of the framework', async () => {
    await local.worker();
    const run = execute(local.url(), 'Throws', '{}');
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stderr()).toMatch(/"trace":\["at Slow\.throws [^\]]*slow\.config\.mjs/);
    expect(run.stderr()).not.toContain('src/framework');
  });

  test('while the event loop is blocked, /ready says so and /live believes it', async () => {
    const worker = await local.worker(['--health-port', '0']);
    const [, health = ''] = await worker.saw(/Health: (http:\/\/127\.0\.0\.1:\d+)/);
    const ask = async (path: string): Promise<{ status: number; text: string }> => {
      const answer = await fetch(health + path);
      return { status: answer.status, text: await answer.text() };
    };
    while ((await ask('/ready')).status !== 200) await nap(20);
    const run = execute(local.url(), 'Blocked', '4000');
    const seen: number[] = [];
    let reason = '';
    while (!/blocked for [2-9] s/.test(reason)) {
      const { status, text } = await ask('/ready');
      seen.push(status);
      reason = text;
      await nap(20);
    }
    expect(reason).toMatch(
      /^{"state":"running","ready":false,"reasons":\["the event loop has been blocked for \d s"\]}\n$/,
    );
    expect(await ask('/live')).toMatchObject({
      status: 200,
      text: expect.stringMatching(/^{"state":"blocked","reason":/),
    });
    expect(await run.ended).toEqual({ code: 0, signal: null });
    await worker.saw(/the event loop was blocked: heartbeats were sent/);
    // The input has changed once.
    expect(seen.lastIndexOf(200)).toBeLessThan(seen.indexOf(503));
    expect((await ask('/ready')).status).toBe(200);
  });

  test('a lease is kept while the event loop is blocked, and let go past stallAfter', async () => {
    const worker = await local.worker(['--stall-after', '7s']);
    const short = execute(local.url(), 'Blocked', '6000');
    expect(await short.ended).toEqual({ code: 0, signal: null });
    const long = execute(local.url(), 'Blocked', '14000');
    expect(await long.ended).toEqual({ code: 1, signal: null });
    expect(long.stderr()).toContain('States.Timeout');
    expect(worker.stderr()).toMatch(
      /^The event loop has been blocked for \d+ s: it counts as stuck\. No heartbeats are sent/m,
    );
    await worker.saw(/the event loop was blocked for longer than stallAfter: no heartbeats were sent/);
  });

  test('/live and /ready answer from the state of the worker', async () => {
    const worker = await local.worker(['--health-port', '0']);
    const [, health = ''] = await worker.saw(/Health: (http:\/\/127\.0\.0\.1:\d+)/);
    const ask = async (path: string): Promise<{ status: number; body: unknown }> => {
      const answer = await fetch(health + path);
      return { status: answer.status, body: await answer.json() };
    };
    await rudeTo(health);
    expect(await ask('/live')).toEqual({ status: 200, body: { state: 'running' } });
    const first = await ask('/ready');
    expect([200, 503]).toContain(first.status);
    execute(local.url(), 'Slow', '{"never":true}');
    await worker.saw(/"msg":"held"/);
    worker.child.kill('SIGTERM');
    await worker.saw(/worker is draining/);
    expect(await ask('/ready')).toEqual({
      status: 503,
      body: { state: 'draining', ready: false, reasons: ['the worker is draining'] },
    });
    await rudeTo(health);
    expect(await ask('/live')).toEqual({ status: 200, body: { state: 'draining' } });
    expect(await ask('/nope')).toMatchObject({ status: 404 });
  });
});

describe('the command alone, watched by an app', () => {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-'));
  const seen = (file: string): string[] =>
    readFileSync(join(dir, file), 'utf8')
      .split('\n')
      .map((line) => line.trim());
  afterAll(() => {
    killAll();
    rmSync(dir, { recursive: true });
  });

  test('has every metric, every span and the events of its listener', async () => {
    const telemetry = resolve('test/fixtures/watched/telemetry.mjs');
    const config = ['--config', 'test/fixtures/watched/watched.config.mjs', '--health-port', '0'];
    const env = {
      NODE_OPTIONS: `--import ${pathToFileURL(telemetry).href}`,
      WATCHED_DIR: dir,
      ECS_AGENT_URI: 'http://127.0.0.1:9',
    };
    const { run, url } = await started(config, env);
    const [, health = ''] = await run.saw(/Health: (http:\/\/127\.0\.0\.1:\d+)/);
    const ends = ['"fine"', '"fail"'].map((input) => execute(url, 'Watched', input).ended);
    expect(await Promise.all(ends)).toMatchObject([{ code: 0 }, { code: 1 }]);
    const names = Object.keys(METRICS);
    while (!names.every((name) => seen('metrics').includes(name))) await nap(20);
    const page = await (await fetch(`${health}/metrics`)).text();
    const shown = Object.entries<Metric>(METRICS).map(([name, metric]) => prometheusName(name, metric));
    expect(shown.filter((name) => !page.includes(`# TYPE ${name} `))).toEqual([]);
    expect(new Set(seen('spans'))).toEqual(new Set(['Watched.run', 'Watched.run RangeError', 'report', '']));
    expect(new Set(seen('events')).size).toBe(9);
    // Modules that the app has Node load first are loaded only where its own code runs.
    expect(seen('threads')).toEqual(['0', '']);
    run.child.kill('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
  });
});
