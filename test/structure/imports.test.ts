import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from '@jest/globals';

const SRC = resolve('src');
const FRAMEWORK = resolve('src/framework');

/**
 * The order of the rooms in each room, as a path from `src/framework`. A room imports only those to its right; rooms
 * with a comma between them do not know each other. `.` is the files that lie in the room itself, but for those that are
 * named. Types are held to it as well.
 */
const ORDER: Readonly<Record<string, string>> = {
  '.': 'cli, nestjs → testing → check → local → worker → aws, asl → config → declare → base',
  base: 'log, local-protocol.ts → time → .',
  declare: 'schema, discovery → dto → .',
  aws: 'queries → sdk → stores, lean → .',
  worker:
    'build → . → thread → health → observe → poll, protect → pool → task → handler, heartbeat → keep → container',
  'worker/handler': '. → output → input, interceptors → current-task.ts, outcome',
  'worker/keep': '. → files',
  'worker/observe': 'open-telemetry → metrics → .',
  'worker/pool': 'entry, commands → .',
  asl: '. → states → items → runtime → jsonpath, jsonata → definition → expression.ts → values, kinds.ts',
  local: '. → mcp → console → api → view, engine → resources',
  'local/api': 'operations → .',
  'local/engine': '. → map-runs → machines, tasks → pages.ts → service-error.ts, heap.ts',
  'local/resources': 'buckets → functions, services → .',
  'local/console': '. → topics → api.ts',
  check: '. → flow, template → source',
  testing: '. → machine, bed → harness, jest → work, mocks',
  cli: '. → commands → check.ts, control.ts, deferred.ts, dev, doctor, exec.ts, execute, mcp.ts, new, scale, show-config.ts, show-schema.ts, types, verify → start → control-socket.ts, deployed-machines.ts → local → workers → flags, project → output → process',
};
/** Narrower than the order: these import nothing beside themselves but what is named here. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  local: ['asl', 'base'],
  aws: ['base'],
  asl: ['base'],
  check: ['worker', 'asl', 'config', 'declare', 'base'],
};
/** Rooms of which another may import types alone: those of what a config hands on. */
const TYPES_OF: Readonly<Record<string, readonly string[]>> = { config: ['aws', 'local'] };
/** The most files that a folder may hold beside its own folders. A dozen is the rule. */
const MOST_FILES = 14;
const MOST_WINGS = 11;

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const foldersIn = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true }).flatMap((each) =>
    each.isDirectory() ? [join(dir, each.name), ...foldersIn(join(dir, each.name))] : [],
  );
const filesOf = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true }).flatMap((each) => (each.isFile() ? [join(dir, each.name)] : []));
const sourcesIn = (dir: string): string[] =>
  [dir, ...foldersIn(dir)].flatMap(filesOf).filter((file) => /\.tsx?$/.test(file));

