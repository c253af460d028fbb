import { parseArgs } from 'node:util';
import type { Benchmark, Findings } from './benchmark.js';
import { type Candidate, CANDIDATES, removeProject } from './support/hello/candidates.js';
import { measureRound, type Round } from './support/hello/round.js';
import { median } from './support/measure/median.js';
import { round } from './support/show/table.js';
import { installRivals } from './support/workers/rivals.js';

const DELAY_MS = 20;
const TASKS_MS = [0, 50, 500];
const IN_FLIGHT = 100;
const ROUNDS = 3;

/** Returns the most tasks a second: each slot takes a poll, the task and a report, one after the other. */
const most = (sleepMs: number): number => (IN_FLIGHT * 1_000) / (2 * DELAY_MS + sleepMs);

export default {
  title: `each call takes ${DELAY_MS} ms, tasks take 0, 50 and 500; medians of ${ROUNDS}, or --rounds N`,
  run: async (args): Promise<Findings> => {
    const { values } = parseArgs({ args: [...args], options: { rounds: { type: 'string' } } });
    const rounds = Number(values.rounds ?? ROUNDS);
    const absent = installRivals();
    const candidates = CANDIDATES.filter((who) => !absent || who === 'Stepwright' || who === 'bare loop');
    const rows: string[][] = [];
    const measured: { sleepMs: number; who: Candidate; rounds: Round[] }[] = [];
    try {
      for (const sleepMs of TASKS_MS) {
        const all = candidates.map((who) => ({ sleepMs, who, rounds: [] as Round[] }));
        for (let n = 0; n < rounds; n++)
          for (const { who, rounds: each } of all)
            each.push(await measureRound(who, { inFlight: IN_FLIGHT, delayMs: DELAY_MS, sleepMs }));
        measured.push(...all);
        rows.push(...all.map(({ who, rounds: each }) => rowOf(sleepMs, who, each)));
        console.error(`  measured ${sleepMs} ms`);
      }
    } finally {
      removeProject();
    }
    const columns = ['task', 'worker', 'tasks/s', 'of slots in sequence', 'processor time a task'];
    return {
      tables: [{ title: `${DELAY_MS} ms on every call, ${IN_FLIGHT} in flight`, columns, rows }],
      broken: [],
      measured,
    };
  },
} satisfies Benchmark;

function rowOf(sleepMs: number, who: Candidate, rounds: readonly Round[]): string[] {
  const perSecond = median(rounds.map((each) => each.perSecond));
  return [
    `${sleepMs} ms`,
    who,
    String(Math.round(perSecond)),
    round(perSecond / most(sleepMs)),
    `${round(median(rounds.map((each) => each.cpuMs)))} ms`,
  ];
}
