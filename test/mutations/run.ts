import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readCoverage } from './coverage.js';
import { draw, mutate, type Mutation } from './mutation.js';
import { type Result, TIERS, Trials } from './trials.js';
import { Tree } from './tree.js';

const HELP = `npm run mutations -- [--seed N] [--count N] [--from FILE] [--out FILE] [--coverage FOLDER]
  --seed      draws the mutations that this number decides (default 1)
  --count     how many mutations are drawn (default 84)
  --from      instead of drawing, tries those again that an earlier run found, and lists those that are found no more
  --out       appends the results to this file, one JSON line each (default mutations.jsonl in the folder of temporary
              files); mutations that it has already are not tried again
  --coverage  the folder for what each test file executes; what is there is not measured again
Prints a JSON line for each mutation: what was changed, whether a test found it, and which one.`;

const SOURCES = 'src/framework';
/** The parts of the sources from which as many mutations are drawn each, and the folder that a part leaves out. */
const SHARES = [
  { share: 'worker', without: 'worker/handler' },
  { share: 'worker/handler' },
  { share: 'asl' },
  { share: 'local' },
  { share: 'aws' },
  { share: 'testing' },
];
/** How many mutations are tried at a time. */
const TREES = 2;

const readResults = (path: string): Result[] =>
  !existsSync(path)
    ? []
    : readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Result);

function drawAll(seed: number, count: number): Mutation[] {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .toSorted();
  return SHARES.flatMap(({ share, without }) => {
    const its = files.filter(
      (file) => file.startsWith(`${share}/`) && !(without !== undefined && file.startsWith(`${without}/`)),
    );
    const sources = its.map(
      (file) => [`${SOURCES}/${file}`, readFileSync(join(SOURCES, file), 'utf8')] as const,
    );
    return draw(share, new Map(sources), Math.round(count / SHARES.length), seed);
  });
}

/** Returns the mutations whose lines are still in their files, and says which are not. */
function stillThere(mutations: readonly Mutation[]): Mutation[] {
  return mutations.flatMap((mutation) => {
    const { file, before } = mutation;
    const source = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const changed = mutate(source, mutation);
    if (changed === undefined) {
      print(`no longer there: ${file}: ${before.trim()}`);
      return [];
    }
    // Where it is now.
    const line = changed.split('\n').findIndex((text, i) => text !== source.split('\n')[i]) + 1;
    return [{ ...mutation, line: line || mutation.line }];
  });
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function summarize(results: readonly Result[], again: boolean): void {
  for (const { share } of SHARES) {
    const its = results.filter((result) => result.share === share);
    print(`${share}: found ${its.filter(({ found }) => found).length} of ${its.length}`);
  }
  for (const { file, line, before, after } of results.filter(({ found }) => !found)) {
    print(
      `${again ? 'found no more' : 'not found'}: ${file}:${line}\n  -${before.trim()}\n  +${after.trim()}`,
    );
  }
  print(`mutations: found ${results.filter(({ found }) => found).length} of ${results.length}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      count: { type: 'string', default: '84' },
      from: { type: 'string' },
      out: { type: 'string' },
      coverage: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return print(HELP);
  const folder = mkdtempSync(join(tmpdir(), 'stepwright-mutations-'));
  // Some tests start processes of another user.
  chmodSync(folder, 0o755);
  const { from, out = join(folder, 'mutations.jsonl'), coverage = join(folder, 'coverage') } = values;
  const earlier = from === undefined ? [] : readResults(from).filter(({ found }) => found);
  const mutations =
    from === undefined ? drawAll(Number(values.seed), Number(values.count)) : stillThere(earlier);
  const results = readResults(out).filter(({ id }) => mutations.some((mutation) => mutation.id === id));
  const left = mutations.filter(({ id }) => !results.some((result) => result.id === id));

  const trees = Array.from({ length: TREES }, (_, i) => new Tree(join(folder, `tree-${i + 1}`)));
  const [tree] = trees;
  process.on('exit', () => {
    for (const each of trees) each.kill();
    for (let i = 1; i <= TREES; i++) rmSync(join(folder, `tree-${i}`), { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
  for (const each of trees) await each.build();
  const map = join(coverage, 'map.jsonl');
  if (!existsSync(map)) {
    mkdirSync(coverage, { recursive: true });
    await tree?.cover(coverage, TIERS[0].env);
    await tree?.cover(coverage, TIERS[1].env, 'thorough.test.ts');
  }
  if (!existsSync(map)) throw new Error(`no coverage of any test was written to ${map}`);
  const trials = new Trials(trees, readCoverage(map), (result) => {
    const line = JSON.stringify(result);
    appendFileSync(out, `${line}\n`);
    print(line);
    results.push(result);
  });
  await trials.run(left, new Map(earlier.map(({ id, by = '' }) => [id, by])));
  summarize(results, from !== undefined);
}

await main();
