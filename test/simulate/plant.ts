import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { PLANTED, type Planted } from './planted.js';

const run = promisify(execFile);

/** What a search found first, as its process prints it. */
export interface Found {
  readonly seed: number;
  readonly invariant: string;
  readonly events: number;
  readonly shrunkTo: number;
}

/** The most seeds that a planted fault may take. */
export const MOST_SEEDS = 60;
/** A fault may make a story loop. */
const LIMIT_MS = 300_000;

/** Returns a source with its fault. @throws Error where the source has changed, so that the fault fits no more */
export function withFault({ name, file, from, to }: Planted): string {
  const source = readFileSync(resolve('src/framework', file), 'utf8');
  if (source.split(from).length !== 2)
    throw new Error(`'${name}' fits ${file} no more: expected its text once`);
  return source.replace(from, () => to);
}

/** A copy of what is compiled, in which one fault at a time is planted. */
export class Field {
  readonly #dir = mkdtempSync(join(tmpdir(), 'stepwright-planted-'));

  constructor() {
    for (const part of ['src/framework', 'test/simulate', 'test/support'])
      cpSync(join('dist', part), join(this.#dir, 'dist', part), { recursive: true });
    cpSync('package.json', join(this.#dir, 'package.json'));
    symlinkSync(resolve('node_modules'), join(this.#dir, 'node_modules'));
  }

  /** Plants a fault, searches for it, and removes it. @returns undefined where no seed found it */
  async search(planted: Planted): Promise<Found | undefined> {
    const file = join(this.#dir, 'dist/src/framework', planted.file.replace(/\.ts$/, '.js'));
    const sound = readFileSync(file, 'utf8');
    writeFileSync(file, await compile(withFault(planted)));
    try {
      const args = ['dist/test/simulate/run.js', '--seeds', `1-${MOST_SEEDS}`, '--first'];
      const { stdout } = await run(process.execPath, args, {
        cwd: this.#dir,
        timeout: LIMIT_MS,
        maxBuffer: 2 ** 26,
      });
      const last = stdout.trim().split('\n').at(-1) ?? '';
      return last.startsWith('{') ? (JSON.parse(last) as Found) : undefined;
    } finally {
      writeFileSync(file, sound);
    }
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

async function compile(source: string): Promise<string> {
  const { transform } = await import('@swc/core');
  const { code } = await transform(source, {
    swcrc: false,
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
      keepClassNames: true,
    },
    module: { type: 'es6' },
  });
  return code;
}

/** Searches for each planted fault. Prints a row for each. @returns how many were found, and how many not */
export async function searchAll(
  print: (line: string) => void,
  only?: string,
): Promise<{ found: number; missed: number }> {
  const field = new Field();
  const counts = { found: 0, missed: 0 };
  print('| planted fault | file | seed | broken promise | events | cut to |');
  print('| --- | --- | --- | --- | --- | --- |');
  try {
    for (const planted of PLANTED.filter(({ name }) => only === undefined || name.includes(only))) {
      const found = await field.search(planted);
      counts[found ? 'found' : 'missed']++;
      const cells = found
        ? [found.seed, found.invariant, found.events, found.shrunkTo]
        : ['not found', '', '', ''];
      print(`| ${[planted.name, `\`${planted.file}\``, ...cells].join(' | ')} |`);
    }
  } finally {
    field.remove();
  }
  return counts;
}
