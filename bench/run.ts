import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Absence, Benchmark, Figure, Findings, Measured } from './benchmark.js';
import { asMarkdown, asText, round } from './support/show/table.js';
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

async function runOne(name: string, args: readonly string[]): Promise<void> {
  const benchmark = await load(name);
  console.log(`\n${name}: ${benchmark.title}`);
  const found = await benchmark.run(args);
  if ('tables' in found) return tell(name, found);
  for (const measured of found) {
    console.log(show(measured));
    if (!isKept(measured)) process.exitCode = 1;
  }
}

/** Tables on the terminal, and beside them in files: as JSON, and as Markdown for docs/benchmarks.md. */
function tell(name: string, { tables, broken, measured, picture }: Findings): void {
  for (const table of tables) console.log(asText(table));
  for (const what of broken) console.log(`  BROKEN: ${what}`);
  if (broken.length > 0) process.exitCode = 1;
  const dir = new URL('results/', import.meta.url);
  mkdirSync(dir, { recursive: true });
  const write = (ending: string, text: string): void => {
    const file = fileURLToPath(new URL(`${name}.${ending}`, dir));
    writeFileSync(file, `${text}\n`);
    console.log(`  (${file})`);
  };
  write('json', JSON.stringify({ broken, measured }, undefined, 1));
  write('md', tables.map(asMarkdown).join('\n\n'));
  if (picture !== undefined) write('svg', picture);
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

/** Names come first; from the first option on everything is the benchmark's. */
function splitArguments(args: readonly string[]): [names: readonly string[], options: readonly string[]] {
  const first = args.findIndex((arg) => arg.startsWith('-'));
  return first < 0 ? [args, []] : [args.slice(0, first), args.slice(first)];
}

/** Returns how many times better ours is; below one where it is worse. */
function ratio(ours: Figure, rival: Figure, better: 'higher' | 'lower'): string {
  const [over, under] = better === 'higher' ? [ours.value, rival.value] : [rival.value, ours.value];
  return under > 0 && over > 0 ? `ours is ${(over / under).toFixed(2)} times as good` : 'no ratio';
}

exitWhenInterrupted();
const names = findNames();
const [asked, options] = splitArguments(process.argv.slice(2));
const unknown = asked.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`there is no benchmark '${unknown.join("', '")}': there are ${names.join(', ')}`);
  process.exit(1);
}
console.log(`Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'})`);
for (const name of asked.length > 0 ? asked : names) await runOne(name, options);
