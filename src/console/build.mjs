import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Builds the page of the console where `dist/console` is missing or older than its sources. Where it can't be
 * built (`npm install --omit=dev`), it says so and exits with 0: everything but the page works without it.
 *
 * `--strict` makes that an error, as for a package.
 */
const source = dirname(fileURLToPath(import.meta.url));
const root = join(source, '..', '..');
const strict = process.argv.includes('--strict');

const timeOf = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const newest = (dir) =>
  Math.max(
    ...readdirSync(dir, { withFileTypes: true }).map((entry) =>
      entry.isDirectory() ? newest(join(dir, entry.name)) : timeOf(join(dir, entry.name)),
    ),
  );

if (timeOf(join(root, 'dist', 'console', 'index.html')) < newest(source)) {
  try {
    const { build } = await import('vite');
    await build({ configFile: join(source, 'vite.config.mjs') });
  } catch (error) {
    console.error(
      `The console's page could not be built; everything else works without it.\n${error.message}`,
    );
    if (strict) process.exitCode = 1;
  }
}
