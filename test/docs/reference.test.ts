import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { type Config, createLog, createWorker } from 'stepwright';
import { HelloWorldActivity } from '../../src/activities/hello-world.activity.js';
import { HANDLERS_VARIABLE } from '../../src/framework/config/by-handler.js';
import { OPTIONS } from '../../src/framework/config/config.js';
import { variableOf } from '../../src/framework/config/layers.js';
import type { Option } from '../../src/framework/declare/rule.js';
import { METRICS, type Metric, prometheusName } from '../../src/framework/worker/observe/metrics/table.js';
import { stepwright } from '../support/cli.js';
import { firstCells, page } from './markdown.js';

const source = (path: string): string => readFileSync(`src/framework/${path}`, 'utf8');
const rowsOf = (path: string): string[] => firstCells(page(path)).flatMap((cell) => cell.split(', '));

test('config.md has a row for every key of a config, and none for another', () => {
  const keys = Object.keys(OPTIONS);
  expect(keys.length).toBeGreaterThan(15);
  const tables = page('docs/config.md').text.split(/^## Keys$|^## Precedence$/m)[1] ?? '';
  const rows = firstCells({ ...page('docs/config.md'), text: tables });
  const named = rows.filter((row) => /^[a-z]\w+$/.test(row) && row !== 'key');
  expect(new Set(named)).toEqual(new Set(keys));
});

test('config.md knows the default of every key', () => {
  const rows = page('docs/config.md')
    .text.split('\n')
    .map((line) => line.split(/(?<!\\)\|/));
  for (const [key, { default: value }] of Object.entries<Option>(OPTIONS)) {
    if (value === undefined) continue;
    const [, , , shown = ''] = rows.find(([, name = '']) => name.trim() === `\`${key}\``) ?? [];
    const written = JSON.stringify(value).replaceAll('"', "'");
    expect([key, shown.trim()]).toEqual([key, `\`${written}\``]);
  }
});

test('lifecycle.md has a row for every event and every state of a worker', () => {
  const declared = ['observe/worker', 'poll/poll', 'task/task']
    .map((file) => source(`worker/${file}-events.ts`))
    .join('');
  const events = [...declared.matchAll(/^ {2}(?:'([a-z-]+:[a-z-]+)'|(state)): /gm)].map(([, a, b]) => a ?? b);
  const [, states = ''] = /type WorkerState = (.+);/.exec(source('base/worker-status.ts')) ?? [];
  const names = [...events, ...[...states.matchAll(/'(\w+)'/g)].map(([, name]) => name)];
  expect(names).toEqual(expect.arrayContaining(['state', 'report:lost', 'poll:failed', 'draining']));
  expect(names.filter((name) => !rowsOf('docs/lifecycle.md').includes(name ?? ''))).toEqual([]);
});

test('watching.md has a row for every metric, as the code has it', () => {
  const rows = page('docs/watching.md')
    .text.split('\n')
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.replaceAll('`', '').trim())
        .slice(1, -2),
    );
  const expected = Object.entries<Metric>(METRICS).map(([name, metric]) => [
    name,
    prometheusName(name, metric),
    `${metric.kind}, ${metric.unit}`,
    metric.labels.join(', '),
  ]);
  // The table of a span's attributes has two columns.
  const metrics = rows.filter((cells) => cells.length === 4 && cells[0]?.startsWith('stepwright.'));
  expect(metrics).toEqual(expected);
});

test('lifecycle.md shows every count of a status', () => {
  const [, body = ''] = /interface WorkerCounts \{([^}]+)\}/.exec(source('base/worker-status.ts')) ?? [];
  const counts = [...body.matchAll(/^ {2}(\w+): number/gm)].map(([, name]) => name);
  const shown = page('docs/lifecycle.md').fences.find(({ code }) => code.includes('"counts"'));
  const status = JSON.parse(shown?.code ?? '{}') as { counts: object };
  expect(Object.keys(status.counts)).toEqual(counts);
});

test('config.md has a row for every variable, and none for another', () => {
  const variables = Object.entries<Option>(OPTIONS).flatMap(([key, { text }]) =>
    text ? variableOf(key) : [],
  );
  const apart = [HANDLERS_VARIABLE, 'STEPWRIGHT_LOG_LEVEL', 'STEPWRIGHT_PROCESSES'];
  const rows = rowsOf('docs/config.md').filter((row) => row.startsWith('STEPWRIGHT_'));
  expect(new Set(rows)).toEqual(new Set([...variables, ...apart]));
});

