import { relatedTo, type TestFile } from './coverage.js';
import type { Mutation } from './mutation.js';
import type { Tree } from './tree.js';

/** A mutation, and what found it. */
export interface Result extends Mutation {
  readonly found: boolean;
  /** The test file that failed, or what else noticed. */
  readonly by?: string;
}

interface Tier {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly has: (test: string) => boolean;
}

const isThorough = (test: string): boolean => test.endsWith('.thorough.test.ts');
/** The tests of `npm test`, and those of `npm run check:thorough`. */
export const TIERS: readonly [Tier, Tier] = [
  { name: 'npm test', env: {}, has: (test) => !isThorough(test) },
  { name: 'thorough', env: { STEPWRIGHT_THOROUGH: '1' }, has: isThorough },
];
/** The shares whose mutations the search may find: it runs whole workers, at a service of its own. */
const SEARCHED = ['worker', 'worker/handler', 'aws'];
const SEEDS = '1-25';
/** How many tests, and for how many seconds, are run for each mutation on its own: first a few, then the rest of them. */
const NEAREST = { files: 20, seconds: 30, first: 4 };

const filesOf = (tests: readonly TestFile[]): string[] => tests.map(({ file }) => file);
const secondsOf = (tests: readonly TestFile[]): number =>
  tests.reduce((sum, { seconds }) => sum + seconds, 0);
/** A run that takes longer than this hangs: tests may take three times as long as when they were measured. */
const limitMs = (tests: readonly TestFile[]): number => (120 + 3 * secondsOf(tests)) * 1_000;

/** Tries mutations against the tests that execute them. */
export class Trials {
  /** The tests of `npm test` that a mutation has survived. */
  readonly #tried = new Map<Mutation, ReadonlySet<TestFile>>();

  /** @param done is called with each mutation that was found, and at the end with those that were not */
  constructor(
    private readonly trees: readonly Tree[],
    private readonly tests: readonly TestFile[],
    private readonly done: (result: Result) => void,
  ) {}

  /**
   * Tries each mutation against the tests nearest to it, and those that survive together: against all other tests once, and
   * each against those that failed. A test that is not broken by all of them is broken by none.
   */
  async run(mutations: readonly Mutation[], hints: ReadonlyMap<string, string> = new Map()): Promise<void> {
    let left = await this.#each(mutations, async (tree, mutation) => {
      const hint = this.tests.filter(({ file }) => file === hints.get(mutation.id));
      const nearest = this.#nearest(mutation);
      for (const tier of TIERS) {
        const by = await this.#findBy(
          tree,
          hint.filter(({ file }) => tier.has(file)),
          tier,
        );
        if (by !== undefined) return by;
      }
      for (const tests of [nearest.slice(0, NEAREST.first), nearest.slice(NEAREST.first)]) {
        const by = await this.#findBy(tree, tests, TIERS[0]);
        if (by !== undefined) return by;
      }
      this.#tried.set(mutation, new Set(nearest));
      return undefined;
    });
    for (const tier of TIERS) left = await this.#together(left, tier);
    left = await this.#search(left);
    for (const mutation of left) this.done({ ...mutation, found: false });
  }

  #related(mutation: Mutation, tier: Tier): TestFile[] {
    const tried = tier === TIERS[0] ? this.#tried.get(mutation) : undefined;
    return relatedTo(mutation, this.tests).filter((test) => tier.has(test.file) && !tried?.has(test));
  }

  #nearest(mutation: Mutation): TestFile[] {
    const related = this.#related(mutation, TIERS[0]).slice(0, NEAREST.files);
    return related.filter(
      (_, i) => i < NEAREST.first || secondsOf(related.slice(0, i + 1)) <= NEAREST.seconds,
    );
  }

  /** Tries each mutation on its own, in as many trees as there are. @returns those that `find` did not find */
  async #each(
    mutations: readonly Mutation[],
    find: (tree: Tree, mutation: Mutation) => Promise<string | undefined>,
  ): Promise<Mutation[]> {
    const [queue, left] = [[...mutations], new Set(mutations)];
    const work = async (tree: Tree): Promise<void> => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        await tree.apply([next]);
        const by = await find(tree, next);
        if (by === undefined) continue;
        left.delete(next);
        this.done({ ...next, found: true, by });
      }
    };
    await Promise.all(this.trees.map(work));
    return [...left];
  }

  /** Returns the test that fails, and fails again on its own: some fail by load alone. */
  async #findBy(tree: Tree, tests: readonly TestFile[], { env }: Tier): Promise<string | undefined> {
    let rest = tests;
    while (rest.length > 0) {
      const { files, hung } = await tree.jest(filesOf(rest), env, limitMs(rest), true);
      const [failed] = files;
      if (failed === undefined) return hung ? 'a run that did not end' : undefined;
      const again = rest.filter(({ file }) => file === failed);
      const second = await tree.jest([failed], env, limitMs(again), true);
      if (second.hung || second.files.length > 0) return failed;
      rest = rest.filter(({ file }) => file !== failed);
    }
    return undefined;
  }

  async #together(mutations: readonly Mutation[], tier: Tier): Promise<Mutation[]> {
    const [tree] = this.trees;
    if (!tree || mutations.length === 0) return [...mutations];
    const fitting = new Set(await tree.apply(mutations));
    const tests = [...new Set(mutations.flatMap((mutation) => this.#related(mutation, tier)))];
    process.stderr.write(`${tier.name}: ${fitting.size} mutations together, ${tests.length} test files\n`);
    const { files, hung } = await tree.jest(filesOf(tests), tier.env, limitMs(tests), false);
    process.stderr.write(`${hung ? 'did not end' : `failed: ${files.join(' ')}`}\n`);
    const suspects = (mutation: Mutation): TestFile[] => {
      const related = this.#related(mutation, tier);
      return hung || !fitting.has(mutation) ? related : related.filter(({ file }) => files.includes(file));
    };
    const suspected = mutations.filter((mutation) => suspects(mutation).length > 0);
    const left = await this.#each(suspected, (each, mutation) =>
      this.#findBy(each, suspects(mutation), tier),
    );
    return mutations.filter((mutation) => !suspected.includes(mutation) || left.includes(mutation));
  }

  async #search(mutations: readonly Mutation[]): Promise<Mutation[]> {
    const [tree] = this.trees;
    const searched = mutations.filter(({ share }) => SEARCHED.includes(share));
    if (!tree || searched.length === 0) return [...mutations];
    await tree.apply(searched);
    if (!(await tree.simulate(SEEDS))) return [...mutations];
    const left = await this.#each(searched, async (each) =>
      (await each.simulate(SEEDS)) ? 'the search' : undefined,
    );
    return mutations.filter((mutation) => !searched.includes(mutation) || left.includes(mutation));
  }
}
