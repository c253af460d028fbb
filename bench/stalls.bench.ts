import { parseArgs } from 'node:util';
import type { Benchmark, Findings } from './benchmark.js';
import { TRIALS, type Trial, type Tried } from './support/workers/stall-trials.js';
import { contestants } from './support/workers/contestant.js';

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
