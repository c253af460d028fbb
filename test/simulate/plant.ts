import 'reflect-metadata';
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CALL_FAULTS } from './faults/calls.js';
import { KEPT_FAULTS } from './faults/kept.js';
import { OPTION_FAULTS } from './faults/options.js';
import type { Fault } from './faults/seams.js';
import { STORE_FAULTS } from './faults/stores.js';
import { TASK_FAULTS } from './faults/tasks.js';
import { drawPlan } from './plan.js';
import { simulate } from './simulate.js';

/** Each is found by the search, or the search gets better. */
export const FAULTS: readonly Fault[] = [
  ...CALL_FAULTS,
  ...OPTION_FAULTS,
  ...STORE_FAULTS,
  ...KEPT_FAULTS,
  ...TASK_FAULTS,
];

/** What the search found of a fault. */
export interface Found {
  readonly seed: number;
  readonly invariant: string;
  readonly what: string;
}

/** What a process tells of the fault that it was given: a story begins, or the search has ended. */
type Told = { readonly seed: number } | { readonly found: Found | null };

/** The most seeds that a fault may take. */
const MOST_SEEDS = 60;
/** As many faults are searched for at once. */
const PROCESSES = 2;
/** A story whose process gives no sign for so long loops. */
const LOOPS_MS = 120_000;

/** The seeds of a search, in the order in which they are tried. */
function seedsOf({ seed: first = 1 }: Fault): number[] {
  const all = Array.from({ length: MOST_SEEDS }, (_, at) => at + 1);
  return [first, ...all.filter((seed) => seed !== first)];
}

/**
 * Searches for one fault.
 * @param began called with each seed before its story
 * @returns undefined where no seed finds it
 */
export async function search(
  fault: Fault,
  seeds: readonly number[] = seedsOf(fault),
  began: (seed: number) => void = () => {},
): Promise<Found | undefined> {
  for (const seed of seeds) {
    began(seed);
    const { violation } = await simulate(drawPlan(seed), 0, fault);
    if (violation) return { seed, ...violation };
  }
  return undefined;
}

/** Searches for the faults that the parent process names, one after the other. */
function serve(): void {
  const tell = (told: Told): void => void process.send?.(told);
  process.on('message', (name) => {
    const fault = FAULTS.find((each) => each.name === name);
    if (fault)
      void search(fault, seedsOf(fault), (seed) => tell({ seed })).then((found) =>
        tell({ found: found ?? null }),
      );
  });
}

/** A process that searches. One that loops is ended, and replaced for the next fault. */
class Searcher {
  #child: ChildProcess | undefined;

  search({ name }: Fault): Promise<Found | undefined> {
    const child = (this.#child ??= fork(fileURLToPath(import.meta.url)));
    return new Promise((resolve) => {
      let story = { seed: 0, timer: setTimeout(() => {}) };
      const end = (found: Found | undefined): void => {
        clearTimeout(story.timer);
        child.removeAllListeners();
        resolve(found);
      };
      const fails = (invariant: string, what: string): void => {
        this.close();
        end({ seed: story.seed, invariant, what });
      };
      child.on('exit', (code, signal) => fails('no crash', `its process ended: ${code ?? signal}`));
      child.on('message', (told: Told) => {
        if ('found' in told) return end(told.found ?? undefined);
        clearTimeout(story.timer);
        const timer = setTimeout(() => fails('does not end', `no sign for ${LOOPS_MS} ms`), LOOPS_MS);
        story = { seed: told.seed, timer };
      });
      child.send(name);
    });
  }

  close(): void {
    this.#child?.removeAllListeners();
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}

/** Searches for each planted fault with this in its name. Prints a row for each. @returns how many were found, and how many not */
export async function searchAll(
  print: (line: string) => void,
  only: string,
): Promise<{ found: number; missed: number }> {
  const waiting = FAULTS.filter(({ name }) => name.includes(only));
  const counts = { found: 0, missed: 0 };
  const work = async (): Promise<void> => {
    const searcher = new Searcher();
    for (let fault = waiting.shift(); fault; fault = waiting.shift()) {
      const found = await searcher.search(fault);
      counts[found ? 'found' : 'missed']++;
      print(`| ${fault.name} | ${found ? `${found.seed} | ${found.invariant}` : 'not found |'} |`);
    }
    searcher.close();
  };
  print('| planted fault | seed | broken promise |');
  print('| --- | --- | --- |');
  await Promise.all(Array.from({ length: PROCESSES }, work));
  return counts;
}

if (process.send && process.argv[1] === fileURLToPath(import.meta.url)) serve();
