import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { drawPlan, type Plan, writePlan } from './plan.js';
import { searchAll } from './plant.js';
import { shrink } from './shrink.js';
import { type Result, simulate } from './simulate.js';

const HELP = `npm run simulate -- [--seed N | --seeds A-B | --minutes M | --plan FILE] [--whole] [--slow PLACE] [--twice] [--verbose]
       npm run simulate -- --planted | --plant NAME
  --seed      runs the story that this seed tells (default 1)
  --seeds     runs the stories of all seeds from A to B
  --minutes   runs stories for so long, from a seed that the time decides
  --plan      runs a plan, as a failure prints it
  --whole     each story is five minutes of three workers with five handlers
  --slow      each handler runs in this place (main, thread or process), and each task waits before it begins
  --twice     runs each story twice, and compares the hashes of all that happened
  --planted   plants each of the faults in faults/, one at a time, and prints which of 60 seeds found it
  --plant     does so with those whose name holds this text
  --verbose   prints the plan and everything that happened
A broken promise is printed with a plan cut down to what breaks it, and the exit code is 1.`;

/** The lines that are printed of a failure, and kept of each run. */
const LAST_LINES = 40;
/** A seed is of six digits, so that it can be read out. */
const SEEDS = 1_000_000;
const PLACES = ['main', 'thread', 'process'] as const;

interface Options {
  readonly plans: Iterable<Plan>;
  readonly verbose: boolean;
  readonly twice: boolean;
  /** Searches for planted faults with this in their name instead. */
  readonly plant: string | undefined;
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      seeds: { type: 'string' },
      minutes: { type: 'string' },
      plan: { type: 'string' },
      planted: { type: 'boolean', default: false },
      plant: { type: 'string' },
      whole: { type: 'boolean', default: false },
      slow: { type: 'string' },
      twice: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const { seed, seeds = seed, minutes, plan, verbose, twice, whole, slow, planted, plant, help } = values;
  if (help) return undefined;
  const rest = { verbose, twice, plant: planted ? '' : plant };
  const place = PLACES.find((each) => each === slow);
  if (slow !== undefined && !place) throw new Error(`--slow takes ${PLACES.join(', ')}, got ${slow}`);
  const draw = (number: number): Plan => drawPlan(number, whole, place);
  if (plan !== undefined) return { plans: [JSON.parse(readFileSync(plan, 'utf8')) as Plan], ...rest };
  if (minutes !== undefined) return { plans: plansFor(Number(minutes) * 60_000, draw), ...rest };
  const [from = 1, to = from] = seeds.split('-').map(Number);
  return { plans: plansOf(from, to, draw), ...rest };
}

function* plansOf(from: number, to: number, draw: (seed: number) => Plan): Generator<Plan> {
  for (let seed = from; seed <= to; seed++) yield draw(seed);
}

function* plansFor(ms: number, draw: (seed: number) => Plan): Generator<Plan> {
  const from = Math.floor(Date.now() / 1_000) % SEEDS;
  const end = performance.now() + ms;
  for (let seed = from; performance.now() < end; seed++) yield draw(seed % SEEDS);
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs a plan and prints how it went. @returns true where no promise was broken */
async function run(plan: Plan, { verbose, twice }: Options): Promise<boolean> {
  const result = await simulate(plan, verbose ? Number.POSITIVE_INFINITY : LAST_LINES);
  const { violation, hash, simulatedMs, realMs, leases, lines } = result;
  if (verbose) print(`${writePlan(plan)}${lines.join('\n')}`);
  const [simulated, speed] = [Math.round(simulatedMs / 1_000), Math.round(simulatedMs / realMs)];
  print(
    `seed ${plan.seed}: ${violation ? 'BROKEN' : 'ok'}, ${simulated} s at ${speed} times the real time, ${leases} leases, hash ${hash}`,
  );
  if (!violation) return !twice || isSame(await simulate(plan, 0), result);
  print(`  ${violation.invariant}, after ${violation.at} ms: ${violation.what}`);
  if (verbose) return false;
  const small = await shrink(plan, result);
  print(`  cut from ${plan.events.length} to ${small.plan.events.length} events, in ${small.runs} runs:`);
  print(`  ${small.result.violation?.what}`);
  print(writePlan(small.plan));
  for (const line of small.result.lines.slice(-LAST_LINES)) print(`    ${line}`);
  return false;
}

function isSame({ hash }: Result, first: Result): boolean {
  if (hash !== first.hash) print(`  NOT THE SAME: the second run's hash is ${hash}`);
  return hash === first.hash;
}

async function runAll(options: Options): Promise<number> {
  let [stories, broken] = [0, 0];
  for (const plan of options.plans) {
    stories++;
    if (!(await run(plan, options))) broken++;
  }
  print(`simulate: ${stories - broken} passed, ${broken} failed`);
  return broken;
}

async function plantAll(plant: string): Promise<number> {
  const { found, missed } = await searchAll(print, plant);
  print(`simulate: ${found} planted faults found, ${missed} missed`);
  return missed;
}

const options = readOptions();
if (!options) print(HELP);
else if (options.plant !== undefined) process.exitCode = (await plantAll(options.plant)) > 0 ? 1 : 0;
else process.exitCode = (await runAll(options)) > 0 ? 1 : 0;
