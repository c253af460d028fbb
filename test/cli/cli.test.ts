import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { endpointOf, execute, killAll, SLOW, started, stepwright, WAITING } from '../support/cli.js';
import { sample } from '../support/thorough.js';

afterEach(killAll);

const WAITS = ['--config', 'test/fixtures/waiting/waiting.config.mjs'];
/** The workers that a console shows, once they are as they should be. */
async function workersAt(url: string, areThere: (names: string[]) => boolean): Promise<string[]> {
  const stream = await fetch(`${url}/console/api/stream?topic=workers`);
  let text = '';
  for await (const chunk of stream.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    const [last] = [...text.matchAll(/^data: (.*)\n\n/gm)].slice(-1);
    const told = JSON.parse(last?.[1] ?? '{"workers":[]}') as { workers: { name: string; state: string }[] };
    const names = told.workers.map(({ name, state }) => `${name} ${state}`);
    if (areThere(names)) return names;
  }
  throw new Error(`the stream ended: ${text}`);
}

describe('commands', () => {
  test('a worker that stops at a separate local service does not wait for its polls', async () => {
    const service = stepwright(['local', '--port', '0']);
    const url = await endpointOf(service);
    const worker = stepwright(['start', '--endpoint', url]);
    await worker.saw(WAITING);
    const began = performance.now();
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    // By itself a poll ends after up to a minute.
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(worker.stderr()).toBe('');
  });

  test('a config that was compiled to CommonJS is read as well', async () => {
    const { url } = await started(['--config', 'test/fixtures/commonjs/stepwright.config.js']);
    const run = execute(url, 'Work', '{}');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stdout()).toBe('"from CommonJS"\n');
  });

  test('an exception that nobody catches ends it soon: the embedded service lets its polls go', async () => {
    const { run, url } = await started(SLOW);
    execute(url, 'Crash', '{}');
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stdout()).toContain('task succeeded');
  });

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
        /Hello\.asl\.json:10:7 {2}error {2}state 'Hello': HeartbeatSeconds is 30.*\n {4}fix: .*\(--fix does it\)\n {4}"HeartbeatSeconds": 60\n$/,
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

  test('check looks at what is deployed at an endpoint, and start warns in one line each', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-'));
    const sound = readFileSync('state-machines/HelloWorld.asl.json', 'utf8');
    writeFileSync(join(dir, 'Far.asl.json'), sound.replace('ap-northeast-1', 'ap-northeast-2'));
    try {
      const { run, url } = await started(['--port', '0', '--machines', join(dir, '*.asl.json')]);
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
    // Others reach it: the console is not there unless it is asked for.
    expect(service.stdout()).not.toContain('Console:');
    expect((await fetch(`http://127.0.0.1:${port}/console/api/home`)).status).toBe(404);
  });

  test("the console shows a worker by its health port, the running worker's own, and is not there with --no-console", async () => {
    const { run: worker, url } = await started(['--port', '0', '--health-port', '0', '--worker-name', 'w1']);
    const health = Number((await worker.saw(/Health: http:\/\/127\.0\.0\.1:(\d+)/))[1]);
    const service = stepwright([
      'local',
      ...SLOW,
      '--port',
      '0',
      '--worker',
      String(health),
      '--worker',
      '1',
    ]);
    const local = await endpointOf(service);
    expect(await workersAt(url, (names) => names.length > 0)).toEqual(['w1 running']);
    const both = (names: string[]): boolean => names.includes('w1 running');
    expect(await workersAt(local, both)).toEqual(['w1 running', '127.0.0.1:1 unknown']);
    const without = stepwright(['local', ...SLOW, '--port', '0', '--no-console']);
    expect((await fetch(`${await endpointOf(without)}/console/api/home`)).status).toBe(404);
    expect(without.stdout()).not.toContain('Console:');
  });

  test('a stop while activities are looked up ends it at once with 0, and closes what setup opened', async () => {
    const run = stepwright(['start', ...WAITS]);
    await run.saw(/"activities":\["Waits"\].*could not be looked up yet/);
    run.child.kill('SIGTERM');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stdout()).toContain('the connection is closed\n');
    expect(run.stdout() + run.stderr()).not.toMatch(/s3cret|me:/);
  });

  test('the user name and the password of an endpoint are shown by no line and no error', async () => {
    const endpoint = 'http://me:s3cret@127.0.0.1:1';
    const worker = stepwright(['start', '--endpoint', endpoint]);
    await worker.saw(/Endpoint: http:\/\/\*\*\*@127\.0\.0\.1:1/);
    await worker.saw(/ECONNREFUSED/);
    worker.child.kill('SIGKILL');
    await worker.ended;
    const runs = [worker, execute(endpoint, 'X', '{}'), execute('ftp://me:s3cret@host', 'X', '{}')];
    await Promise.all(runs.map(({ ended }) => ended));
    for (const run of runs) expect(run.stdout() + run.stderr()).not.toMatch(/s3cret|me:/);
    expect(runs[1]?.stderr()).toContain('nothing listens at http://***@127.0.0.1:1');
    expect(runs[2]?.stderr()).toContain('got "ftp://***@host"');
  });

  test('idle at the embedded service, one key press (two SIGINTs at once) ends it with 0', async () => {
    const { run } = await started();
    run.child.kill('SIGINT');
    run.child.kill('SIGINT');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stdout()).toContain('worker is stopped');
  });
});

