import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import type { Absence, Benchmark, Figure, Measured } from './benchmark.js';
import { exitWhenInterrupted } from './support/workers/workers.js';

const SUFFIX = '.bench.js';

/** The benchmarks there are: every file NAME.bench.ts beside this one. */
function findNames(): string[] {
  return readdirSync(new URL('.', import.meta.url))
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .toSorted();
}

async function load(name: string): Promise<Benchmark> {
  const module = (await import(new URL(`${name}${SUFFIX}`, import.meta.url).href)) as { default: Benchmark };
  return module.default;
}

async function runOne(name: string): Promise<void> {
  const benchmark = await load(name);
  console.log(`\n${name}: ${benchmark.title}`);
  for (const measured of await benchmark.run()) {
    console.log(show(measured));
    if (!isKept(measured)) process.exitCode = 1;
  }
}

function show(measured: Measured): string {
  const { what, better, ours, rivals } = measured;
  const lines = [ours, ...rivals].map((figure) => `    ${figure.who.padEnd(34)}${cells(figure, measured)}`);
  return [`  ${what} (${better} is better)`, ...lines].join('\n');
}

function cells(figure: Figure | Absence, measured: Measured): string {
  if ('absent' in figure) return `not measured: ${figure.absent}`;
  const { unit, better, ours } = measured;
  const beside = figure === ours ? promise(measured) : ratio(ours, figure, better);
  return [`${round(figure.value)} ${unit}`.padEnd(12), beside, figure.note].filter(Boolean).join('   ');
}

function promise({ promised, unit, ...measured }: Measured): string | undefined {
  if (promised === undefined) return undefined;
  return isKept({ promised, unit, ...measured })
    ? `(${promised} ${unit} are promised)`
    : `BROKEN: ${promised} ${unit} are promised`;
}

function isKept({ promised, better, ours: { value } }: Measured): boolean {
  return promised === undefined || (better === 'lower' ? value <= promised : value >= promised);
}

/** How many times better ours is; below one where it is worse. */
function ratio(ours: Figure, rival: Figure, better: 'higher' | 'lower'): string {
  const [over, under] = better === 'higher' ? [ours.value, rival.value] : [rival.value, ours.value];
  return under > 0 && over > 0 ? `ours is ${(over / under).toFixed(2)} times as good` : 'no ratio';
}

const round = (value: number): string =>
  Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));

exitWhenInterrupted();
const names = findNames();
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`there is no benchmark '${unknown.join("', '")}': there are ${names.join(', ')}`);
  process.exit(1);
}
console.log(`Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'})`);
for (const name of asked.length > 0 ? asked : names) await runOne(name);
