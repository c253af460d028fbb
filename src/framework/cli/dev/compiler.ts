import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { StartError } from '../../base/errors.js';
import { type Compilation, outdated } from '../project/compiled.js';

/** The command that compiles a project, and the folder in which it runs. */
export interface Compiler {
  readonly command: string;
  readonly args: readonly string[];
  readonly shell: boolean;
  readonly cwd: string;
}

interface Compiled {
  readonly ok: boolean;
  readonly output: string;
}

/**
 * Returns the compiler of a project: the command `build`, or the project's own TypeScript if `build` is undefined.
 * TypeScript is called with `--noEmitOnError`, so that after an error the code of the last successful compilation still
 * runs.
 * @throws StartError if `build` is undefined and TypeScript isn't installed
 */
export function findCompiler({ tsconfig }: Compilation, build: string | undefined): Compiler {
  const cwd = dirname(tsconfig);
  if (build !== undefined) return { command: build, args: [], shell: true, cwd };
  const pretty = process.stderr.isTTY ? ['--pretty'] : [];
  const args = [findTsc(cwd), '-p', tsconfig, '--noEmitOnError', ...pretty];
  return { command: process.execPath, args, shell: false, cwd };
}

function findTsc(dir: string): string {
  try {
    const manifest = createRequire(join(dir, 'package.json')).resolve('typescript/package.json');
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { tsc: string } };
    return resolve(dirname(manifest), bin.tsc);
  } catch (error) {
    const problem = {
      code: 'COMPILER_NOT_FOUND' as const,
      where: dir,
      what: 'typescript is not installed there, so nothing can be compiled on change',
      fix: 'npm install --save-dev typescript@~6.0; or say what compiles: --build "npx swc src -d dist"',
    };
    throw new StartError([problem], { cause: error });
  }
}

/** Runs the compiler once. Kills the compiler if the signal aborts. */
export function compile({ command, args, shell, cwd }: Compiler, signal: AbortSignal): Promise<Compiled> {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd, shell, signal, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', (error) => done({ ok: false, output: `${output}${error.message}\n` }));
    child.once('close', (code) => done({ ok: code === 0, output }));
  });
}

/** Matches the names of compiled activities, as the default of `activities` does. */
const ACTIVITY_FILE = /\.activity\.[cm]?js$/;

/**
 * Removes compiled activities whose sources no longer exist, with their source maps and declarations. Otherwise the
 * globs in `activities` would still match them.
 * @param known more compiled files that have defined activities
 * @returns the removed activities, with the paths of their sources
 */
export async function forgetOrphans(
  compilation: Compilation,
  known: readonly string[],
): Promise<{ file: string; source: string }[]> {
  const named = (await filesOf(compilation.outDir)).filter((file) => ACTIVITY_FILE.test(file));
  const files = [...new Set([...named, ...known.filter((file) => existsSync(file))])];
  const orphans = outdated(compilation, files).filter(({ why }) => why === 'orphan');
  for (const { file } of orphans) {
    const declaration = file.replace(/\.([cm]?)js$/, '.d.$1ts');
    for (const each of [file, `${file}.map`, declaration, `${declaration}.map`])
      await rm(each, { force: true });
  }
  return orphans;
}

/** Returns a hash of all files in a folder that Node can load. */
export async function fingerprint(dir: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of (await filesOf(dir)).filter((each) => /\.([cm]?js|json|node)$/.test(each)).toSorted()) {
    const text = await readFile(file).catch(() => '');
    hash.update(`${file}\0${text.length}\0`).update(text);
  }
  return hash.digest('hex');
}

async function filesOf(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}
