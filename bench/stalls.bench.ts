import { parseArgs } from 'node:util';
import type { Benchmark, Findings } from './benchmark.js';
import { intervals } from './support/trials/intervals.js';
import { blocked, burst, stopped } from './support/trials/stalled-process.js';
import type { Tried } from './support/trials/trial.js';
import { brownOut, failingBeats } from './support/trials/troubled-service.js';
import { contestants } from './support/workers/contestant.js';
import type { Candidate } from './support/workers/workers.js';

interface TrialOf {
  readonly title: string;
  /** @param quick whether it is only to be seen that it works */
  run(candidates: readonly Candidate[], quick: boolean): Promise<Tried[]>;
}

const TRIALS = {
  blocked: {
    title: 'a loop that is blocked for 18 s at the 58th second of its polls, four tasks answered meanwhile',
    run: blocked,
  },
  stopped: { title: 'a process that is stopped for 87 s, five tasks answered meanwhile', run: stopped },
  'brown-out': {
    title: 'a service that answers late for two minutes, 2,000 tasks in flight, HeartbeatSeconds 60',
    run: brownOut,
  },
  intervals: {
    title: 'tasks of three intervals in one worker, heartbeatRate 500: the longest that one was silent',
    run: intervals,
  },
  burst: { title: 'a process that is stopped for 6 s at a rate of 250 beats/s', run: burst },
  'failing beats': {
    title: 'half of all heartbeats fail, HeartbeatSeconds three intervals',
    run: failingBeats,
  },
} as const satisfies Record<string, TrialOf>;

type Trial = keyof typeof TRIALS;

function tabulate(trials: ReadonlyMap<Trial, readonly Tried[]>): Findings {
  const all = [...trials];
  return {
    tables: all.map(([name, tried]) => ({
      title: TRIALS[name].title,
      columns: ['who', ...Object.keys(tried[0]?.figures ?? {})],
      rows: tried.map(({ who, figures }) => [who, ...Object.values(figures)]),
    })),
    broken: all.flatMap(([name, tried]) =>
      tried.flatMap(({ broken }) => (broken === undefined ? [] : [`${name}: ${broken}`])),
    ),
    measured: Object.fromEntries(all),
  };
}

export default {
  title: `what a stall, a slow service and mixed intervals do to leases (--trial NAME, --quick; the trials: ${Object.keys(TRIALS).join(', ')})`,
  run: async (args) => {
    const { values } = parseArgs({
      args: [...args],
      options: { trial: { type: 'string', multiple: true }, quick: { type: 'boolean', default: false } },
    });
    const candidates = contestants();
    const trials = new Map<Trial, readonly Tried[]>();
    for (const name of Object.keys(TRIALS) as Trial[]) {
      if (values.trial && !values.trial.includes(name)) continue;
      console.error(`  ${name} …`);
      trials.set(name, await TRIALS[name].run(candidates, values.quick));
    }
    return tabulate(trials);
  },
} satisfies Benchmark;
