import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mutate, type Mutation } from './mutation.js';

const JEST = [
  '--max-semi-space-size=64',
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];
const ENVIRONMENT = '--testEnvironment=./test/mutations/environment.js';
const LOG_BYTES = 10_000_000;

/** How a program ended. */
interface End {
  /** False if it ended with another code than 0, or was killed at its limit of time. */
  readonly ok: boolean;
  readonly hung: boolean;
  readonly output: string;
}

/** The tests that failed. */
export interface Failures {
  readonly files: readonly string[];
  /** True if the run was killed at its limit of time, or ended before it had a result. */
  readonly hung: boolean;
}

const git = (...args: string[]): string =>
  execFileSync('git', args, { encoding: 'utf8', maxBuffer: LOG_BYTES });

/** A copy of the working tree, where mutations are tried. */
export class Tree {
  readonly #mutated = new Map<string, string>();
  #current: ChildProcess | undefined;

  /** Copies the working tree, without what git ignores, to `path`. */
  constructor(private readonly path: string) {
    for (const file of git('ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0')) {
      if (file === '' || !existsSync(file)) continue;
      mkdirSync(dirname(join(path, file)), { recursive: true });
      cpSync(file, join(path, file), { verbatimSymlinks: true });
    }
    try {
      execFileSync('cp', ['-al', 'node_modules', path], { stdio: 'ignore' });
    } catch {
      rmSync(join(path, 'node_modules'), { recursive: true, force: true });
      symlinkSync(join(process.cwd(), 'node_modules'), join(path, 'node_modules'));
    }
  }

  /** Compiles everything, with the console and the programs of tests. @throws Error if that fails */
  async build(): Promise<void> {
    for (const args of [[TSC], [TSC, '-p', 'bench'], ['src/console/build.mjs', '--strict']]) {
      const { ok, output } = await this.#run(args, {}, MINUTES(10));
      if (!ok) throw new Error(`${args.join(' ')} failed in ${this.path}: ${output}`);
    }
  }

  /** Undoes the last mutations, makes these, and compiles. @returns those that fit */
  async apply(mutations: readonly Mutation[]): Promise<Mutation[]> {
    for (const [file, source] of this.#mutated) writeFileSync(join(this.path, file), source);
    this.#mutated.clear();
    const fitting = mutations.filter((mutation) => {
      const path = join(this.path, mutation.file);
      const source = existsSync(path) ? readFileSync(path, 'utf8') : '';
      const changed = mutate(source, mutation);
      if (changed === undefined) return false;
      if (!this.#mutated.has(mutation.file)) this.#mutated.set(mutation.file, source);
      writeFileSync(path, changed);
      return true;
    });
    // Types may be wrong: it writes nevertheless.
    await this.#run([TSC], {}, MINUTES(5));
    return fitting;
  }

  /**
   * Runs test files, until one fails if `bail` is set.
   * @param limitMs after which the run, and what it has started, is killed
   */
  async jest(files: readonly string[], env: Env, limitMs: number, bail: boolean): Promise<Failures> {
    if (files.length === 0) return { files, hung: false };
    const how = bail ? ['-i', '--bail'] : ['-w', '2'];
    const args = [...JEST, ...how, '--silent', ENVIRONMENT, '--runTestsByPath', ...files];
    const { ok, hung, output } = await this.#run(args, env, limitMs);
    const failed = [...output.matchAll(/^FAIL (\S+)/gm)].map(([, file = '']) => file);
    return { files: [...new Set(failed)], hung: hung || (!ok && failed.length === 0) };
  }

  /** Writes the coverage of the test files whose path matches a pattern to a folder. */
  async cover(folder: string, env: Env, pattern = ''): Promise<void> {
    const ignored = ['/node_modules/', '/test/'].map((each) => `--coveragePathIgnorePatterns=${each}`);
    await this.#run(
      [
        ...JEST,
        '-w',
        '2',
        '--silent',
        '--coverage',
        '--coverageProvider=v8',
        '--coverageReporters=none',
        ENVIRONMENT,
        ...ignored,
        '--reporters=./test/mutations/coverage-reporter.js',
        ...(pattern === '' ? [] : [`--testPathPatterns=${pattern}`]),
      ],
      { ...env, MUTATIONS_COVERAGE: folder },
      MINUTES(120),
    );
  }

  /** Runs the search. @returns true if it found something, or did not end */
  async simulate(seeds: string): Promise<boolean> {
    const args = ['dist/test/simulate/run.js', '--seeds', seeds];
    const { hung, output } = await this.#run(args, {}, MINUTES(10));
    // Its last line, unless it did not end.
    const failed = /^simulate: \d+ passed, (\d+) failed$/m.exec(output)?.[1];
    if (failed === undefined && !hung) throw new Error(`the search did not run: ${output}`);
    return failed !== '0';
  }

  /** Ends what runs. */
  kill(): void {
    const pid = this.#current?.pid;
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }

  /** Runs a program of Node in a process group of its own, which is killed with all that is in it. */
  #run(args: readonly string[], env: Env, limitMs: number): Promise<End> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, args, {
        cwd: this.path,
        env: { ...process.env, ...env },
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      this.#current = child;
      let [output, hung] = ['', false];
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const timer = setTimeout(() => {
        hung = true;
        this.kill();
      }, limitMs);
      child.on('exit', (code) => {
        clearTimeout(timer);
        // What the tests left behind.
        this.kill();
        resolve({ ok: code === 0 && !hung, hung, output });
      });
    });
  }
}

type Env = Readonly<Record<string, string>>;
const TSC = 'node_modules/typescript/bin/tsc';
const MINUTES = (count: number): number => count * 60_000;
