import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  NotStarted,
  type RunOptions,
  type WorkerProcess,
} from '../../src/framework/cli/supervise/worker-process.js';
import type { PlanSummary } from '../../src/framework/cli/supervise/plan-summary.js';
import { NO_COUNTS, type PublicStatus } from '../../src/framework/base/worker-status.js';
import { setStatus } from '../../src/framework/cli/supervise/set-status.js';
import { ProcessSet } from '../../src/framework/cli/supervise/process-set.js';
import { Supervisor } from '../../src/framework/cli/supervise/supervisor.js';
import { createLog } from '../../src/framework/base/log/log.js';
import { HandClock } from '../../src/framework/testing/index.js';
import { SummedMetrics } from '../../src/framework/worker/observe/metrics/summed-metrics.js';
import { endpointOf, execute, killAll, stepwright } from '../support/cli.js';

afterEach(killAll);

/** The name of a set, and the time at which it started. */
const SET = { name: 'set', startedAt: 9 };

/** Returns the status of an activity's worker. */
const statusOf = (name: string, change: Partial<PublicStatus> = {}): PublicStatus => ({
  ...{ name, version: '1.2.3', startedAt: 9 },
  ...{ state: 'running', ready: true, reasons: [], tasksInFlight: 0, tasks: [], counts: NO_COUNTS },
  handlers: [
    {
      ...{ name: 'Work.work', activityArn: 'arn', concurrency: 5, used: 2, running: 1, undelivered: 0 },
      polls: {
        ...{ open: 1, target: 1, state: 'open', lastAnswerAt: 7, heldInVain: false },
        ...{ heldSince: undefined, trouble: undefined },
      },
      queue: { emptyAt: undefined, emptyMinuteAt: undefined, minuteAt: 0, begun: [1] },
    },
  ],
  ...change,
});

/** A process that does what the test says. */
class FakeProcess {
  readonly said: string[] = [];
  status: PublicStatus | undefined;
  plan: PlanSummary | undefined;
  end: (code: number | null, signal?: string) => void = () => {};
  readonly ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    this.end = (code, signal) => resolve({ code, signal: signal ?? null });
  });
  beReady: () => void = () => {};
  readonly ready = new Promise<void>((resolve) => (this.beReady = resolve));
  speak: () => void = () => {};
  /** Has it take tasks; with an error it does not start. */
  start: (error?: Error) => void = () => {};

  constructor(
    readonly pid: number,
    private readonly settings: Partial<PlanSummary> = {},
  ) {}

  get name(): string {
    return `worker-${this.pid}`;
  }

  /** Has it import the project and run `setup`. */
  readPlan: () => Promise<unknown> = async () => {};

  run({ onPlanned }: Pick<RunOptions, 'onPlanned'>): Promise<void> {
    const plan = { graceMs: 60_000, stallAfterMs: false, ...this.settings } as PlanSummary;
    this.readPlan = () => onPlanned((this.plan = plan));
    return new Promise((resolve, reject) => {
      void this.ended.then(({ code }) => reject(new NotStarted(`it ended (${code})`, false)));
      this.start = (error) => {
        if (error) return reject(error);
        this.plan ??= plan;
        this.status = statusOf(this.name);
        resolve();
      };
    });
  }

  onMessage(listener: () => void): void {
    this.speak = listener;
  }

  drain(): void {
    this.said.push('drain');
  }

  kill(): void {
    this.said.push('kill');
    this.end(null, 'SIGKILL');
  }
}

/**
 * Makes a set on a hand clock, with its processes in the order of their starts.
 * @param settingsOf returns what the process at this index reads from the config
 */
function makeSet(count: number, settingsOf: (index: number) => Partial<PlanSummary> = () => ({})) {
  const clock = new HandClock();
  const lines: string[] = [];
  const begun: FakeProcess[] = [];
  const stop = new AbortController();
  const set = new Supervisor({
    ...{ count, clock, run: { flags: { texts: {}, handlers: [] }, log: { logLevel: 'info' } } },
    log: createLog({
      destination: { write: (line) => lines.push((JSON.parse(line) as { msg: string }).msg) },
    }),
    fork: () => {
      const made = new FakeProcess(100 + begun.length, settingsOf(begun.length));
      begun.push(made);
      return made as unknown as WorkerProcess;
    },
    onPlanned: async () => undefined,
    onFirst: () => lines.push('first'),
    onAll: () => lines.push('all'),
    onEnded: () => {},
  });
  const code = set.run(stop.signal);
  const at = (index: number): FakeProcess => {
    const found = begun[index];
    if (!found) throw new Error(`only ${begun.length} were begun`);
    return found;
  };
  const started = async (...indexes: number[]): Promise<void> => {
    for (const index of indexes) {
      at(index).start();
      await clock.settle();
    }
  };
  return { clock, lines, begun, set, stop, code, at, started };
}

