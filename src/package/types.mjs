// Removes the declarations that no door of the package leads to, before it is packed: they are two of three.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
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

const compiled = join(root, 'dist/src/framework');
for (const file of readdirSync(compiled, { recursive: true, encoding: 'utf8' }))
  if (file.endsWith('.d.ts') && !reached.has(join(compiled, file))) rmSync(join(compiled, file));
