#!/usr/bin/env node
// What a registry and its users see of the package: its size, its files, its doors and their types (publint and
// arethetypeswrong, installed into a temporary folder, by this check alone), and known holes in what it installs
// (npm audit). Prints one line a check; exits 1 if any fails, or, with --strict, if one could not be made. With
// --into FOLDER the tarball is left there, for the checks of projects that install it.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Whoever lets it grow further should mean it. */
const MOST_PACKED_BYTES = 1_700_000;
const MOST_UNPACKED_BYTES = 5_700_000;
const TOOLS = ['publint@~0.3.25', '@arethetypeswrong/cli@~0.18.5'];
/** What nobody should have to look for, and what nobody should get. */
const WANTED = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'llms.txt',
  'dist/src/framework/cli/main.js',
  'dist/console/index.html',
];
const UNWANTED = /(^|\/)(node_modules|test|bench|src\/console|\.env|\.npmrc|.*\.(tgz|map))(\/|$)/;

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const strict = process.argv.includes('--strict');
const into = process.argv.indexOf('--into') + 1;
const folder = mkdtempSync(join(tmpdir(), 'stepwright-package-'));
let passed = 0;
let failed = 0;
let skipped = 0;

function report(name, problem, { unchecked = false } = {}) {
  const counts = problem !== undefined && (!unchecked || strict);
  if (counts) failed += 1;
  else if (problem !== undefined) skipped += 1;
  else passed += 1;
  console.log(`${problem === undefined ? 'ok         ' : unchecked ? 'NOT CHECKED' : 'FAILED     '} ${name}`);
  if (problem !== undefined) console.log(problem.trim().replaceAll(/^/gm, '            '));
}

function run(command, args, cwd) {
  const ended = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 300_000 });
  return {
    status: ended.status,
    stdout: ended.stdout ?? '',
    output: `${ended.stdout}${ended.stderr}${ended.error ?? ''}`,
  };
}

/** Packs as `npm publish` does. @returns what npm says of it */
function pack() {
  const { status, stdout, output } = run('npm', ['pack', '--json', '--pack-destination', folder], root);
  if (status !== 0) throw new Error(`npm pack failed:\n${output}`);
  // What the build before it prints comes first.
  return JSON.parse(stdout.slice(stdout.search(/^\[\s*$/m)))[0];
}

const shown = (bytes) => `${(bytes / 1_000_000).toFixed(2)} MB`;

function checkSize({ filename, unpackedSize, entryCount }) {
  const packed = statSync(join(folder, filename)).size;
  const name = `size: ${shown(packed)} packed, ${shown(unpackedSize)} unpacked, ${entryCount} files`;
  const fits = packed <= MOST_PACKED_BYTES && unpackedSize <= MOST_UNPACKED_BYTES;
  const most = `at most ${shown(MOST_PACKED_BYTES)} packed and ${shown(MOST_UNPACKED_BYTES)} unpacked are expected`;
  report(
    name,
    fits ? undefined : `${most}: see what was added, and raise the limit in this file if it is meant`,
  );
}

/** What a test or a template is for a user's project lies below `templates`. */
function checkFiles({ files }) {
  const paths = files.map(({ path }) => path);
  const missing = WANTED.filter((path) => !paths.includes(path)).map((path) => `${path} is missing`);
  const strange = paths
    .filter((path) => !path.startsWith('templates/') && UNWANTED.test(path))
    .map((path) => `${path} is in it`);
  const problems = [...missing, ...strange];
  report('files', problems.length > 0 ? problems.join('\n') : undefined);
}

function checkDoors({ filename }) {
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const installed = run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...TOOLS], folder);
  if (installed.status !== 0) {
    report('publint and arethetypeswrong', `they could not be installed:\n${installed.output}`, {
      unchecked: true,
    });
    return;
  }
  const bin = (name) => join(folder, 'node_modules/.bin', name);
  const publint = run(bin('publint'), ['run', filename, '--strict'], folder);
  report('publint', publint.status === 0 ? undefined : publint.output);
  // CommonJS can `require` ES modules on every Node that it runs on. Only Jest reads the files of presets.
  const presets = ['jest', 'jest/commonjs', 'jest/nestjs'].map((door) => `${door}/jest-preset`);
  const rules = ['--ignore-rules', 'cjs-resolves-to-esm', '--exclude-entrypoints', ...presets, '--no-emoji'];
  const types = run(bin('attw'), [filename, ...rules], folder);
  report('arethetypeswrong', types.status === 0 ? undefined : types.output);
}

/** Only what a user installs counts here; a registry that does not answer says nothing about it. */
function checkAudit() {
  const { status, stdout, output } = run('npm', ['audit', '--omit=dev', '--json'], root);
  const told = parse(stdout);
  if (told?.metadata?.vulnerabilities === undefined) report('audit', output, { unchecked: true });
  else report('audit', status === 0 ? undefined : run('npm', ['audit', '--omit=dev'], root).output);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Licences that any of the packages may have, also those that only development needs. */
const LICENCES = [
  'MIT',
  'Apache-2.0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'Zlib',
  'CC0-1.0',
];
/** Only development needs these: data of browsers, and tools that no part of the package is made of. */
const IN_DEVELOPMENT = ['MPL-2.0', 'CC-BY-4.0'];
/** A package whose manifest names no licence, and the one in its repository. */
const UNNAMED = { 'exif-parser': 'MIT' };

/** Lists the licences of all dependencies, and finds one that is not known. */
function checkLicences() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const counts = new Map();
  const strange = [];
  for (const [path, { license, dev }] of Object.entries(packages)) {
    if (path === '') continue;
    const licence = license ?? UNNAMED[path.replace(/^.*node_modules\//, '')] ?? 'none';
    counts.set(licence, (counts.get(licence) ?? 0) + 1);
    const known = dev ? [...LICENCES, ...IN_DEVELOPMENT] : LICENCES;
    if (!licence.split(/[()]| AND | OR /).every((each) => each === '' || known.includes(each)))
      strange.push(`${path}: ${licence}`);
  }
  const listed = [...counts].map(([licence, count]) => `${licence} ${count}`).join(', ');
  report(`licences: ${listed}`, strange.length > 0 ? strange.join('\n') : undefined);
}

function checkManifest() {
  const { exports, bin, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const paths = [
    ...Object.values(bin),
    ...Object.values(exports).flatMap((door) => (typeof door === 'string' ? door : Object.values(door))),
  ];
  const missing = paths.filter((path) => !statSync(join(root, path), { throwIfNoEntry: false }));
  report(
    `doors and commands: ${paths.length} files, Node ${engines.node}`,
    missing.length > 0 ? `missing: ${missing.join(', ')}` : undefined,
  );
}

try {
  const packed = pack();
  if (into > 0) cpSync(join(folder, packed.filename), join(process.argv[into], packed.filename));
  checkManifest();
  checkSize(packed);
  checkFiles(packed);
  checkDoors(packed);
  checkAudit();
  checkLicences();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`package: ${passed} passed, ${failed} failed, ${skipped} not checked`);
process.exitCode = failed === 0 ? 0 : 1;