describe('a set of processes', () => {
  test('begins with one, and with the others once that one takes tasks', async () => {
    const { clock, begun, started, lines } = makeSet(3);
    await clock.settle();
    expect(begun).toHaveLength(1);
    await started(0);
    expect(begun).toHaveLength(3);
    expect(lines).toEqual(['first']);
    await started(1, 2);
    expect(lines).toEqual(['first', 'all']);
  });

  test('where the first can not start, that is the end, and its reason is told', async () => {
    const { clock, begun, at, code } = makeSet(3);
    await clock.settle();
    at(0).start(new NotStarted('no database', true));
    at(0).end(1);
    await expect(code).rejects.toThrow('no database');
    expect(begun).toHaveLength(1);
  });

  test('one that has run for 10 s and ends is started again at once; one that ends sooner, ever later', async () => {
    const { clock, begun, at, started, lines } = makeSet(2);
    await clock.settle();
    await started(0, 1);
    await clock.advance(10_000);
    at(1).end(null, 'SIGKILL');
    await clock.settle();
    expect(begun).toHaveLength(3);
    expect(lines.at(-1)).toBe('process 2 of 2: its process has ended (SIGKILL); another starts');
    const pauses = [1, 2, 4, 8, 16, 30, 30];
    for (const [index, seconds] of pauses.entries()) {
      await started(2 + index);
      at(2 + index).end(3);
      await clock.advance(seconds * 1000 - 1);
      expect(begun).toHaveLength(3 + index);
      await clock.advance(1);
      expect(begun).toHaveLength(4 + index);
    }
  });

  test('where one ends quickly five times in a row, and no other has run for 10 s, it gives up', async () => {
    const { clock, begun, at, started, code } = makeSet(1);
    const failed = code.catch((error: unknown) => error);
    await clock.settle();
    for (const [index, seconds] of [1, 2, 4, 8, 60].entries()) {
      await started(index);
      at(index).end(3);
      await clock.advance(seconds * 1000);
    }
    expect(String(await failed)).toMatch(
      /: process 1 of 1: its process has ended \(exit code 3\); 5 times in a row/,
    );
    expect(begun).toHaveLength(5);
  });

  test('a stop drains all and waits for all; one that drains for too long is killed, and the code is 1', async () => {
    const { clock, at, started, stop, code } = makeSet(2);
    await clock.settle();
    await started(0, 1);
    stop.abort();
    await clock.settle();
    expect([at(0).said, at(1).said]).toEqual([['drain'], ['drain']]);
    at(0).end(0);
    await clock.advance(96_999);
    expect(at(1).said).toEqual(['drain']);
    await clock.advance(1);
    expect(at(1).said).toEqual(['drain', 'kill']);
    expect(await code).toBe(1);
  });

  test('one that has drained is not taken for stuck while another still drains', async () => {
    const { clock, at, started, stop, lines } = makeSet(2, () => ({ stallAfterMs: 3_000 }));
    await clock.settle();
    await started(0, 1);
    stop.abort();
    at(0).end(0);
    for (let second = 0; second < 20; second++) {
      at(1).speak();
      await clock.advance(1_000);
    }
    expect([at(0).said, at(1).said, lines]).toEqual([['drain'], ['drain'], ['first', 'all']]);
  });

  test('a reload drains an old one when its new one is ready, one after another, and takes a second request', async () => {
    const { clock, begun, at, started, set, lines, stop, code } = makeSet(2);
    await clock.settle();
    await started(0, 1);
    set.reload();
    set.reload();
    await clock.settle();
    expect(begun).toHaveLength(3);
    await started(2);
    expect(at(0).said).toEqual([]);
    at(2).beReady();
    await clock.settle();
    expect([at(0).said, at(1).said, begun.length]).toEqual([['drain'], [], 4]);
    at(0).end(0);
    await started(3);
    at(3).beReady();
    await clock.settle();
    expect(at(1).said).toEqual(['drain']);
    // The second reload begins with the first slot, whose new process is old by now.
    await started(4);
    at(4).beReady();
    await clock.settle();
    expect(at(2).said).toEqual(['drain']);
    expect(lines.filter((line) => line === 'reloaded: all processes are new')).toHaveLength(1);
    stop.abort();
    for (const each of begun) each.end(0);
    await clock.settle();
    for (const each of begun) each.end(0);
    expect(await code).toBe(0);
  });

  test('a process that a reload with a shorter grace replaces drains by its own grace, and counts as stuck by its own stallAfter', async () => {
    const settings = [
      { graceMs: 600_000 },
      { stallAfterMs: 60_000 },
      { graceMs: 1_000, stallAfterMs: 3_000 },
    ];
    const { clock, at, started, set } = makeSet(2, (index) => settings[index] ?? {});
    await clock.settle();
    await started(0, 1);
    set.reload();
    await clock.settle();
    await started(2);
    at(2).beReady();
    await clock.settle();
    const pass = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        at(2).speak();
        await clock.advance(1_000);
      }
    };
    await pass(30);
    expect([at(0).said, at(1).said]).toEqual([['drain'], []]);
    // 600 s of grace, 36 s for the last reports and connections, and 1 s more.
    await pass(606);
    expect([at(0).said, at(1).said]).toEqual([['drain'], ['kill']]);
    await pass(1);
    expect(at(0).said).toEqual(['drain', 'kill']);
  });

  test('a reload whose new process ends, or does not start, leaves the old ones; one that died meanwhile is replaced', async () => {
    const { clock, begun, at, started, set, lines } = makeSet(2);
    await clock.settle();
    await started(0, 1);
    set.reload();
    await clock.settle();
    at(2).start(new NotStarted('broken', true));
    await clock.settle();
    expect(lines.at(-1)).toBe('the reload ends here, and the running processes continue: broken');
    set.reload();
    await clock.settle();
    await started(3);
    await clock.advance(10_000);
    at(0).end(null, 'SIGSEGV');
    at(3).end(1);
    await clock.settle();
    expect(at(1).said).toEqual([]);
    expect(lines).toContain('process 1 of 2: its process has ended (SIGSEGV); another starts');
    expect(begun).toHaveLength(5);
  });

  test('a reload whose new process does not start, or is not ready, within 10 min is given up, and the old ones stay', async () => {
    const { clock, begun, at, started, set, lines } = makeSet(2);
    await clock.settle();
    await started(0, 1);
    set.reload();
    await clock.advance(10 * 60_000);
    expect(lines.at(-1)).toMatch(
      /^the reload ends here, and the running processes continue: the new process did not get past the import of the config /,
    );
    expect([at(0).said, at(1).said, at(2).said]).toEqual([[], [], ['kill']]);
    set.reload();
    await clock.settle();
    await at(3).readPlan();
    await started(3);
    await clock.advance(10 * 60_000);
    expect(lines.at(-1)).toBe(
      'the reload ends here, and the running processes continue: the new process was not ready within 10 min',
    );
    expect([at(0).said, at(1).said, at(3).said]).toEqual([[], [], ['drain']]);
    expect(begun).toHaveLength(4);
  });

  test('a process that dies while a reload waits for its successor is replaced at once, and that is said once', async () => {
    const { clock, begun, at, started, set, lines } = makeSet(2, () => ({ stallAfterMs: 3_000 }));
    await clock.settle();
    await started(0, 1);
    const pass = async (seconds: number, ...alive: number[]): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        for (const index of alive) at(index).speak();
        await clock.advance(1000);
      }
    };
    await pass(10, 0, 1);
    set.reload();
    await clock.settle();
    const before = lines.length;
    at(0).end(null, 'SIGKILL');
    await clock.settle();
    expect(begun).toHaveLength(4);
    await started(3);
    expect(set.workers.members[0]?.current?.pid).toBe(103);
    await pass(20, 1, 3);
    expect(lines.slice(before)).toEqual([
      'process 1 of 2: its process has ended (SIGKILL); another starts',
      'process 1 of 2 runs again',
    ]);
    // The reload goes on once its own process is ready.
    await started(2);
    at(2).beReady();
    await clock.settle();
    expect([at(3).said, set.workers.members[0]?.current?.pid]).toEqual([['drain'], 102]);
  });

  test('a start that never ends is given up after 10 min, unless it only waits for the service', async () => {
    const { clock, begun, at, started, lines } = makeSet(2);
    await clock.settle();
    await started(0);
    await at(1).readPlan();
    await clock.advance(60 * 60_000);
    expect([begun.length, at(1).said]).toEqual([2, []]);
    at(0).end(1);
    await clock.advance(10 * 60_000);
    expect(at(2).said).toEqual(['kill']);
    expect(lines.at(-1)).toBe('process 1 of 2: it does not start; another starts in 1 s');
  });

  test('a stop ends a process that still starts after the time that closing takes, however long a drain may take', async () => {
    const { clock, at, stop, code, lines } = makeSet(2);
    await clock.settle();
    stop.abort();
    await clock.settle();
    expect(at(0).said).toEqual(['drain']);
    await clock.advance(6_000);
    expect(at(0).said).toContain('kill');
    expect(lines).toEqual(['a process has not drained within 6 s: it is killed']);
    expect(await code).toBe(1);
  });

  test('one of which nothing is heard is not ready after 5 s, and killed past stallAfter', async () => {
    const { clock, at, started, set } = makeSet(2, () => ({ stallAfterMs: 60_000 }));
    await clock.settle();
    await started(0, 1);
    const reasons = (): readonly string[] => setStatus(set, SET, NO_COUNTS).reasons;
    const pass = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        at(0).speak();
        await clock.advance(1000);
      }
    };
    await pass(5);
    expect(reasons()).toEqual([]);
    await pass(59);
    expect(reasons()).toEqual(['process 2 of 2: its event loop has been blocked for 64 s']);
    expect(at(1).said).toEqual([]);
    at(0).speak();
    await clock.advance(1000);
    expect([at(0).said, at(1).said]).toEqual([[], ['kill']]);
  });

  test('its status is that of all together, and it is ready where each place is', async () => {
    const { clock, at, started, set } = makeSet(2);
    await clock.settle();
    expect(setStatus(set, SET, NO_COUNTS)).toMatchObject({ state: 'created', ready: false });
    await started(0, 1);
    at(1).status = statusOf('worker-101', {
      ...{ ready: false, reasons: ['Work.work: no poll was answered yet'], tasksInFlight: 3 },
      counts: { ...NO_COUNTS, received: 4 },
    });
    const [handler] = at(1).status?.handlers ?? [];
    Object.assign(handler ?? {}, {
      queue: { emptyAt: 50, emptyMinuteAt: 0, minuteAt: 60_000, begun: [3, 5] },
    });
    const counted = { ...NO_COUNTS, received: 10, failed: 1 };
    const status = setStatus(set, SET, counted);
    expect(status).toMatchObject({
      ...{ name: 'set', startedAt: 9, state: 'running', ready: false, tasksInFlight: 3 },
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      reasons: ['process 2 of 2: Work.work: no poll was answered yet'],
      counts: { received: 14, failed: 1 },
      handlers: [
        {
          ...{ name: 'Work.work', concurrency: 10, used: 4, running: 2, polls: { open: 2, target: 2 } },
          queue: { emptyAt: 50, emptyMinuteAt: 0, minuteAt: 60_000, begun: [3, 6] },
        },
      ],
      processes: [
        { number: 1, pid: 100, worker: 'worker-100', ready: true, restarts: 0 },
        { number: 2, pid: 101, worker: 'worker-101', ready: false, restarts: 0 },
      ],
    });
    at(1).end(1);
    await clock.settle();
    expect(setStatus(set, SET, counted).reasons).toEqual([
      'process 2 of 2: its process has ended (exit code 1)',
    ]);
  });

  test('its drain lasts from the first process that drains to the last grace', async () => {
    const { at, started, set, clock, stop } = makeSet(2);
    await clock.settle();
    await started(0, 1);
    at(1).status = statusOf('worker-101', { drain: { since: 5, graceUntil: 7 } });
    expect(setStatus(set, SET, NO_COUNTS).drain).toBeUndefined();
    stop.abort();
    at(0).status = statusOf('worker-100', { drain: { since: 6, graceUntil: 9 } });
    expect(setStatus(set, SET, NO_COUNTS).drain).toEqual({ since: 5, graceUntil: 9 });
  });
});

