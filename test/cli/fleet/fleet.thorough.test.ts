import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { endpointOf, execute, killAll, type Run, stepwright, WAITING } from '../../support/cli.js';
import { answering, closeStandIns, connecting, handler, statusOf } from './stand-ins.js';

afterEach(() => {
  closeStandIns();
  killAll();
});

/** Runs `fleet --once`. Resolves with what it prints. */
async function once(
  workers: string | readonly number[],
  flags: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<{ code: number | null; stdout: string; stderr: string; rows: string[] }> {
  const run = stepwright(['fleet', '--workers', String(workers), '--once', ...flags], env);
  const { code } = await run.ended;
  const stdout = run.stdout();
  return { code, stdout, stderr: run.stderr(), rows: stdout.split('\n') };
}

interface Line {
  readonly workers: readonly Record<string, unknown>[];
  readonly sums: Record<string, unknown>;
}

const lineIn = (text: string): Line => JSON.parse(text) as Line;

describe('one table', () => {
  test('shows what each worker is, does and is kept from', async () => {
    const now = Date.now();
    const workers = [
      statusOf('packing-1', {
        protection: { platform: 'ecs', state: 'held', since: now - 720_500 },
        tasks: [
          { task: 'abcdef01', handler: 'Orders.render', ageMs: 7_501_000, phase: 'handling' },
          { task: 'abcdef02', handler: 'Orders.charge', ageMs: 1_000, phase: 'handling' },
        ],
        tasksInFlight: 2,
      }),
      statusOf('packing-2', {
        version: '1.2.2',
        state: 'draining',
        ready: false,
        reasons: ['the worker is draining'],
        drain: { since: now - 40_500, graceUntil: now + 20_900 },
        protection: { platform: 'kubernetes', state: 'wanted' },
      }),
      statusOf('packing-3', {
        handlers: [
          handler({ paused: { by: 'breaker', since: now, until: now + 40_900 } }),
          handler({ name: 'Orders.render', paused: { by: 'control', since: now - 60_500 }, concurrency: 2 }),
        ],
      }),
      statusOf('packing-4', {
        ready: false,
        reasons: ['Orders.charge: its polls are unreachable'],
        handlers: [
          handler({ polls: { state: 'waiting', trouble: { kind: 'unreachable', since: now - 9_500 } } }),
        ],
      }),
      statusOf('packing-5', { ready: false, ageMs: 12_000, reasons: ['the event loop is blocked'] }),
      statusOf('packing-6', { handlers: [handler({ paused: { by: 'task', since: now - 5_500 } })] }),
    ];
    const ports: number[] = [];
    for (const each of workers) ports.push(await answering(each));
    const { code, rows, stdout } = await once(ports);
    const row = (n: number): string => rows.find((each) => each.includes(`packing-${n}`)) ?? '';
    expect(rows[0]).toMatch(
      /^ADDRESS +WORKER +VERSION +UP +STATE +HANDLERS +AT WORK +HELD BACK +PROTECTED +LONGEST TASK$/,
    );
    expect(row(1)).toMatch(
      /^127\.0\.0\.1:\d+ +packing-1 +1\.2\.3 +3h12m +running +Orders\.charge +2 of 8 +– +ecs for 12m +2h5m Orders\.render$/,
    );
    expect(row(2)).toMatch(/1\.2\.2 +3h12m +draining 4\ds, 2\ds of grace left .* kubernetes: asked for /);
    expect(row(3)).toMatch(
      /running +Orders\.charge, Orders\.render +4 of 10 +Orders\.charge: breaker, \d\ds left; Orders\.render: paused for 1m /,
    );
    expect(row(4)).toMatch(
      /not ready +Orders\.charge +2 of 8 +Orders\.charge: waiting, unreachable for \d+s /,
    );
    expect(row(5)).toMatch(/ blocked 12s /);
    expect(row(6)).toMatch(/ Orders\.charge: paused by a task for \d+s /);
    const sums = rows.slice(8).join('\n');
    expect(sums).toContain(
      '6 workers: 14 of 50 slots at work, 2 not ready, 1 draining, 1 protected, 2 handlers paused, 1 by a breaker, 1 waiting for the service, longest task 2h5m (Orders.render)',
    );
    expect(sums).toMatch(/versions 1\.2\.3 \(5\), 1\.2\.2 \(1\), read at \d\d:\d\d:\d\d/);
    expect(sums).toMatch(
      /Orders\.charge: 12 of 48 at work on 6 workers, its queue was empty \d+s ago\nOrders\.render: 2 of 2 at work on 1 worker/,
    );
    expect(sums).toMatch(/127\.0\.0\.1:\d+: Orders\.charge: its polls are unreachable/);
    expect(stdout).not.toContain('abcdef');
    expect(code).toBe(0);
  });

  test('says by its exit code that a worker can not be read, and why', async () => {
    const cases: [port: number, why: RegExp][] = [
      [await connecting(() => {}), /no answer within 2 s/],
      [
        // One byte at a time, for ever.
        await connecting((socket) => {
          const drip = setInterval(() => socket.write('H'), 100);
          socket.on('close', () => clearInterval(drip));
        }),
        /no answer within 2 s|does not speak HTTP/,
      ],
      [await connecting((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')), /does not speak HTTP/],
      [await connecting((socket) => socket.destroy()), /connections are cut \(ECONNRESET\)/],
      [await answering('<html>'), /no Stepwright worker: is it the port of --health-port\?/],
      [await answering('{"handlers":7}'), /no Stepwright worker/],
      [await answering('[]'), /no Stepwright worker/],
      [await answering(`"${'x'.repeat(2 ** 21)}"`), /its answer is too long/],
      [
        await answering('{"error":"the health port is not called so"}', { status: 403 }),
        /it answers 403: the health port is not called so/,
      ],
      [
        await answering('{"ready":false,"reasons":["the event loop has been blocked for 3 s"]}', {
          status: 503,
        }),
        /it answers 503: the event loop has been blocked for 3 s/,
      ],
    ];
    const well = await answering(statusOf('well'));
    const { code, rows } = await once([well, ...cases.map(([port]) => port), 1]);
    for (const [port, why] of [...cases, [1, /nothing listens there \(ECONNREFUSED\)/] as const])
      expect(rows.find((row) => row.startsWith(`127.0.0.1:${port} `))).toMatch(why);
    expect(rows.find((row) => row.startsWith(`127.0.0.1:${well} `))).toMatch(/ well .* running /);
    expect(rows).toContainEqual(expect.stringMatching(/^12 workers: 2 of 8 slots at work, 11 can't be read/));
    expect(code).toBe(1);
  });

  test('shows of a worker of another version what that one tells, and nothing that is no part of a status', async () => {
    const old = JSON.stringify({
      ...{ name: 'old', state: 'running', ready: true, reasons: [], token: 'SECRET', input: 'SECRET' },
      handlers: [{ name: 'Orders.charge', concurrency: 8, running: 1, secret: 'SECRET' }, 7],
      tasks: [{ handler: 'Orders.charge', ageMs: 61_000, token: 'SECRET', task: 'SECRET' }, null],
    });
    const odd = statusOf('odd', {
      ...{ version: 9, startedAt: 'yesterday', reasons: 'none', tasks: {}, drain: 4, ageMs: null },
      protection: { platform: 'moon', state: 'held' },
    });
    const ports = [await answering(old), await answering(odd)];
    // `handlers` holds a number: that is no worker.
    const { rows, code } = await once([ports[0] ?? 0]);
    expect([code, rows[1]]).toEqual([1, expect.stringContaining('no Stepwright worker')]);
    const fixed = await answering(old.replace(',7]', ']'));
    const { rows: both, stdout } = await once([fixed, ports[1] ?? 0]);
    expect(both.find((row) => row.includes(' old '))).toMatch(
      / old +\? +\? +running +Orders\.charge +1 of 8 +– +– +1m Orders\.charge$/,
    );
    expect(both.find((row) => row.includes(' odd '))).toMatch(/ odd +\? +\? +running /);
    const json = await once([fixed, ports[1] ?? 0], ['--json']);
    expect(stdout + json.stdout).not.toContain('SECRET');
    const { workers, sums } = lineIn(json.stdout);
    expect(workers.find(({ name }) => name === 'old')).toMatchObject({
      ...{ state: 'running', slots: 8, atWork: 1, longestTask: { ageMs: 61_000 } },
    });
    expect(sums).toMatchObject({ workers: 2, versions: { '?': 2 } });
  });

  test('asks each address of a name once, and says of a name why it has none', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-fleet-'));
    const hook = join(dir, 'hook.cjs');
    writeFileSync(
      hook,
      `const dns = require('node:dns/promises');
const address = (address, family = 4) => ({ address, family });
dns.lookup = async (host) => {
  if (host === 'worker.jobs.svc') return [address('127.0.0.3'), address('127.0.0.2'), address('127.0.0.3'), address('::1', 6)];
  if (host === 'six.jobs.svc') return [address('::1', 6)];
  if (host === 'hangs.jobs.svc') return new Promise(() => {});
  throw Object.assign(new Error('it is ' + host), { code: host === 'none.jobs.svc' ? 'ENOTFOUND' : 'EAI_AGAIN' });
};
require('node:module').syncBuiltinESMExports();`,
    );
    const env = { NODE_OPTIONS: `--require ${hook}` };
    const port = await answering(statusOf('two'), { host: '127.0.0.2' });
    await answering(statusOf('three'), { host: '127.0.0.3', port });
    const { rows, code } = await once(`worker.jobs.svc:${port},worker.jobs.svc:${port}`, [], env);
    expect(rows.slice(1, 4)).toEqual([
      expect.stringMatching(/^127\.0\.0\.2:\d+ +two /),
      expect.stringMatching(/^127\.0\.0\.3:\d+ +three /),
      '',
    ]);
    expect(code).toBe(0);
    const lost = await once('none.jobs.svc,away.jobs.svc,hangs.jobs.svc,six.jobs.svc:1', [], env);
    expect(lost.rows.slice(1, 5)).toEqual([
      expect.stringMatching(/^\[::1\]:1 +(nothing listens there|no connection is made|\w+$)/),
      expect.stringMatching(/^none\.jobs\.svc:8080 +.*has no address: no worker runs there/),
      expect.stringMatching(/^away\.jobs\.svc:8080 +.*could not be looked up: it is away/),
      expect.stringMatching(/^hangs\.jobs\.svc:8080 +.*could not be looked up: no answer within 5 s/),
    ]);
    expect(lost.code).toBe(1);
    rmSync(dir, { recursive: true });
  });

  test('of 200 workers has a row each, and so has the line of JSON', async () => {
    const ports: number[] = [];
    for (let n = 0; n < 200; n++) ports.push(await answering(statusOf(`packing-${n}`)));
    const { rows, code } = await once(ports);
    expect(rows.filter((row) => / packing-\d+ /.test(row))).toHaveLength(200);
    expect(rows).toContain('200 workers: 400 of 1600 slots at work');
    expect(code).toBe(0);
    const line = lineIn((await once(ports, ['--json'])).stdout);
    expect(line.workers).toHaveLength(200);
    expect(line.sums).toMatchObject({ workers: 200, slots: 1_600, atWork: 400, unreadable: 0 });
  });

  test('turns nothing in a terminal that a worker has in its names', async () => {
    const port = await answering(
      statusOf('\u001B[2J\u0007evil\r\n', {
        version: '\u202Ekcab',
        handlers: [handler({ name: 'A\u009B31m' })],
        tasks: [{ handler: '\u001B]0;title\u0007', ageMs: 1, phase: 'handling' }],
      }),
    );
    const { stdout } = await once([port]);
    expect(stdout).toContain('�[2J�evil��');
    // eslint-disable-next-line no-control-regex
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u202E]/);
  });
});

test('real workers are shown with what they do, and a pause of one of them', async () => {
  const config = ['--config', 'test/fixtures/fleet/fleet.config.mjs'];
  const local = stepwright(['local', ...config, '--port', '0']);
  const url = await endpointOf(local);
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-fleet-'));
  const start = async (name: string): Promise<{ run: Run; port: number }> => {
    const flags = ['--health-port', '0', '--worker-name', name, '--control', join(dir, name)];
    const run = stepwright(['start', ...config, ...flags], { AWS_ENDPOINT_URL_SFN: url });
    const [, port] = await run.saw(/Health: http:\/\/127\.0\.0\.1:(\d+)/);
    await run.saw(WAITING);
    return { run, port: Number(port) };
  };
  const [one, two] = await Promise.all([start('one'), start('two')]);
  const ports = [one.port, two.port];
  const live = stepwright(['fleet', '--workers', String(ports), '--json', '--every', '200ms']);
  const until = async (seen: (line: Line) => boolean): Promise<Line> => {
    for (;;) {
      const last = live.stdout().split('\n').at(-2);
      if (last !== undefined && seen(lineIn(last))) return lineIn(last);
      await new Promise((resolve) => live.child.stdout?.once('data', resolve));
    }
  };
  await until(({ sums }) => sums['ready'] === 2);
  for (let n = 0; n < 3; n++) execute(url, 'RenderVideo', '{}');
  execute(url, 'ChargeCard', '{"ms":3600000}');
  const busy = await until(({ sums }) => sums['atWork'] === 4);
  expect(busy.sums).toMatchObject({
    ...{ workers: 2, unreadable: 0, slots: 20 },
    handlers: [
      { name: 'Orders.charge', workers: 2, slots: 16, atWork: 1 },
      { name: 'Orders.render', workers: 2, slots: 4, atWork: 3 },
    ],
    longestTask: { handler: expect.stringMatching(/^Orders\./), phase: 'handling' },
  });
  await stepwright(['control', join(dir, 'one'), 'pause', 'Orders.charge']).ended;
  const paused = await until(({ sums }) => JSON.stringify(sums['held']) === '{"control":1}');
  expect(paused.workers.find(({ name }) => name === 'one')).toMatchObject({
    handlers: [{ name: 'Orders.charge', held: { by: 'control' } }, { name: 'Orders.render' }],
  });
  const table = await once(ports);
  expect(table.rows.find((row) => / one /.test(row))).toMatch(
    / running +Orders\.charge, Orders\.render +\d of 10 +Orders\.charge: paused for \d+s /,
  );
  expect(table.rows.find((row) => / two /.test(row))).toMatch(/ – +– +\d+s Orders\.\w+$/);
  expect(table.code).toBe(0);
  // The other one drains, and is gone.
  two.run.child.kill('SIGTERM');
  await two.run.ended;
  const gone = await until(({ sums }) => sums['unreadable'] === 1);
  expect(gone.workers).toContainEqual(
    expect.objectContaining({ error: expect.stringMatching(/ECONN(REFUSED|RESET)/) }),
  );
  live.child.kill('SIGINT');
  expect(await live.ended).toEqual({ code: 0, signal: null });
  rmSync(dir, { recursive: true });
}, 120_000);

test('a reader that has enough ends the command', async () => {
  const port = await answering(statusOf('one'));
  const run = stepwright(['fleet', '--workers', String(port), '--json', '--every', '200ms']);
  await run.saw(/\n/);
  run.child.stdout?.destroy();
  expect(await run.ended).toEqual({ code: 0, signal: null });
  expect(run.stderr()).toBe('');
});

test.each([
  [[], /--workers: expected NAME\[:PORT\] .*such as worker\.jobs\.svc:8080, got nothing/],
  [['--workers', ' , '], /--workers: expected .*, got nothing/],
  [['--workers', 'http://a.example:81/status'], /got 'http:.*': did you mean a\.example:81\?/],
  [['--workers', 'fd00::7'], /got 'fd00::7': did you mean \[fd00::7\]:8080\?/],
  [['--workers', 'a:99999,b c'], /got 'a:99999'\n.*got 'b c'$/m],
  [['--workers', 'a/status'], /did you mean a:8080\?/],
  [['worker:8080', '10.0.0.1'], /workers are named by a flag: --workers worker:8080,10\.0\.0\.1/],
  [['--workers', 'a', '--every', '5'], /--every: expected a duration with its unit.*at least 200ms, got '5'/],
  [['--workers', 'a', '--every', '1ms'], /--every: expected .*got '1ms'/],
  [['--worker', 'a'], /Did you mean --workers\?/],
])('wrong arguments %j are told with what to write', async (args, message) => {
  const run = stepwright(['fleet', ...args]);
  expect(await run.ended).toMatchObject({ code: 1 });
  expect(run.stderr()).toMatch(message);
  expect(run.stdout()).toBe('');
});
