import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';

const dir = mkdtempSync(join(tmpdir(), 'stepwright-lint-'));
afterAll(() => rmSync(dir, { recursive: true }));

const FLOATING = `async function report(): Promise<void> {}
export function stop(): void {
  report();
}
`;

function lint(source: string): { stdout: string; status: number | null } {
  const config = JSON.parse(readFileSync('.oxlintrc.json', 'utf8')) as Record<string, unknown>;
  writeFileSync(join(dir, '.oxlintrc.json'), JSON.stringify({ ...config, ignorePatterns: [] }));
  writeFileSync(
    join(dir, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { target: 'es2022', strict: true } }),
  );
  writeFileSync(join(dir, 'planted.ts'), source);
  return spawnSync(resolve('node_modules/.bin/oxlint'), [], { cwd: dir, encoding: 'utf8' });
}

test('the lint finds a floating promise: its type-aware rules are on', () => {
  expect(lint(FLOATING)).toMatchObject({
    status: 1,
    stdout: expect.stringContaining('no-floating-promises'),
  });
  expect(lint(FLOATING.replace('  report()', '  void report()'))).toMatchObject({ status: 0 });
}, 30_000);
