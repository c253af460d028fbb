import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const dir = fileURLToPath(new URL('../../../bench/rivals/', import.meta.url));

/**
 * Installs the rivals from npm where they are not yet. They are nobody's dependencies.
 * @returns why they can't be had, or undefined if they are there.
 */
export function installRivals(): string | undefined {
  if (existsSync(`${dir}node_modules/step-function-worker`)) return undefined;
  console.error('installing the rivals into bench/rivals/node_modules …');
  const args = [
    'install',
    '--no-audit',
    '--no-fund',
    '--no-package-lock',
    '--ignore-scripts',
    '--loglevel=error',
  ];
  const { status, stderr } = spawnSync('npm', args, { cwd: dir, encoding: 'utf8' });
  if (status === 0) return undefined;
  const why = `npm install failed in bench/rivals: ${stderr.trim().split('\n')[0] ?? ''}`;
  console.error(`\n*** ${why}\n*** Going on without the rivals from npm.\n`);
  return why;
}
