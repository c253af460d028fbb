import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { expect, test } from '@jest/globals';

const root = resolve('src/framework');

/** The wings, in the order in which they may import each other: each only those to its right. */
const WINGS = ['cli', 'testing', 'check', 'local', 'worker', 'aws', 'config', 'declare', 'base'];
/** Narrower still: these know nothing beside themselves but what they name here. */
const KNOWS_ONLY: Record<string, readonly string[]> = { local: ['base'], aws: ['base'] };
/** The types of what a config only hands on. At run time it knows nothing of who takes it. */
const MAY_NAME: Record<string, readonly string[]> = { config: ['aws', 'local', 'worker'] };

/**
 * The rooms of a wing, in the order in which they may import each other: each only those after it, types included. A dot
 * stands for the wing's own files that are not named.
 */
const ROOMS: Record<string, readonly string[]> = {
  worker: [
    ...['build', '.', 'thread', 'health', 'observe', 'poll', 'pool', 'task'],
    ...['setup', 'handler', 'heartbeat'],
  ],
  testing: ['index', 'matchers', 'machine', 'bed', 'jest', 'harness'],
  check: ['.', 'source'],
  aws: ['queries', 'sdk', 'lean', '.'],
  base: ['log', 'time', '.'],
  local: ['index', 'local-service', 'console', 'api', 'engine', 'resources', 'asl'],
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly?: boolean;
}

function sources(dir = root): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? sources(join(dir, entry.name))
      : entry.name.endsWith('.ts')
        ? [join(dir, entry.name)]
        : [],
  );
}

