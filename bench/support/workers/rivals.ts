import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const dir = fileURLToPath(new URL('../../../../bench/rivals/', import.meta.url));

/** Loads a rival from npm that is a library. @throws Error where the rivals are not installed */
export const requireRival = createRequire(`${dir}package.json`) as (name: string) => unknown;

/** The file of a rival that runs in a process of its own. */
export const rivalFile = (name: string): string => `${dir}${name}`;

/**
 * Installs the rivals from npm where they are not yet. They are nobody's dependencies.
 * @returns why they can't be had, or undefined if they are there.
 */
export function installRivals(): string | undefined {
  if (wanted().every((name) => existsSync(`${dir}node_modules/${name}`))) return undefined;
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

function wanted(): string[] {
  const { dependencies } = JSON.parse(readFileSync(`${dir}package.json`, 'utf8')) as { dependencies: object };
  return Object.keys(dependencies);
}
