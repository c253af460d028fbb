import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { OWN_ERROR } from '../../../src/framework/worker/handler/outcome/own-errors.js';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const headings = [...read('docs/errors.md').matchAll(/^### (.+)$/gm)].map(([, title]) => title);

test('errors.md has one heading for each code, and none for another', () => {
  const [, union = ''] = /type ProblemCode =([^;]+);/.exec(read('src/framework/base/errors.ts')) ?? [];
  const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(30);
  expect(new Set(headings)).toEqual(new Set([...Object.values(OWN_ERROR), ...codes]));
  expect(headings).toHaveLength(codes.length + Object.keys(OWN_ERROR).length);
});

const EXPORT = /^export (?=(?:abstract )?(?:class|function|const|interface) )/gm;
/** Imports are left out: test/docs/imports.thorough.test.ts checks them. */
const IMPORTS = /^(?:\/\/ \S+\n)?(?:import [^;]+;\n)+/;

/** The examples that run as tests. The documentation exports their classes. */
const tests = ['test/worker/handler/examples', 'test/docs/testing'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`),
);
const examples = tests
  .map(read)
  .join('\n')
  .replaceAll(/^ *\/\/ oxlint-.*\n/gm, '')
  .replaceAll(EXPORT, '');

const snippets = ['handlers', 'errors', 'interceptors', 'testing']
  .flatMap((name) =>
    [...read(`docs/${name}.md`).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
      ([, code = ''], index) => [`${name}.md, example ${index + 1}`, code] as const,
    ),
  )
  // Settings of a compiler can't be run here; test/worker/handler/compilers.thorough.test.ts runs a whole worker.
  .filter(([, code]) => !code.includes('declare module') && !code.includes('await createWorker('));

test.each(snippets)('%s is run by a test', (_, code) => {
  for (const part of code.replace(IMPORTS, '').replaceAll(EXPORT, '').trim().split('\n\n'))
    expect(examples).toContain(part);
});

test('there are examples, and a changed one would be found', () => {
  expect(snippets.length).toBeGreaterThan(10);
  expect(examples).not.toContain(snippets[0]?.[1].replace('sku', 'SKU'));
});
