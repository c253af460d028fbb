import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { startLocalService } from 'stepwright/local';
import { faultPlan } from '../../support/faults.js';
import { begin, type Death, die, type Phase } from './life.js';
import { buryAll, CAN_UNSHARE, HAS_TERMINALS, start, type Streams } from './streams.js';

afterAll(buryAll);

const PHASES: readonly Phase[] = ['booting', 'looking activities up', 'polling', 'working', 'draining'];

type Row = readonly [phase: Phase, what: string, streams: Streams, options?: { process1: boolean }];

const BROKEN: readonly [string, Streams][] = (['closed', 'full', 'gone', 'stopped'] as const).map((end) => [
  `all streams ${end}`,
  [end, end, end],
]);
const ALONE: readonly [string, Streams][] = (['full', 'gone', 'stopped'] as const).flatMap((end) => [
  [`stdout ${end}`, ['fine', end, 'fine']],
  [`stderr ${end}`, ['fine', 'fine', end]],
]);
const FULL_DISK: [string, Streams] = ['a disk that fills', 'tmpfs'];
const TERMINALS: readonly [string, Streams][] = [
  ['a terminal that is gone', 'terminal-gone'],
  ['a terminal that is stopped', 'terminal-stopped'],
];

const inEveryPhase = (streams: readonly [string, Streams][]): Row[] =>
  PHASES.flatMap((phase) => streams.map(([what, each]): Row => [phase, what, each]));

/** Skips rows that this machine can't run, and prints that they prove nothing. */
function where(possible: boolean, reason: string, rows: readonly Row[]): readonly Row[] {
  if (!possible) process.stderr.write(`SKIPPED: ${rows.length} deaths, for ${reason}\n`);
  return possible ? rows : [];
}

const DEATHS: readonly Row[] = [
  ...inEveryPhase(BROKEN),
  ...ALONE.map(([what, streams]): Row => ['working', what, streams]),
  ...where(HAS_TERMINALS, 'there is no `script` to make terminals with', inEveryPhase(TERMINALS)),
  ...where(CAN_UNSHARE, 'a disk of its own is refused', inEveryPhase([FULL_DISK])),
  ...where(
    CAN_UNSHARE,
    'to be process 1 is refused',
    [...BROKEN, FULL_DISK].map(([what, streams]): Row => [
      'booting',
      `as process 1, ${what}`,
      streams,
      { process1: true },
    ]),
  ),
];

/** The expected end in each phase. A second signal ends a drain. */
const AS_IT_SHOULD: Record<Phase, Death> = {
  booting: { code: 0, task: undefined },
  'looking activities up': { code: 0, task: undefined },
  polling: { code: 0, task: 'SUCCEEDED' },
  working: { code: 0, task: 'SUCCEEDED' },
  draining: { code: 143, task: 'RUNNING' },
};

describe('a worker whose streams are broken works on, and ends when it is told to', () => {
  test.concurrent.each(DEATHS)('%s, with %s', async (phase, _, streams, options) => {
    const life = await begin(phase, streams, options);
    try {
      expect(await die(life, phase)).toEqual(AS_IT_SHOULD[phase]);
    } finally {
      await life.close();
    }
  });
});

const IN_PROCESSES = ['--handler', 'Deaths.work.run=process'];
const WITH_CHILDREN: readonly [string, Phase, Streams, readonly string[]][] = [
  ['handlers in processes', 'polling', ['fine', 'gone', 'fine'], IN_PROCESSES],
  ['handlers in processes', 'draining', ['fine', 'stopped', 'fine'], IN_PROCESSES],
  ['handlers in processes', 'working', ['fine', 'stopped', 'stopped'], IN_PROCESSES],
];

describe('a worker with processes of its own works on and ends as well where its streams are broken', () => {
  test.concurrent.each(WITH_CHILDREN)('%s, %s, with %j', async (_, phase, streams, flags) => {
    const life = await begin(phase, streams, { flags });
    try {
      expect(await die(life, phase)).toEqual(AS_IT_SHOULD[phase]);
    } finally {
      await life.close();
    }
  });
});

(HAS_TERMINALS ? describe : describe.skip)('an exit without its terminal', () => {
  test('writes into no file that is opened meanwhile', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'stepwright-opened-'));
    const opened = join(dir, 'file');
    writeFileSync(opened, 'a record of somebody\n');
    const life = await begin('draining', 'terminal-gone', { opened });
    try {
      expect(await die(life, 'draining')).toEqual(AS_IT_SHOULD.draining);
      expect(readFileSync(opened, 'utf8')).toBe('a record of somebody\n');
    } finally {
      await life.close();
      rmSync(dir, { recursive: true });
    }
  });
});

