import { expect, test } from '@jest/globals';
import {
  NotStarted,
  type ProcessExit,
  ReplaceableWorker,
  type WorkerProcess,
} from '../../src/framework/cli/dev/worker-process.js';

/** A process that does what the test says. */
class FakeProcess {
  readonly said: string[] = [];
  end: (code: number | null, signal?: string) => void = () => {};
  readonly ended = new Promise<ProcessExit>((resolve) => {
    this.end = (code, signal) => resolve({ code, signal: signal ?? null, error: undefined });
  });
  /** Has it take tasks; with an error it does not start. */
  start: (error?: Error) => void = () => {};
  readonly #started = new Promise<void>((resolve, reject) => {
    this.start = (error) => (error ? reject(error) : resolve());
  });

  constructor(readonly pid: number) {
    this.#started.catch(() => {});
  }

  run(): Promise<void> {
    return this.#started;
  }

  drain(): void {
    this.said.push('drain');
  }

  kill(): void {
    this.said.push('kill');
    this.end(null, 'SIGKILL');
  }
}

function make() {
  const begun: FakeProcess[] = [];
  const lost: ProcessExit[] = [];
  const worker = new ReplaceableWorker({
    fork: () => {
      const made = new FakeProcess(100 + begun.length);
      begun.push(made);
      return made as unknown as WorkerProcess;
    },
    onDrain: ({ pid }) => void begun[Number(pid) - 100]?.said.push('polls end'),
    onLost: (exit) => void lost.push(exit),
  });
  const at = (index: number): FakeProcess => {
    const found = begun[index];
    if (!found) throw new Error(`no process ${index} was forked`);
    return found;
  };
  const replace = (signal = new AbortController().signal): Promise<WorkerProcess> => {
    const flags = { texts: {}, handlers: [] };
    return worker.replace({ flags, log: { logLevel: 'info' }, onPlanned: async () => undefined }, signal);
  };
  return { worker, at, lost, replace };
}

test('the old process drains only when the new one takes tasks, after its polls have been ended', async () => {
  const { worker, at, replace } = make();
  worker.preload();
  const first = replace();
  at(0).start();
  await first;
  const second = replace();
  expect([worker.current?.pid, at(0).said]).toEqual([100, []]);
  at(1).start();
  expect((await second).pid).toBe(101);
  expect([worker.current?.pid, at(0).said]).toEqual([101, ['polls end', 'drain']]);
});

test('a process that does not start, or is not wanted any more, leaves the old one', async () => {
  const { worker, at, replace } = make();
  const first = replace();
  at(0).start();
  await first;
  const broken = replace();
  at(1).start(new NotStarted('broken'));
  await expect(broken).rejects.toThrow('broken');
  const obsolete = new AbortController();
  const unwanted = replace(obsolete.signal);
  obsolete.abort(new Error('there is newer code'));
  await expect(unwanted).rejects.toThrow('there is newer code');
  expect([at(0).said, at(1).said, at(2).said]).toEqual([[], ['kill'], ['kill']]);
  expect(worker.current?.pid).toBe(100);
});

test('a preloaded process that has died is not used: the next start takes another', async () => {
  const { worker, at, replace } = make();
  worker.preload();
  at(0).end(null, 'SIGKILL');
  await at(0).ended;
  const replaced = replace();
  at(1).start();
  expect((await replaced).pid).toBe(101);
});

test('an exit is told if nobody asked for it, and the end waits for all processes', async () => {
  const { worker, at, lost, replace } = make();
  const first = replace();
  at(0).start();
  await first;
  at(0).end(1);
  await at(0).ended;
  expect([worker.current, lost.map(({ code }) => code)]).toEqual([undefined, [1]]);
  const next = replace();
  at(1).start();
  await next;
  worker.preload();
  const end = worker.end();
  expect([at(1).said, at(2).said]).toEqual([
    ['polls end', 'drain'],
    ['kill', 'polls end', 'drain'],
  ]);
  at(1).end(0);
  await end;
  expect(lost).toHaveLength(1);
});
