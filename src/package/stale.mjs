// Removes the compiled files whose sources are gone, before the package is packed: tsc leaves them where they are.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const compiled = join(root, 'dist/src/framework');

for (const file of readdirSync(compiled, { recursive: true, encoding: 'utf8' })) {
  const path = join(compiled, file);
  const source = join(root, 'src/framework', file.replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts'));
  if (statSync(path, { throwIfNoEntry: false })?.isFile() && !existsSync(source)) rmSync(path);
}