/** Static and dynamic imports of one source, without its comments. */
function importsOf(text: string): { to: string; typeOnly: boolean }[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
  const found = code.matchAll(
    /(?:(?:import|export) (?<type>type )?(?<names>[^;']*?)from|import)\s*\(?\s*'(?<to>[^']+)'/g,
  );
  return [...found].map(({ groups: { type, names = '', to = '' } = {} }) => {
    const [, list] = /^\{([\s\S]*)\}\s*$/.exec(names) ?? [];
    const onlyTypes = list?.split(',').every((name) => /^\s*(type .*)?$/s.test(name)) ?? false;
    return { to, typeOnly: type !== undefined || onlyTypes };
  });
}

/** The source that an import means, from where it stands; a package's name as it is. */
function sourceAt(from: string, to: string, sources: ReadonlySet<string>): string {
  if (!to.startsWith('.')) return to;
  const path = resolve(dirname(from), to);
  const sure = [path.replace(/\.js$/, '.ts'), path.replace(/\.js$/, '.tsx')].find((each) =>
    sources.has(each),
  );
  return sure ?? path;
}

function importsIn(dir: string): Import[] {
  const sources = new Set(sourcesIn(dir));
  return [...sources].flatMap((from) =>
    importsOf(readFileSync(from, 'utf8')).map(({ to, typeOnly }) => ({
      from,
      to: sourceAt(from, to, sources),
      typeOnly,
    })),
  );
}

const imports = importsIn(SRC);
const inFramework = imports.filter(({ from }) => from.startsWith(`${FRAMEWORK}/`));

const stepsOf = (order: string): string[][] => order.split(' → ').map((step) => step.split(', '));

/** The part of a room that a file lies in, by its name in the room's order; undefined where the file lies outside. */
function partOf(room: string, file: string): string | undefined {
  const path = relative(join(FRAMEWORK, room), file);
  if (path.startsWith('..')) return undefined;
  if (path.includes('/')) return path.split('/')[0];
  return stepsOf(ORDER[room] ?? '').some((step) => step.includes(path)) ? path : '.';
}

/** Why an import is not allowed; undefined where it is. */
function breach({ from, to, typeOnly }: Import): string | undefined {
  for (const [room, order] of Object.entries(ORDER)) {
    const [here, there] = [partOf(room, from), partOf(room, to)];
    if (here === undefined || there === undefined || here === there) continue;
    // The public door may import everything.
    if (room === '.' && here === '.') continue;
    if (room === '.' && ONLY[here] && !ONLY[here].includes(there))
      return `${here} knows ${ONLY[here].join()} only`;
    if (room === '.' && typeOnly && TYPES_OF[here]?.includes(there)) continue;
    const at = (part: string): number => stepsOf(order).findIndex((step) => step.includes(part));
    if (at(here) < 0 || at(there) <= at(here)) return order;
  }
  return undefined;
}

const shown = (each: Import): string =>
  `${relative(FRAMEWORK, each.from)} imports ${relative(FRAMEWORK, each.to)}, against ${breach(each)}`;

/** The first circle of files that import each other, types included, in the order of its imports. */
function circle(all: readonly Import[]): string[] | undefined {
  const next = new Map<string, Set<string>>();
  for (const { from, to } of all) next.set(from, (next.get(from) ?? new Set()).add(to));
  const done = new Set<string>();
  const follow = (file: string, path: readonly string[]): string[] | undefined => {
    const seen = path.indexOf(file);
    if (seen >= 0) return path.slice(seen);
    if (done.has(file)) return undefined;
    for (const to of next.get(file) ?? []) {
      const found = follow(to, [...path, file]);
      if (found) return found;
    }
    done.add(file);
    return undefined;
  };
  for (const file of next.keys()) {
    const found = follow(file, []);
    if (found) return found.map((each) => relative(SRC, each));
  }
  return undefined;
}

const planted = (from: string, to: string, typeOnly = false): Import => ({
  from: join(FRAMEWORK, from),
  to: join(FRAMEWORK, to),
  typeOnly,
});

test('every room is in the order of the room that it lies in', () => {
  const rooms = [FRAMEWORK, ...foldersIn(FRAMEWORK)].filter((dir) => foldersIn(dir).length > 0);
  expect(Object.keys(ORDER).toSorted()).toEqual(
    rooms.map((dir) => relative(FRAMEWORK, dir) || '.').toSorted(),
  );
  for (const dir of rooms) {
    const inner = readdirSync(dir, { withFileTypes: true }).filter((each) => each.isDirectory());
    const named = stepsOf(ORDER[relative(FRAMEWORK, dir) || '.'] ?? '').flat();
    expect(named.filter((name) => !name.includes('.')).toSorted()).toEqual(
      inner.map(({ name }) => name).toSorted(),
    );
  }
});

test('each room imports only what it may, and so do the files in it', () => {
  expect(inFramework.length).toBeGreaterThan(1_000);
  expect(inFramework.filter(breach).map(shown)).toEqual([]);
});

test.each([
  ['a leaf that knows a wing', planted('base/time/clock.ts', 'worker/task/task.ts')],
  ['a declaration that knows what runs it', planted('declare/decorators.ts', 'worker/worker.ts')],
  [
    'a local service that knows a worker, by type',
    planted('local/engine/activities.ts', 'worker/worker.ts', true),
  ],
  ['a call that knows the config', planted('aws/activity-port.ts', 'config/config.ts')],
  ['a hot call that knows the SDK', planted('aws/lean/signer.ts', 'aws/sdk/aws-client.ts')],
  [
    'a poller that knows what observes it, by type',
    planted('worker/poll/poller.ts', 'worker/observe/event-hub.ts', true),
  ],
  ['a task that knows the poller', planted('worker/task/task.ts', 'worker/poll/poller.ts', true)],
  ['a heartbeat that knows its task', planted('worker/heartbeat/scheduler.ts', 'worker/task/task.ts')],
  ['an engine that knows its wire', planted('local/engine/executions.ts', 'local/api/server.ts')],
  ['a definition that knows its states', planted('asl/definition/reader.ts', 'asl/states/map.ts', true)],
  ['a config that runs what it hands on', planted('config/config.ts', 'local/index.ts')],
  ['a config that knows the worker, by type', planted('config/config.ts', 'worker/worker.ts', true)],
  ['a room that is in no order', planted('worker/new-room/file.ts', 'worker/task/task.ts')],
])('%s is found', (_, wrong) => {
  expect(breach(wrong)).toBeDefined();
});

test('what may be imported is no breach', () => {
  expect(breach(planted('config/config.ts', 'local/index.ts', true))).toBeUndefined();
  expect(breach(planted('worker/poll/poller.ts', 'aws/activity-port.ts'))).toBeUndefined();
});

test('no files import each other in a circle, types included', () => {
  expect(circle(imports)).toBeUndefined();
  const back = planted('base/time/timers.ts', 'base/time/outage.ts');
  expect(circle([...imports, back])).toBeDefined();
  expect(circle([...imports, { ...back, typeOnly: true }])).toBeDefined();
});

test('the top and each folder stay small enough to look over', () => {
  expect(filesOf(FRAMEWORK).map((file) => relative(FRAMEWORK, file))).toEqual(['index.ts']);
  const wings = readdirSync(FRAMEWORK).filter((name) => name !== 'index.ts');
  expect(wings.length).toBeLessThanOrEqual(MOST_WINGS);
  const crowds = foldersIn(SRC).filter((dir) => filesOf(dir).length > MOST_FILES);
  expect(crowds.map((dir) => relative(SRC, dir))).toEqual([]);
});

test('imports are read as the compiler reads them', () => {
  expect(importsOf("const x = await import('../aws/sdk/aws-service.js');")).toEqual([
    { to: '../aws/sdk/aws-service.js', typeOnly: false },
  ]);
  expect(
    importsOf(
      "import type { A } from './a.js';\nimport { type B } from './b.js';\nimport { type C, d } from './c.js';",
    ).map(({ typeOnly }) => typeOnly),
  ).toEqual([true, true, false]);
});

test('only aws loads the SDK, and a worker loads them when it is made', () => {
  const isPage = (file: string): boolean => file.startsWith(join(SRC, 'console'));
  const loadsSdk = imports
    // The page takes the types of operations.
    .filter(({ from, to, typeOnly }) => to.startsWith('@aws-sdk/') && !(typeOnly && isPage(from)))
    .map(({ from }) => partOf('.', from));
  expect(new Set(loadsSdk)).toEqual(new Set(['aws']));
  const loadsAws = imports
    .filter(({ to, typeOnly }) => to.endsWith('/aws/sdk/aws-service.ts') && !typeOnly)
    .map(({ from }) => relative(FRAMEWORK, from));
  expect(new Set(loadsAws)).toEqual(
    new Set([
      'worker/build/create-worker.ts',
      'worker/build/create-completions.ts',
      'cli/execute/execute.ts',
      'cli/deployed-machines.ts',
      'cli/doctor/doctor.ts',
      'cli/dev/supervised-worker.ts',
      'cli/verify/verify.ts',
    ]),
  );
  const statically = /^(?:import|export) (?!type).*\/aws\/sdk\/aws-service\.js/m;
  expect(readFileSync(join(FRAMEWORK, 'worker/build/create-worker.ts'), 'utf8')).not.toMatch(statically);
});

test('what a task needs is loaded with the start: Node repeats no import that failed', () => {
  const loading = sourcesIn(join(FRAMEWORK, 'worker'))
    .filter((file) => !file.startsWith(join(FRAMEWORK, 'worker/build')))
    .filter((file) => /\bawait import\('/.test(readFileSync(file, 'utf8')))
    .map((file) => relative(join(FRAMEWORK, 'worker'), file));
  // Each of them is called by the start of a worker, or of its thread.
  expect(loading).toEqual(['handler/task-stores.ts', 'observe/metrics/prometheus.ts', 'thread/sidecar.ts']);
});

test('the page takes from the framework the types of its api and the model of a run', () => {
  const outside = imports.filter(
    ({ from, to }) => from.startsWith(join(SRC, 'console')) && to.startsWith(FRAMEWORK),
  );
  const taken = outside.map(
    ({ to, typeOnly }) => `${typeOnly ? 'types' : 'code'} of ${relative(FRAMEWORK, to)}`,
  );
  expect(new Set(taken)).toEqual(
    new Set([
      'types of local/console/api.ts',
      'types of local/view/run.ts',
      'types of local/view/visit.ts',
      'code of asl/kinds.ts',
      'code of local/view/visit.ts',
      'code of local/view/run.ts',
      'code of local/view/timeout.ts',
      'code of local/view/history-event.ts',
    ]),
  );
});

test('the model of a run reads of the language its table of types alone', () => {
  const ofView = imports.filter(({ from }) => from.startsWith(join(FRAMEWORK, 'local/view')));
  const taken = ofView.map(({ to }) => relative(FRAMEWORK, to)).filter((to) => to.startsWith('asl'));
  expect(new Set(taken)).toEqual(new Set(['asl/kinds.ts']));
  expect(imports.filter(({ from }) => from === join(FRAMEWORK, 'asl/kinds.ts'))).toEqual([]);
});

test('the lean path can be loaded where there is no SDK, as in a thread', () => {
  const reached = new Set<string>();
  const follow = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const { from, to, typeOnly } of imports) if (from === file && !typeOnly) follow(to);
  };
  follow(join(FRAMEWORK, 'aws/lean/lean-calls.ts'));
  const shownOf = [...reached]
    .map((file) => relative(FRAMEWORK, file))
    .filter((file) => !file.startsWith('aws/lean/'));
  expect(shownOf.filter((file) => /aws-sdk|aws\/sdk/.test(file))).toEqual([]);
  expect(shownOf.length).toBeGreaterThan(2);
});

const ownsTime = (file: string): boolean =>
  ['base/time/clock.ts', 'base/time/turn.ts', 'testing/work/real-time.ts'].includes(
    relative(FRAMEWORK, file),
  );

test('only clock.ts, turn.ts and the real time of tests touch timers or read the time', () => {
  const time =
    /\b(setTimeout|setInterval|setImmediate|Date\.now|performance\.|AbortSignal\.timeout|timers\/promises)\b|new Date\(\)/;
  const offenders = sourcesIn(FRAMEWORK).filter(
    (file) => !ownsTime(file) && time.test(readFileSync(file, 'utf8')),
  );
  expect(offenders.map((file) => relative(FRAMEWORK, file))).toEqual([]);
  expect(readFileSync(join(FRAMEWORK, 'base/time/clock.ts'), 'utf8')).toMatch(time);
});

/** Its own thread or process is a pool's to end, and the groups of processes that it started. */
const endsItsOwn = (file: string): boolean =>
  [
    'worker/pool/entry/main.ts',
    'worker/pool/process-group.ts',
    'local/resources/functions/function-processes.ts',
    'local/resources/functions/process-entry.ts',
  ].includes(relative(FRAMEWORK, file));

test('only the commands catch signals or end the process', () => {
  // Whoever hears of the end, as the log does, neither catches nor causes it.
  // Signal 0 only asks for a process.
  const ends =
    /process\.(exit|kill(?!\(pid, 0\))|abort)\b|process\.(on|once)\b(?!\('(exit|beforeExit|message)')|process\.exitCode/;
  const others = sourcesIn(FRAMEWORK).filter((file) => partOf('.', file) !== 'cli' && !endsItsOwn(file));
  const offenders = others.filter((file) => ends.test(readFileSync(file, 'utf8')));
  expect(offenders.map((file) => relative(FRAMEWORK, file))).toEqual([]);
});
