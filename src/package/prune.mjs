// Removes from dist, before the package is packed, what it doesn't need: compiled files whose sources are gone, which
// tsc leaves where they are, and the declarations that no door of the package leads to, which are two of three.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const compiled = join(root, 'dist/src/framework');
const { exports: doors } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** `from './a.js'`, `import './a.js'` and `import('./a.js')`. */
const REFERENCE = /\b(?:from|import)\s*\(?\s*["'](\.[^"']+)\.js["']/g;

const reached = new Set();
function reach(file) {
  if (reached.has(file) || !existsSync(file)) return;
  reached.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(REFERENCE))
    reach(resolve(dirname(file), `${path}.d.ts`));
}
for (const { types } of Object.values(doors)) if (types) reach(join(root, types));

const hasSource = (file) =>
  existsSync(join(root, 'src/framework', file.replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts')));

for (const file of readdirSync(compiled, { recursive: true, encoding: 'utf8' })) {
  const path = join(compiled, file);
  const isUnreached = file.endsWith('.d.ts') && !reached.has(path);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() && (isUnreached || !hasSource(file))) rmSync(path);
}