const FINE: Streams = ['fine', 'fine', 'fine'];

describe('a death is seen', () => {
  const exits = [
    [7, 7],
    [0, 1],
  ] as const;
  test.concurrent.each(exits)(
    'process.exit(%i) in a handler says what was running, and the exit code is %i',
    async (asked, code) => {
      const life = await begin('working', FINE);
      try {
        await life.execute({ hold: true });
        await life.told('working');
        await life.execute({ exit: asked });
        expect(await life.victim.ended).toBe(code);
        expect(life.victim.said(2)).toBe(
          `The process ends (${asked}) with 2 task(s) in flight, left to their timeouts: Deaths.work (2)\n`,
        );
      } finally {
        await life.close();
      }
    },
  );

  test.concurrent('a second signal says what it left', async () => {
    const life = await begin('draining', FINE);
    try {
      expect(await die(life, 'draining')).toEqual({ code: 143, task: 'RUNNING' });
      expect(life.victim.said(2)).toMatch(/\(143\) with 1 task\(s\) in flight.*: Deaths\.work \(1\)\n$/);
      expect(life.victim.said(1)).toMatch(/"stopped at once; /);
    } finally {
      await life.close();
    }
  });

  test.concurrent('an end that was asked for says nothing on stderr, and its last line is in the log', async () => {
    const life = await begin('working', FINE);
    try {
      expect(await die(life, 'working')).toEqual({ code: 0, task: 'SUCCEEDED' });
      expect(life.victim.said(2)).toBe('x\n');
      expect(life.victim.said(1)).toMatch(/"worker is stopped"[^\n]*\n$/);
    } finally {
      await life.close();
    }
  });

  test.concurrent.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s before anything runs is a line, and 0',
    async (name) => {
      const life = await begin('booting', FINE);
      try {
        await life.told('booting');
        life.victim.signal(name);
        expect(await life.victim.ended).toBe(0);
        expect(life.victim.said(2)).toBe(
          `${name} came before anything ran: stopped, and no task was taken\n`,
        );
      } finally {
        await life.close();
      }
    },
  );

  test.concurrent('a command that does not run until it is stopped ends with the code of the signal', async () => {
    const faults = faultPlan();
    faults.always('StartExecution', { kind: 'black-hole' });
    const service = await startLocalService({ port: 0, fault: faults.hook });
    service.seedMachine({
      name: 'M',
      definition: JSON.stringify({ StartAt: 'S', States: { S: { Type: 'Succeed' } } }),
    });
    const victim = start(['execute', 'M', '--endpoint', service.url], {}, FINE);
    try {
      while (faults.count('StartExecution') === 0) await new Promise((next) => setTimeout(next, 10));
      victim.signal('SIGINT');
      expect(await victim.ended).toBe(130);
    } finally {
      victim.bury();
      await service.close();
    }
  });

  test.concurrent.each(['closed', 'full', 'gone', 'stopped'] as const)(
    'a start that fails ends with 1 where stderr is %s',
    async (end) => {
      const victim = start(['start', '--port', 'abc'], {}, ['fine', 'fine', end]);
      try {
        expect(await victim.ended).toBe(1);
      } finally {
        victim.bury();
      }
    },
  );
});

test('what is loaded before signals are caught is our own, and little', () => {
  const loaded = new Set<string>();
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    if (!file.startsWith('/')) return;
    const source = readFileSync(file.replace(/\.js$/, '.ts'), 'utf8');
    for (const [, to = ''] of source.matchAll(/^import (?!type)[^;]*?'([^']+)';/gm)) {
      load(to.startsWith('.') ? resolve(file, '..', to) : to);
    }
  };
  // The first file imports the second, and nothing else, once it knows that this Node can load it.
  const [, second] = /import\('(.*)'\)/.exec(readFileSync('src/framework/cli/main.ts', 'utf8')) ?? [];
  load(resolve('src/framework/cli/main.js'));
  load(resolve('src/framework/cli', second ?? ''));
  const names = [...loaded].map((each) =>
    each.startsWith('/') ? relative(resolve('src/framework'), each) : each,
  );
  const ours = ['main', 'run', 'process/signals', 'process/exit-now', 'process/compile-cache'];
  const rest = ['base/log/stdio.js', 'base/time/clock.js', 'node:fs', 'node:module', 'node:path', 'node:url'];
  expect(new Set(names)).toEqual(new Set([...ours.map((each) => `cli/${each}.js`), ...rest]));
});