describe('config prints every option, its value and where that comes from', () => {
  const HELLO = 'HelloWorldActivity.hello';
  const FLAGS = [
    'config',
    '--handler',
    `${HELLO}.concurrency=5`,
    '--grace',
    '5s',
    '--endpoint',
    'http://me:s3cret@h',
  ];
  const ENV = {
    STEPWRIGHT_DRAIN: 'fail',
    STEPWRIGHT_HANDLERS: JSON.stringify({ [HELLO]: { timeout: '5m' } }),
  };

  test('for people', async () => {
    const run = stepwright(FLAGS, ENV);
    expect(await run.ended).toEqual({ code: 0, signal: null });
    const lines = run
      .stdout()
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/));
    expect(lines).toEqual(
      expect.arrayContaining([
        ['worker'],
        ['endpoint', 'http://***@h', '--endpoint'],
        ['grace', '5s', '--grace'],
        ['drain', 'fail', 'STEPWRIGHT_DRAIN'],
        ['region', "the AWS SDK's own", 'default'],
        [HELLO],
        ['concurrency', '5', `--handler ${HELLO}`],
        ['pollers', '{"min":1,"max":5}', 'default'],
        ['timeout', '5m', `STEPWRIGHT_HANDLERS['${HELLO}']`],
      ]),
    );
  });

  test('for programs', async () => {
    const run = stepwright([...FLAGS, '--json'], ENV);
    expect(await run.ended).toEqual({ code: 0, signal: null });
    const { worker, handlers } = JSON.parse(run.stdout()) as Record<string, Record<string, object>>;
    expect(worker).toMatchObject({
      grace: { value: '5s', from: '--grace' },
      setup: { value: null, from: 'default' },
    });
    expect(handlers?.[HELLO]).toMatchObject({ concurrency: { value: 5, from: `--handler ${HELLO}` } });
    expect(run.stdout()).not.toContain('s3cret');
  });

  test('a handler that there is not, in a flag and in a variable', async () => {
    const args = ['config', '--handler', 'HelloWordActivity.hello.concurrency=5'];
    const run = stepwright(args, { STEPWRIGHT_HANDLERS: '{"Nope.run":{}}' });
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stderr()).toMatch(
      /--handler HelloWordActivity\.hello: there is no such handler\n.*did you mean 'HelloWorldActivity\.hello'/,
    );
    expect(run.stderr()).toContain("STEPWRIGHT_HANDLERS['Nope.run']: there is no such handler");
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

  test('and ends with 0 where there is none; a config that can not be read is one', async () => {
    const [run, without] = [
      stepwright(['doctor', '--port', '0']),
      stepwright(['doctor', '--config', 'no.ts']),
    ];
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stdout()).toContain(
      'heartbeat: HelloWorldActivity.hello: one each 20 s, and HeartbeatSeconds 60',
    );
    expect(await without.ended).toEqual({ code: 1, signal: null });
    expect(without.stdout()).toMatch(/no\.ts\n.*\n +got there is no such file.*\[CONFIG_NOT_FOUND\]/);
  });
});

describe('mistakes end it with 1 and a message that names the fix', () => {
  const clean = { NODE_ENV: 'test' };
  const mistakes: [string, string[], Record<string, string>, RegExp][] = [
    [
      'a bad endpoint',
      ['start', '--endpoint', 'ftp://x'],
      clean,
      /--endpoint: expected 'local', 'aws' or an http\(s\) URL/,
    ],
    ['no endpoint in production', ['start'], { NODE_ENV: 'production' }, /NODE_ENV=production is set/],
    [
      'no endpoint in Kubernetes',
      ['start'],
      { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
      /KUBERNETES_SERVICE_HOST is set/,
    ],
    [
      'a bad port',
      ['start', '--port', 'abc'],
      clean,
      /--port: expected a port number from 0 to 65535, got "abc"/,
    ],
    [
      'a bad option',
      ['start', '--concurrency', '0'],
      clean,
      /--concurrency: expected a whole number from 1 to 100000, got 0/,
    ],
    [
      'a bad variable',
      ['start'],
      { STEPWRIGHT_HEARTBEAT: '20' },
      /STEPWRIGHT_HEARTBEAT: expected a duration with its unit/,
    ],
    [
      'a slow heartbeat',
      ['start', '--heartbeat', '31s', '--port', '0'],
      clean,
      /HelloWorldActivity\.hello: .*HeartbeatSeconds 60.*\n.*'30s'/,
    ],
    [
      'no heartbeat',
      ['start', '--heartbeat', 'false', '--port', '0'],
      clean,
      /its heartbeat is off, but a state/,
    ],
    ['a missing config', ['start', '--config', 'nope.ts'], clean, /nope\.ts: there is no such file/],
    ['input that is not JSON', ['execute', 'HelloWorld', '{who'], clean, /the input is not JSON/],
    [
      'nobody at the endpoint',
      ['execute', 'X', '{}', '--endpoint', 'http://127.0.0.1:1'],
      clean,
      /nothing listens at http:\/\/127\.0\.0\.1:1/,
    ],
    ['an unknown command', ['strat'], clean, /Did you mean start\?/],
  ];
  test.each(sample(mistakes, 4))('%s', async (_, args, env, message) => {
    const run = stepwright(args, env);
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stderr()).toMatch(message);
    expect(run.stdout()).toBe('');
  });

  test('a port that another process listens on', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const run = stepwright(['start', '--port', String(port)]);
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stderr()).toMatch(new RegExp(`port ${port}: another process listens on it already`));
    server.close();
  });
});
