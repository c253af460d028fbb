import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  configOfHello,
  HELLO,
  endpointOf,
  execute,
  killAll,
  SLOW,
  started,
  stepwright,
  WAITING,
} from '../support/cli.js';

afterEach(killAll);

const WAITS = ['--config', 'test/fixtures/waiting/waiting.config.mjs'];

describe('commands', () => {
  test('a worker that stops at a separate local service does not wait for its polls', async () => {
    const service = stepwright(['local', '--port', '0']);
    const url = await endpointOf(service);
    const worker = stepwright(['start', '--endpoint', url]);
    await worker.saw(WAITING);
    const began = performance.now();
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    // A poll that nothing ends takes up to a minute.
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(worker.stderr()).toBe('');
  });

  test('an exception that nobody catches ends it soon: the embedded service lets its polls go', async () => {
    const { run, url } = await started(SLOW);
    execute(url, 'Crash', '{}');
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stdout()).toContain('task succeeded');
  });

  test('flags that npm has taken are refused, with how to pass them', async () => {
    const npm = { npm_lifecycle_event: 'start', npm_command: 'run' };
    // Npm sets json for itself as well.
    const run = stepwright(['config'], { ...npm, npm_config_port: '9000', npm_config_json: 'true' });
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stderr()).toBe(
      'npm took --port 9000 for its own. Flags for Stepwright follow a --: npm run start -- --port 9000\n',
    );
  });

  test('check takes several configs, of workers that share the machines', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-'));
    const arn = (name: string): string => `arn:aws:states:eu-west-1:123456789012:activity:${name}`;
    const states = ['Pay', 'Ship'].map((name, n) => [
      name,
      { Type: 'Task', Resource: arn(name), ...(n === 0 ? { Next: 'Ship' } : { End: true }) },
    ]);
    writeFileSync(join(dir, 'package.json'), '{}');
    writeFileSync(
      join(dir, 'Order.asl.json'),
      JSON.stringify({ StartAt: 'Pay', States: Object.fromEntries(states) }),
    );
    for (const name of ['Pay', 'Ship'])
      writeFileSync(
        join(dir, `${name}.mjs`),
        `import { Activity, Handle } from ${JSON.stringify(resolve('dist/src/framework/index.js'))};
        class ${name}ing { run() {} }
        const run = Object.getOwnPropertyDescriptor(${name}ing.prototype, 'run');
        Reflect.decorate([Handle({ input: 'any' })], ${name}ing.prototype, 'run', run);
        Reflect.decorate([Activity('${arn(name)}')], ${name}ing);
        export default { activities: [${name}ing], machines: ['*.asl.json'] };`,
      );
    try {
      const [both, one] = [
        stepwright(['check', '--config', 'Pay.mjs', '--config', 'Ship.mjs'], {}, dir),
        stepwright(['check', '--config', 'Pay.mjs'], {}, dir),
      ];
      expect(await both.ended).toEqual({ code: 0, signal: null });
      expect(both.stdout()).toContain('advice');
      expect(both.stdout()).not.toContain('no handler takes');
      // A machine that both projects have is checked once.
      expect(both.stdout().match(/the machine has no TimeoutSeconds/g)).toHaveLength(1);
      expect(await one.ended).toEqual({ code: 1, signal: null });
      expect(one.stdout()).toMatch(/error {2}state 'Ship': no handler takes the tasks of arn:.*:Ship/);
    } finally {
      rmSync(dir, { recursive: true });
    }
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
    expect(runs[1]?.stderr()).toContain(
      'nothing listens at http://***@127.0.0.1:1: start what should listen there (`node_modules/.bin/stepwright local`',
    );
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
  test('for people', async () => {
    const run = configOfHello();
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
      'a bad level of the log in a variable',
      ['start'],
      { STEPWRIGHT_LOG_LEVEL: 'silent' },
      /STEPWRIGHT_LOG_LEVEL: expected 'debug' or 'info' or 'warn' or 'error', got "silent"[^]*CONFIG_BAD_VALUE/,
    ],
    [
      'a slow heartbeat',
      ['start', '--heartbeat', '31s', '--port', '0'],
      clean,
      /HeartbeatSeconds is 60, and the heartbeat of HelloWorldActivity\.hello is every 31 s.*\n.*'20s'/,
    ],
    [
      'no heartbeat',
      ['start', '--heartbeat', 'false', '--port', '0'],
      clean,
      /the heartbeat of HelloWorldActivity\.hello is off: every task/,
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
  test.each(mistakes)('%s', async (_, args, env, message) => {
    const run = stepwright(args, env);
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stderr()).toMatch(message);
    expect(run.stdout()).toBe('');
  });

  test('code of the user that ends the process, or never ends, before there is a worker', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-'));
    const never = 'new Promise(() => {})';
    writeFileSync(join(dir, 'never.activity.js'), `await ${never};`);
    writeFileSync(join(dir, 'package.json'), '{ "type": "module" }');
    const cases: [config: string, message: RegExp][] = [
      [`await ${never}; export default {};`, /config\.mjs: it never ends: it awaits a promise/],
      ['process.exit(0); export default {};', /config\.mjs: process\.exit\(0\) was called while it ran/],
      [`export default { setup: () => ${never} };`, /setup or observe: it never ends/],
      [
        'export default { setup: () => process.exit(0) };',
        /setup or observe: process\.exit\(0\) was called while it ran/,
      ],
      ["export default { activities: ['*.activity.js'] };", /the import of `activities`: it never ends/],
    ];
    try {
      const runs = cases.map(([config, message], index) => {
        const file = `${index}.config.mjs`;
        writeFileSync(join(dir, file), config);
        return { message, run: stepwright(['start', '--config', file, '--port', '0'], {}, dir) };
      });
      for (const { run, message } of runs) {
        expect(await run.ended).toEqual({ code: 1, signal: null });
        expect(run.stderr()).toMatch(message);
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
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
