import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { pages } from './markdown.js';

const CODE = "import { list } from './src/package/docs.mjs'; process.stdout.write(list('.'));";

test('llms.txt lists every page of the package once', () => {
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', CODE], { encoding: 'utf8' });
  const listed = [...stdout.matchAll(/^- \[[^\]]+\]\(([^)]+)\): \S/gm)].map(([, path = '']) => path);
  expect(new Set(listed).size).toBe(listed.length);
  const targets = [...stdout.matchAll(/\]\(([^)#]+)/g)].map(([, path = '']) => path);
  expect(targets.filter((path) => !existsSync(path))).toEqual([]);
  const own = pages.map(({ path }) => path).filter((path) => !/^examples\/|^docs\/README/.test(path));
  expect(own.filter((path) => !listed.includes(path))).toEqual([]);
});
