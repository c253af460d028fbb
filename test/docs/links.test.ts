import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { page, pages, readPage, targetOf, type Page } from './markdown.js';

function broken(from: Page): string[] {
  return from.links.filter((link) => {
    const { file, anchor } = targetOf(from, link);
    if (!existsSync(file)) return true;
    return anchor !== undefined && !readPage(file).anchors.has(anchor);
  });
}

test.each(pages)('every link of $path leads somewhere', (each) => {
  expect(broken(each)).toEqual([]);
});

test('the index has every page, and the README shows its picture', () => {
  const linked = page('docs/README.md').links.map((link) => targetOf(page('docs/README.md'), link).file);
  const missing = pages.map(({ path }) => path).filter((path) => !linked.includes(path));
  expect(missing).toEqual(['docs/README.md']);
  expect(page('README.md').links).toContain('docs/images/start.svg');
});

test('a broken link would be found', () => {
  const links = ['nowhere.md', 'config.md#nothing', 'config.md#keys', '#the-endpoint', '../README.md'];
  expect(broken({ ...page('docs/running.md'), links })).toEqual(['nowhere.md', 'config.md#nothing']);
});