test('a preloaded process that has died is not used: the next start takes another', async () => {
  const begun: FakeProcess[] = [];
  const set = new ProcessSet({
    ...{ count: 1, clock: new HandClock() },
    fork: () => {
      const made = new FakeProcess(100 + begun.length);
      begun.push(made);
      return made as unknown as WorkerProcess;
    },
    runOptions: () => ({ flags: { texts: {}, handlers: [] }, log: { logLevel: 'info' } }),
    onDrain: () => {},
    onExit: () => {},
  });
  const [member] = set.members;
  if (!member) throw new Error('a set has a member');
  set.preload();
  begun[0]?.end(null, 'SIGKILL');
  await begun[0]?.ended;
  const replaced = set.replace(member, { onPlanned: async () => undefined });
  begun[1]?.start();
  expect((await replaced).pid).toBe(101);
});

test('sums of metrics do not fall where a process has ended, and what was measured of the moment is gone with it', async () => {
  const metric = (name: string, type: string, value: number, aggregator = 'sum') => ({
    ...{ name, type, help: name, aggregator, values: [{ value, labels: { handler: 'a' } }] },
  });
  const of = (tasks: number, open: number, late: number) => [
    metric('tasks_total', 'counter', tasks),
    metric('polls', 'gauge', open),
    metric('delay', 'gauge', late, 'max'),
    { ...metric('stepwright_worker_ready', 'gauge', 1, 'min'), values: [{ value: 1, labels: {} }] },
  ];
  const sums = new SummedMetrics();
  const linesOf = async (...running: ReturnType<typeof of>[]): Promise<string[]> =>
    (await sums.text(running, { ready: false })).text
      .split('\n')
      .filter((line) => line && !line.startsWith('#'));
  expect(await linesOf(of(3, 1, 5), of(4, 2, 2))).toEqual([
    'tasks_total{handler="a"} 7',
    'polls{handler="a"} 3',
    'delay{handler="a"} 5',
    'stepwright_worker_ready 0',
  ]);
  sums.keep(of(3, 1, 5));
  sums.keep(of(1, 1, 5));
  expect(await linesOf(of(4, 2, 2))).toEqual([
    'tasks_total{handler="a"} 8',
    'polls{handler="a"} 2',
    'delay{handler="a"} 2',
    'stepwright_worker_ready 0',
  ]);
});

