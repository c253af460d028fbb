import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const dir = mkdtempSync(join(tmpdir(), 'stepwright-api-'));
const api = join(dir, 'src/framework/local/console/api.ts');

/** A copy of both sides: one topic on the server, and the view that shows it. */
beforeAll(() => {
  for (const room of [
    'src/console',
    'src/framework/local',
    'src/framework/asl',
    'src/framework/base',
    'package.json',
  ])
    cpSync(room, join(dir, room), { recursive: true });
  symlinkSync(resolve('node_modules'), join(dir, 'node_modules'));
  writeFileSync(
    join(dir, 'tsconfig.json'),
    JSON.stringify({
      extends: './src/console/tsconfig.json',
      compilerOptions: { types: ['node', 'vite/client'] },
      files: [
        'src/framework/local/console/topics/activities.ts',
        'src/console/views/activities/activities.tsx',
      ],
      include: [],
    }),
  );
});
afterAll(() => rmSync(dir, { recursive: true }));

/** The files that do not compile, each with the field that it names. */
function errors(): string[] {
  const { stdout } = spawnSync(resolve('node_modules/.bin/tsc'), ['-p', dir], { cwd: dir, encoding: 'utf8' });
  const lines = stdout.split('\n').filter((line) => line.includes(': error '));
  const found = lines.map((line) => line.replace(/^([^(]+).*?'(\w+)' does not exist.*$/, '$1: $2'));
  return [...new Set(found)].toSorted();
}

test("a field of the console's api can't be renamed without the server and the page", () => {
  const text = readFileSync(api, 'utf8');
  const renamed = text.replace('readonly queued:', 'readonly backlog:');
  expect(renamed).not.toBe(text);
  writeFileSync(api, renamed);
  expect(errors()).toEqual([
    'src/console/views/activities/activities.tsx: queued',
    'src/framework/local/console/topics/activities.ts: queued',
  ]);
}, 30_000);
