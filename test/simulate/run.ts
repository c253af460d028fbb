import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { drawPlan, type Plan, writePlan } from './plan.js';
import { shrink } from './shrink.js';
import { simulate } from './world.js';

const HELP = `npm run simulate -- [--seed N | --seeds A-B | --minutes M | --plan FILE] [--verbose]
  --seed      runs the story that this seed tells (default 1)
  --seeds     runs the stories of all seeds from A to B
  --minutes   runs stories for so long, from a seed that the time decides
  --plan      runs a plan, as a failure prints it
  --verbose   prints the plan and everything that happened
A broken promise is printed with a plan cut down to what breaks it, and the exit code is 1.`;

/** The lines that are printed of a failure, and kept of each run. */
const LAST_LINES = 40;
/** A seed is of six digits, so that it can be read out. */
const SEEDS = 1_000_000;

interface Options {
  readonly plans: Iterable<Plan>;
  readonly verbose: boolean;
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      seeds: { type: 'string' },
      minutes: { type: 'string' },
      plan: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const { seed, seeds = seed, minutes, plan, verbose, help } = values;
  if (help) return undefined;
  if (plan !== undefined) return { plans: [JSON.parse(readFileSync(plan, 'utf8')) as Plan], verbose };
  if (minutes !== undefined) return { plans: plansFor(Number(minutes) * 60_000), verbose };
  const [from = 1, to = from] = seeds.split('-').map(Number);
  return { plans: plansOf(from, to), verbose };
}

function* plansOf(from: number, to: number): Generator<Plan> {
  for (let seed = from; seed <= to; seed++) yield drawPlan(seed);
}

function* plansFor(ms: number): Generator<Plan> {
  const from = Math.floor(Date.now() / 1_000) % SEEDS;
  const end = performance.now() + ms;
  for (let seed = from; performance.now() < end; seed++) yield drawPlan(seed % SEEDS);
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs a plan and prints how it went. @returns true where no promise was broken */
async function run(plan: Plan, verbose: boolean): Promise<boolean> {
  const result = await simulate(plan, verbose ? Number.POSITIVE_INFINITY : LAST_LINES);
  const { violation, hash, simulatedMs, realMs, leases, lines } = result;
  if (verbose) print(`${writePlan(plan)}${lines.join('\n')}`);
  const [simulated, speed] = [Math.round(simulatedMs / 1_000), Math.round(simulatedMs / realMs)];
  print(
    `seed ${plan.seed}: ${violation ? 'BROKEN' : 'ok'}, ${simulated} s at ${speed} times the real time, ${leases} leases, hash ${hash}`,
  );
  if (!violation) return true;
  print(`  ${violation.invariant}, after ${violation.at} ms: ${violation.what}`);
  if (verbose) return false;
  const small = await shrink(plan, result);
  print(`  cut from ${plan.events.length} to ${small.plan.events.length} events, in ${small.runs} runs:`);
  print(`  ${small.result.violation?.what}`);
  print(writePlan(small.plan));
  for (const line of small.result.lines.slice(-LAST_LINES)) print(`    ${line}`);
  return false;
}

const options = readOptions();
if (!options) print(HELP);
let [stories, broken] = [0, 0];
for (const plan of options?.plans ?? []) {
  stories++;
  if (!(await run(plan, options?.verbose ?? false))) broken++;
}
if (options) print(`simulate: ${stories - broken} passed, ${broken} failed`);
process.exitCode = broken > 0 ? 1 : 0;