/** Static and dynamic imports of one source, without its comments. */
function importsOf(text: string): { to: string; typeOnly: boolean }[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
  const found = code.matchAll(/(?:(import|export) (type )?[^;']*?from|import)\s*\(?\s*'([^']+)'/g);
  return [...found].map(([, , type, to = '']) => ({ to, typeOnly: type !== undefined }));
}

const room = (file: string): string =>
  relative(root, file)
    .split('/')[0]
    ?.replace(/\.(ts|js)$/, '') ?? '';

const imports: Import[] = sources().flatMap((from) =>
  importsOf(readFileSync(from, 'utf8')).map(({ to, typeOnly }) => ({
    from,
    to: to.startsWith('.') ? resolve(from, '..', to) : to,
    typeOnly,
  })),
);

function forbidden({ from, to, typeOnly = false }: Import): boolean {
  if (!to.startsWith(root)) return false;
  const [here, there] = [room(from), room(to)];
  if (here === there || here === 'index') return false;
  if (typeOnly && MAY_NAME[here]?.includes(there)) return false;
  const order = WINGS.indexOf(here);
  return order < 0 || WINGS.indexOf(there) < order || !(KNOWS_ONLY[here]?.includes(there) ?? true);
}

/** Whether an import leads from a room of a wing to one before it, or to one that is not in the wing's list. */
function againstTheOrder({ from, to }: Import): boolean {
  const [here, there] = [roomInWing(from), roomInWing(to)];
  const order = ROOMS[here.wing];
  if (!order || there.wing !== here.wing || there.name === here.name) return false;
  return !order.includes(here.name) || order.indexOf(there.name) < order.indexOf(here.name);
}

function roomInWing(file: string): { wing: string; name: string } {
  const parts = relative(root, file)
    .replace(/\.(ts|js)$/, '')
    .split('/');
  const [wing = '', name = ''] = parts;
  const isOwnFile = parts.length === 2 && !ROOMS[wing]?.includes(name);
  return { wing, name: isOwnFile ? '.' : name };
}

const shown = ({ from, to }: Import): string =>
  `${relative(root, from)} imports ${to.replace(`${root}/`, '')}`;

test('every room is known, and each imports only what it may', () => {
  expect(imports.length).toBeGreaterThan(100);
  expect(imports.filter(forbidden).map(shown)).toEqual([]);
});

test('the rooms of a wing import each other in one direction only', () => {
  expect(imports.filter(againstTheOrder).map(shown)).toEqual([]);
});

test('a forbidden import would be found', () => {
  const api = join(root, 'local/api/server.ts');
  const upwards = { from: api, to: join(root, 'local/console/console.js'), typeOnly: true };
  expect(againstTheOrder(upwards)).toBe(true);
  expect(againstTheOrder({ from: upwards.to, to: api })).toBe(false);
  expect(againstTheOrder({ from: join(root, 'local/other.ts'), to: api })).toBe(true);
  expect(forbidden({ from: join(root, 'declare/decorators.ts'), to: join(root, 'worker/worker.js') })).toBe(
    true,
  );
  expect(forbidden({ from: join(root, 'base/time/clock.ts'), to: join(root, 'worker/task/task.js') })).toBe(
    true,
  );
  const types = { from: join(root, 'config/config.ts'), to: join(root, 'local/index.js') };
  expect([true, false].map((typeOnly) => forbidden({ ...types, typeOnly }))).toEqual([false, true]);
  expect(importsOf("const x = await import('../aws/sdk/aws-service.js');")).toEqual([
    { to: '../aws/sdk/aws-service.js', typeOnly: false },
  ]);
  expect(importsOf("import type { A } from './a.js';\nimport { type B } from './b.js';")).toEqual([
    { to: './a.js', typeOnly: true },
    { to: './b.js', typeOnly: false },
  ]);
});

test('only aws loads the SDK, and a worker loads them when it is made', () => {
  const loadsSdk = imports.filter(({ to }) => to.startsWith('@aws-sdk/')).map(({ from }) => room(from));
  expect(new Set(loadsSdk)).toEqual(new Set(['aws']));
  const loadsAws = imports
    .filter(({ to, typeOnly }) => to.endsWith('/aws/sdk/aws-service.js') && !typeOnly)
    .map(({ from }) => relative(root, from));
  expect(new Set(loadsAws)).toEqual(
    new Set([
      'worker/build/create-worker.ts',
      'cli/execute/execute.ts',
      'cli/check/deployed-machines.ts',
      'cli/supervise/worker.ts',
    ]),
  );
  const statically = /^(?:import|export) (?!type).*\/aws\/sdk\/aws-service\.js/m;
  expect(readFileSync(join(root, 'worker/build/create-worker.ts'), 'utf8')).not.toMatch(statically);
});

test('the lean path can be loaded where there is no SDK, as in a thread', () => {
  const reached = new Set<string>();
  const follow = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const { from, to, typeOnly } of imports)
      if (from === file && !typeOnly) follow(to.replace(/\.js$/, '.ts'));
  };
  follow(join(root, 'aws/lean/lean-calls.ts'));
  const shownOf = [...reached]
    .map((file) => relative(root, file))
    .filter((file) => !file.startsWith('aws/lean/'));
  expect(shownOf.filter((file) => /aws-sdk|aws\/sdk/.test(file))).toEqual([]);
  expect(shownOf.length).toBeGreaterThan(2);
});

test('the page takes from the framework only the types of its api', () => {
  const page = resolve('src/console');
  const files = readdirSync(page, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => join(page, file));
  const outside = files.flatMap((file) =>
    importsOf(readFileSync(file, 'utf8'))
      .filter(({ to }) => to.startsWith('.') && !resolve(file, '..', to).startsWith(page))
      .map(
        ({ to, typeOnly }) => `${typeOnly ? 'types' : 'code'} of ${relative(root, resolve(file, '..', to))}`,
      ),
  );
  expect(new Set(outside)).toEqual(new Set(['types of local/console/api.js']));
});

const ownsTime = (file: string): boolean =>
  ['base/time/clock.ts', 'base/time/turn.ts', 'testing/harness/hand-clock.ts'].includes(relative(root, file));

test('only clock.ts, turn.ts and the hand clock of tests touch timers or read the time', () => {
  const time =
    /\b(setTimeout|setInterval|setImmediate|Date\.now|performance\.|AbortSignal\.timeout|timers\/promises)\b|new Date\(\)/;
  const offenders = sources().filter((file) => !ownsTime(file) && time.test(readFileSync(file, 'utf8')));
  expect(offenders.map((file) => relative(root, file))).toEqual([]);
  expect(readFileSync(join(root, 'base/time/clock.ts'), 'utf8')).toMatch(time);
});

/** Its own thread or process is a pool's to end, and the groups of processes that it started. */
const endsItsOwn = (file: string): boolean =>
  ['worker/pool/entry/main.ts', 'worker/pool/groups.ts'].includes(relative(root, file));

test('only the commands catch signals or end the process', () => {
  // Whoever hears of the end, as the log does, neither catches nor causes it.
  const ends = /process\.(exit|kill|abort)\b|process\.(on|once)\b(?!\('exit')|process\.exitCode/;
  const others = sources().filter((file) => room(file) !== 'cli' && !endsItsOwn(file));
  const offenders = others.filter((file) => ends.test(readFileSync(file, 'utf8')));
  expect(offenders.map((file) => relative(root, file))).toEqual([]);
});
