import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** The framework as npm would install it, in a project of one config. What it depends on is linked from here. */
export interface Packed {
  readonly dir: string;
  /** Arguments for Node, in `dir`. */
  readonly start: readonly string[];
  remove(): void;
}

export function packProject(): Packed {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-bench-'));
  const modules = join(dir, 'node_modules');
  mkdirSync(join(modules, 'stepwright'), { recursive: true });
  run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', dir], root);
  const tarball = readdirSync(dir).find((name) => name.endsWith('.tgz'));
  if (!tarball) throw new Error('npm pack made nothing');
  run('tar', ['-xzf', tarball, '--strip-components=1', '-C', join(modules, 'stepwright')], dir);
  for (const name of readdirSync(join(root, 'node_modules')))
    if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }\n');
  copyFileSync(fileURLToPath(new URL('hello.config.js', import.meta.url)), join(dir, 'hello.config.js'));
  const main = 'node_modules/stepwright/dist/src/framework/cli/main.js';
  return {
    dir,
    start: [main, 'start', '--config', 'hello.config.js'],
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`);
}