test('two processes share the embedded service and one health port, and SIGTERM drains both', async () => {
  const options = ['--port', '0', '--health-port', '0'];
  const run = stepwright(['start', '--processes', '2', ...options]);
  await run.saw(/Waiting for a task to start/);
  const [, health = ''] = await run.saw(/Health: (http:\/\/127\.0\.0\.1:\d+)\//);
  expect(run.stdout().match(/Endpoint: /g)).toHaveLength(1);
  const { processes } = (await (await fetch(`${health}/status`)).json()) as PublicStatus;
  expect(new Set(processes?.map(({ worker }) => worker)).size).toBe(2);
  expect(await (await fetch(`${health}/metrics`)).text()).toContain(
    'stepwright_worker_state{state="running"} 2\n',
  );
  run.child.kill('SIGTERM');
  expect(await run.ended).toEqual({ code: 0, signal: null });
  expect(run.stdout().match(/worker is stopped/g)).toHaveLength(2);
  expect(run.stderr()).toBe('');
});

test('what a handler sends to its parent process is dropped, and ends no set', async () => {
  const run = stepwright([
    ...['start', '--processes', '1', '--log-level', 'debug'],
    ...['--config', 'test/fixtures/processes/processes.config.mjs'],
  ]);
  const url = await endpointOf(run);
  const sends = execute(url, 'Work', '{"send":["ready",null,{"kind":"failed","text":"no"}]}');
  expect(await sends.ended).toEqual({ code: 0, signal: null });
  await run.saw(/"process\.send\(\) was called: nothing receives/);
  run.child.kill('SIGTERM');
  expect(await run.ended).toEqual({ code: 0, signal: null });
  expect(run.stdout()).not.toMatch(/another starts/);
});

test('a process that is blocked does not outlive a supervisor that was killed', async () => {
  const config = 'test/fixtures/processes/processes.config.mjs';
  const args = ['--config', config, '--processes', '1', '--endpoint', 'http://127.0.0.1:1'];
  const run = stepwright(['start', ...args], { SETUP: 'loops' });
  const [, pid] = await run.saw(/process (\d+) loops/);
  // A zombie has exited, and its parent has not read its code yet.
  const isAlive = (): boolean =>
    /^[^Z]/.test(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout);
  expect(isAlive()).toBe(true);
  run.child.kill('SIGKILL');
  while (isAlive()) await new Promise((next) => setTimeout(next, 10));
});

test('a reload that is asked for while the supervisor itself still loads ends nothing', async () => {
  // The process sends itself the signal when its very first lines have run.
  const early = `if (process.argv[2] === 'start')
    process.once('newListener', () => setImmediate(() => process.kill(process.pid, 'SIGUSR2')));`;
  const run = stepwright(['start', '--processes', '1', '--endpoint', 'http://127.0.0.1:1'], {
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(early)}`,
  });
  await run.saw(/Waiting for a task to start/);
  run.child.kill('SIGTERM');
  expect(await run.ended).toEqual({ code: 0, signal: null });
});

test('a number of processes that means nothing is refused, wherever it is said', async () => {
  const [flag, variable] = [
    stepwright(['start', '--processes', '0']),
    stepwright(['start'], { STEPWRIGHT_PROCESSES: 'many' }),
  ];
  expect([(await flag.ended).code, (await variable.ended).code]).toEqual([1, 1]);
  for (const run of [flag, variable])
    expect(run.stderr()).toContain('Expected a number of processes, from 1 to 1000, or auto.');
});
