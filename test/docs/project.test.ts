import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from '@jest/globals';
import { VERSION } from '../../src/framework/base/package.js';
import { firstCells, page } from './markdown.js';

interface Manifest {
  readonly scripts: Record<string, string>;
  readonly engines: { readonly node: string };
  readonly version: string;
}
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const contributing = page('CONTRIBUTING.md');
const maintaining = page('MAINTAINING.md');
const workflow = (name: string): string => readFileSync(`.github/workflows/${name}.yml`, 'utf8');

test('the version that a worker tells is that of the package', () => {
  expect(VERSION).toBe(manifest.version);
});

test('CONTRIBUTING.md has a row for every room, and none for another', () => {
  const rooms = readdirSync('src/framework', {
    withFileTypes: true,
    recursive: true,
    encoding: 'utf8',
  }).flatMap((each) =>
    each.isDirectory() ? relative('src/framework', join(each.parentPath, each.name)) : [],
  );
  expect(rooms).toContain('worker/poll');
  const [, tables = ''] = contributing.text.split(/^## /m);
  const rows = firstCells({ ...contributing, text: tables }).filter((row) => /^[a-z\d/-]+$/.test(row));
  const isHead = (row: string): boolean => ['wing', 'room'].includes(row) || /^-+$/.test(row);
  expect(rows.filter((row) => !isHead(row)).toSorted()).toEqual(rooms.toSorted());
});

test('MAINTAINING.md has a row for every check that is no part of the tests', () => {
  const checks = Object.keys(manifest.scripts).filter((name) => name.startsWith('check:'));
  expect(checks).toContain('check:package');
  const rows = firstCells(maintaining);
  expect(checks.filter((name) => !rows.includes(`npm run ${name}`))).toEqual([]);
});

test.each([contributing, maintaining])(
  'the scripts and files that a page for contributors names are there',
  ({ text }) => {
    const scripts = [...text.matchAll(/`npm run (?:-s )?([\w:]+)/g)].map(([, name = '']) => name);
    expect(scripts.filter((name) => !(name in manifest.scripts))).toEqual([]);
    const sources = readdirSync('src/framework', { recursive: true, encoding: 'utf8' });
    const files = [...text.matchAll(/`([\w/.-]+\.(?:ts|mjs|json|md))`/g)].map(([, file = '']) => file);
    expect(files.length).toBeGreaterThan(2);
    const known = (file: string): boolean =>
      existsSync(file) || sources.some((each) => each === file || each.endsWith(`/${file}`));
    expect(files.filter((file) => !/NAME|\*/.test(file) && !known(file))).toEqual([]);
  },
);

test('what MAINTAINING.md says is in a file is there', () => {
  const pairs = [...maintaining.text.matchAll(/`(\w+)` in `((?!.*NAME)[\w/.-]+\.(?:ts|mjs))`/g)];
  expect(pairs.length).toBeGreaterThan(4);
  const missing = pairs.filter(([, name = '', file = '']) => {
    const path = existsSync(file) ? file : `src/framework/${file}`;
    return !new RegExp(`(const|type|interface|function) ${name}\\b`).test(readFileSync(path, 'utf8'));
  });
  expect(missing.map(([text]) => text)).toEqual([]);
});

test('no page has the remains of a merge', () => {
  const marked = /^(<<<<<<<|=======$|>>>>>>>|> > > > )/m;
  const pages = [
    ...readdirSync('docs').map((name) => `docs/${name}`),
    'README.md',
    'MAINTAINING.md',
    'CONTRIBUTING.md',
  ];
  const texts = pages.filter((name) => name.endsWith('.md'));
  expect(texts.filter((name) => marked.test(readFileSync(name, 'utf8')))).toEqual([]);
});

test('dependencies.md names every licence of what is installed with the package, and no other', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { license?: string; dev?: true; devOptional?: true }>;
  };
  const licences = Object.entries(packages).flatMap(([path, { license, dev, devOptional }]) =>
    path === '' || dev || devOptional ? [] : (license ?? `none: ${path}`),
  );
  const [, section = ''] = page('docs/dependencies.md').text.split('## Licences');
  const rows = section.split('\n').map((line) => /^- `([^`]+)`: /.exec(line)?.[1]);
  expect(new Set(rows.filter((row) => row !== undefined))).toEqual(new Set(licences));
});

test('no page, template or message starts by npx what runs until a signal ends it', () => {
  const folders = ['docs', 'templates', 'src', 'deploy', 'examples'];
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile() && /\.(md|ts|tsx|json|yaml)$/.test(entry.name),
    ),
  );
  const texts = files
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((file) => !file.includes('node_modules'))
    .map((file) => [file, readFileSync(file, 'utf8')] as const);
  expect(texts.length).toBeGreaterThan(400);
  const wrong = texts.filter(([, text]) => /npx stepwright (start|dev|local|exec)\b/.test(text));
  expect(wrong.map(([file]) => file)).toEqual([]);
});

test('every workflow tests on the least Node that is promised and on those that are maintained', () => {
  const least = manifest.engines.node.replace('>=', '');
  const matrices = ['ci', 'publish'].flatMap((name) => [...workflow(name).matchAll(/node: \[(.+)\]/g)]);
  expect(matrices).toHaveLength(3);
  for (const [, nodes] of matrices) expect(nodes).toBe(`'${least}', '22', '24'`);
});

test('every script that a workflow runs is there', () => {
  const text = ['ci', 'publish', 'simulate'].map(workflow).join('\n');
  const scripts = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, script = '']) => script);
  expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(scripts));
  const files = [...text.matchAll(/run: node test\/([\w./-]+)/g)].map(([, file]) => file);
  expect(readdirSync('test', { recursive: true })).toEqual(expect.arrayContaining(files));
  expect(Math.min(scripts.length, files.length)).toBeGreaterThan(1);
});

test('a release is published with provenance, after the tests, and nothing else may write', () => {
  const publish = workflow('publish');
  expect(publish).toMatch(/^ {2}publish:\n {4}needs: test\n/m);
  expect(publish).toContain('npm publish --provenance --access public');
  expect(publish.match(/: write/g)).toEqual([': write']);
  expect(publish).toContain('id-token: write');
  expect(publish).not.toMatch(/NPM_TOKEN|NODE_AUTH_TOKEN/);
});

test('the search of the night may open an issue, and write nothing else', () => {
  const simulate = workflow('simulate');
  expect(simulate.match(/\w+: write/g)).toEqual(['issues: write']);
  expect(simulate).toMatch(/^permissions:\n {2}contents: read$/m);
  expect(simulate).toContain('npm run simulate -- --minutes');
});

test('the README has the test command as a command, and CI runs it', () => {
  const command = 'npm install && npm test';
  expect(readFileSync('README.md', 'utf8')).toContain(`\`\`\`sh\n${command}\n\`\`\``);
  expect(readFileSync('.ci/run', 'utf8')).toContain(command);
});
