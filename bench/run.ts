import { readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Benchmark, Options, Table } from './benchmark.js';
import { exitWhenInterrupted } from './support/workers.js';

const SUFFIX = '.bench.js';

/** The benchmarks there are: every file NAME.bench.ts beside this one. */
const NAMES = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length))
  .toSorted();

async function run(name: string, options: Options): Promise<void> {
  const module = (await import(new URL(`${name}${SUFFIX}`, import.meta.url).href)) as { default: Benchmark };
  console.log(`\n${name}: ${module.default.title}`);
  const { tables, broken, picture } = await module.default.run(options);
  for (const table of tables) console.log(markdown(table));
  for (const what of broken) console.log(`BROKEN: ${what}`);
  if (broken.length > 0) process.exitCode = 1;
  if (picture === undefined) return;
  const file = fileURLToPath(new URL(`${name}.svg`, import.meta.url));
  writeFileSync(file, `${picture}\n`);
  console.log(`(${file})`);
}

/** The table as docs/benchmarks.md has it. */
function markdown({ title, columns, rows }: Table): string {
  const widths = columns.map((column, i) =>
    Math.max(3, column.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [`\n${title}:\n`, line(columns), rule, ...rows.map(line)].join('\n');
}

exitWhenInterrupted();
const { positionals: asked, values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    only: { type: 'string', multiple: true },
    list: { type: 'boolean', default: false },
  },
});
const { only, list } = values;
const [rounds, seconds] = [values.rounds, values.seconds].map((text) => text && Number(text));
const options: Options = {
  rounds: rounds || undefined,
  seconds: seconds || undefined,
  includes: (row) => only === undefined || only.some((text) => row.includes(text)),
  list,
};
const unknown = asked.filter((name) => !NAMES.includes(name));
if (unknown.length > 0) {
  console.error(`there is no benchmark '${unknown.join("', '")}': there are ${NAMES.join(', ')}`);
  process.exit(1);
}
console.log(`Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'})`);
for (const name of asked.length > 0 ? asked : NAMES) await run(name, options);
