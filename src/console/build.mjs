import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Builds the console's page if `dist/console` is missing or older than the page's sources. If the build fails (as after
 * `npm install --omit=dev`), prints a line to stderr and exits with 0, since everything except the page works without
 * it.
 *
 * With `--strict` a failed build is an error. It is used for packaging, since a package must contain the page.
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

// The model of a run and the types of state are code of the page as well.
const framework = join(root, 'src', 'framework');
const written = Math.max(
  ...[source, join(framework, 'local', 'view')].map(newest),
  timeOf(join(framework, 'asl', 'kinds.ts')),
);

if (timeOf(join(root, 'dist', 'console', 'index.html')) < written) {
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
