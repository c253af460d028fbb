import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { page, pages } from './markdown.js';

/** What the script writes when the package is packed. */
function written(what: 'list' | 'full'): string {
  const code = `import { ${what} } from './src/package/docs.mjs'; process.stdout.write(${what}('.'));`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  }).stdout;
}

test('llms.txt lists every page of the package once', () => {
  const listed = [...written('list').matchAll(/^- \[[^\]]+\]\(([^)]+)\): \S/gm)].map(([, path = '']) => path);
  expect(new Set(listed).size).toBe(listed.length);
  expect(listed.filter((path) => !existsSync(path))).toEqual([]);
  const own = pages.map(({ path }) => path).filter((path) => !/^examples\/|^docs\/README/.test(path));
  expect(own.filter((path) => !listed.includes(path))).toEqual([]);
});

test('llms-full.txt has the pages on its use, whole, each after its path', () => {
  const text = written('full');
  for (const path of ['README.md', 'docs/handlers.md', 'docs/testing.md', 'docs/errors.md', 'SECURITY.md'])
    expect(text).toContain(`<!-- ${path} -->\n\n${page(path).text.trim()}\n`);
  expect(text).not.toContain('<!-- CHANGELOG.md -->');
});