/** The flags of a command, as its help lists them. */
async function flagsOf(command: string): Promise<string[]> {
  const run = stepwright([command, '--help']);
  await run.ended;
  return [...run.stdout().matchAll(/^ {2}(--[a-z-]+)[ <]/gm)].map(([, flag = '']) => flag);
}

test('running.md has a row for every flag, with the commands that take it', async () => {
  const [, section] = page('docs/running.md').text.split(/^### Flags$|^### Finding/m);
  const rows = (section ?? '').split('\n').map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
  for (const command of ['start', 'dev', 'local', 'execute', 'config', 'exec']) {
    const taken = rows.filter(
      ([, commands = '']) => commands === 'all' || commands.split(' ').includes(command),
    );
    const flags = taken.flatMap(([, , cell = '']) =>
      [...cell.matchAll(/`(--[a-z-]+)/g)].map(([, flag = '']) => flag),
    );
    expect(new Set(flags)).toEqual(new Set(await flagsOf(command)));
  }
});

test('dependencies.md has a row for every direct dependency, and none for another', () => {
  const { dependencies, peerDependencies, devDependencies } = JSON.parse(
    readFileSync('package.json', 'utf8'),
  ) as Record<'dependencies' | 'peerDependencies' | 'devDependencies', Record<string, string>>;
  const direct = Object.keys({ ...dependencies, ...peerDependencies, ...devDependencies });
  const [packages = ''] = page('docs/dependencies.md').text.split('## Licences');
  const cells = firstCells({ ...page('docs/dependencies.md'), text: packages });
  const rows = cells
    .flatMap((cell) => cell.split(', '))
    .filter((row) => row !== 'package' && !/^-+$/.test(row));
  expect(new Set(rows)).toEqual(new Set(direct));
});

/** Seconds that a drain can take at most. */
async function longestDrain(config: Config): Promise<number> {
  const worker = await createWorker(
    { activities: [HelloWorldActivity], endpoint: 'http://127.0.0.1:9', ...config },
    { log: createLog({ level: 'silent' }) },
  );
  await worker.stop();
  return worker.longestDrainMs / 1000;
}

test('deploy/, deploy.md, lifecycle.md and the picture know how long a drain can take', async () => {
  const seconds = await longestDrain({});
  const kill = seconds + 5;
  const { text } = page('docs/deploy.md');
  for (const setting of [
    `A drain can take up to ${seconds} s: set terminationGracePeriodSeconds: ${kill} in Kubernetes`,
    `\`grace\` + ${(await longestDrain({ grace: '10m' })) - 600} s`,
    `never below ${await longestDrain({ grace: '0s' })} s`,
  ]) {
    expect(text).toContain(setting);
  }
  for (const [file, setting] of [
    ['kubernetes/worker.yaml', `terminationGracePeriodSeconds: ${kill}\n`],
    ['ecs/task-definition.json', `"stopTimeout": ${kill},`],
    ['systemd/worker.service', `TimeoutStopSec=${kill}\n`],
  ] as const) {
    expect(readFileSync(`deploy/${file}`, 'utf8')).toContain(setting);
  }
  expect(firstCells(page('docs/lifecycle.md'))).toContain(`${seconds} s`);
  expect(readFileSync('docs/images/start.svg', 'utf8')).toContain(`A drain can take up to ${seconds} s`);
});

test('the doctor takes the flags of `config`, and those that doctor.md names', async () => {
  const [own, shared] = await Promise.all([flagsOf('doctor'), flagsOf('config')]);
  const more = own.filter((flag) => !shared.includes(flag));
  expect(more).toEqual(['--stop-timeout']);
  expect(shared.filter((flag) => !own.includes(flag))).toEqual([]);
  expect(page('docs/doctor.md').text).toContain('`--stop-timeout`');
});

test('doctor.md has a row for every check, and none for another', () => {
  const [, names = ''] = /type CheckName =\n([^;]+);/.exec(source('cli/doctor/finding.ts')) ?? [];
  const checks = [...names.matchAll(/'(\w+)'/g)].map(([, name]) => name);
  expect(checks).toContain('permission');
  const [, table = ''] = page('docs/doctor.md').text.split(/^## /m);
  const rows = firstCells({ ...page('docs/doctor.md'), text: table }).filter((row) => /^[a-z]+$/.test(row));
  expect(new Set(rows.filter((row) => row !== 'check'))).toEqual(new Set(checks));
});
