import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { type Config, createLog, createWorker } from 'stepwright';
import { HelloWorldActivity } from '../../src/activities/hello-world.activity.js';
import { NO_COUNTS } from '../../src/framework/base/worker-status.js';
import { flagOf, HANDLERS_VARIABLE, variableOf } from '../../src/framework/config/sources.js';
import { OPTIONS } from '../../src/framework/config/config.js';
import type { Option } from '../../src/framework/declare/option-rules.js';
import { METRICS, type Metric, prometheusName } from '../../src/framework/worker/observe/metrics/table.js';
import { stepwright } from '../support/cli.js';
import { firstCells, listed, page } from './markdown.js';

const source = (path: string): string => readFileSync(`src/framework/${path}`, 'utf8');

test('config.md lists every key of a config, and no other', () => {
  const keys = Object.keys(OPTIONS);
  expect(keys.length).toBeGreaterThan(15);
  const lists = page('docs/config.md').text.split(/^## Keys$|^## Precedence$/m)[1] ?? '';
  expect(new Set(listed({ ...page('docs/config.md'), text: lists }))).toEqual(new Set(keys));
});

test('config.md knows the default of every key', () => {
  const lines = page('docs/config.md').text.split('\n');
  for (const [key, { default: value }] of Object.entries<Option>(OPTIONS)) {
    if (value === undefined) continue;
    const line = lines.find((each) => each.startsWith(`- \`${key}\`: `)) ?? '';
    const written = JSON.stringify(value).replaceAll('"', "'");
    expect([key, line.split(' Default: ')[1]]).toEqual([key, `\`${written}\``]);
  }
});

test('lifecycle.md lists every event and every state of a worker', () => {
  const declared = source('declare/worker-events.ts');
  const events = [...declared.matchAll(/^ {2}(?:'([a-z-]+:[a-z-]+)'|(state)): /gm)].map(([, a, b]) => a ?? b);
  const [, states = ''] = /type WorkerState = (.+);/.exec(source('base/worker-status.ts')) ?? [];
  const names = [...events, ...[...states.matchAll(/'(\w+)'/g)].map(([, name]) => name)];
  expect(names).toEqual(expect.arrayContaining(['state', 'report:lost', 'poll:failed', 'draining']));
  expect(names.filter((name) => !listed(page('docs/lifecycle.md')).includes(name ?? ''))).toEqual([]);
});

test('watching.md lists every metric by its kind, as the code has it', () => {
  const named = (kind: string): string[] => {
    const [, list = ''] = page('docs/watching.md').text.split(`\n${kind}s:\n\n`);
    const items = (list.split('\n\n')[0] ?? '').split('\n');
    return items.map((item) => /^- (`\w+`(?: \([^)]+\))?): \S/.exec(item)?.[1] ?? item);
  };
  for (const kind of ['Counter', 'Histogram', 'Gauge']) {
    const expected = Object.entries<Metric>(METRICS).flatMap(([name, metric]) => {
      if (metric.kind !== kind.toLowerCase()) return [];
      const labels = metric.labels.map((label) => `\`${label}\``).join(', ');
      return `\`${prometheusName(name, metric)}\`${labels && ` (${labels})`}`;
    });
    expect(expected.length).toBeGreaterThan(2);
    expect(named(kind)).toEqual(expected);
  }
});

test('lifecycle.md shows every count of a status', () => {
  const shown = page('docs/lifecycle.md').fences.find(({ code }) => code.includes('"counts"'));
  const status = JSON.parse(shown?.code ?? '{}') as { counts: object };
  expect(Object.keys(status.counts)).toEqual(Object.keys(NO_COUNTS));
});

test('config.md names the options that have no variable, and the variables that set no option', () => {
  const { text } = page('docs/config.md');
  expect(text).toContain(`\`${variableOf('reportLimit')}=5m\` sets \`reportLimit\``);
  const [, without = ''] = /Only (.+) have none\./.exec(text) ?? [];
  const named = [...without.matchAll(/`(\w+)`/g)].map(([, key]) => key);
  const expected = Object.entries<Option>(OPTIONS).flatMap(([key, row]) => (row.text ? [] : key));
  expect(new Set(named)).toEqual(new Set(expected));
  const listedVariables = listed(page('docs/config.md')).filter((name) => name.startsWith('STEPWRIGHT_'));
  expect(listedVariables).toEqual([HANDLERS_VARIABLE, 'STEPWRIGHT_LOG_LEVEL']);
});

/** The flags of a command, as its help lists them. */
async function flagsOf(command: string): Promise<string[]> {
  const run = stepwright([command, '--help']);
  await run.ended;
  return [...run.stdout().matchAll(/^ {2}(--[a-z-]+)[ <]/gm)].map(([, flag = '']) => flag);
}

test('running.md has every flag that sets no option, with the commands that take it', async () => {
  const [, section = ''] = page('docs/running.md').text.split(/^### Flags$|^### Finding/m);
  // An item is "- start dev: `--build COMMAND` …".
  const lines = section.split('\n').flatMap((line) => {
    const [, commands, flags = ''] = /^- ([a-z ]+): (.*)$/.exec(line) ?? [];
    return commands ? [{ commands, flags }] : [];
  });
  expect(lines.length).toBeGreaterThan(20);
  const options = Object.keys(OPTIONS).map(flagOf);
  for (const command of ['start', 'dev', 'local', 'execute', 'config', 'exec']) {
    const taken = lines.filter(({ commands }) => commands === 'all' || commands.split(' ').includes(command));
    const flags = taken.flatMap((line) =>
      [...line.flags.matchAll(/`(--[a-z-]+)/g)].map(([, flag = '']) => flag),
    );
    const expected = (await flagsOf(command)).filter((flag) => !options.includes(flag));
    expect(new Set(flags)).toEqual(new Set(expected));
  }
});

test('every direct dependency has its reason: in dependencies.md, or in CONTRIBUTING.md if only development needs it', () => {
  const { dependencies, peerDependencies, devDependencies } = JSON.parse(
    readFileSync('package.json', 'utf8'),
  ) as Record<'dependencies' | 'peerDependencies' | 'devDependencies', Record<string, string>>;
  const installed = Object.keys({ ...dependencies, ...peerDependencies });
  const [packages = ''] = page('docs/dependencies.md').text.split('## Licences');
  expect(new Set(listed({ ...page('docs/dependencies.md'), text: packages }))).toEqual(new Set(installed));
  const forDevelopment = Object.keys(devDependencies).filter((name) => !installed.includes(name));
  const [, section = ''] = page('CONTRIBUTING.md').text.split(/^## Packages for development$/m);
  const named = listed({ ...page('CONTRIBUTING.md'), text: section });
  expect(named.filter((name) => !installed.includes(name)).toSorted()).toEqual(forDevelopment.toSorted());
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
  // The process needs 5 s more to exit, so that no platform kills it at the end of a drain.
  const seconds = await longestDrain({});
  const { text } = page('docs/deploy.md');
  for (const setting of [
    `A drain can take up to ${seconds} s: set terminationGracePeriodSeconds: ${seconds + 5} in Kubernetes`,
    `\`grace\` + ${(await longestDrain({ grace: '10m' })) - 600} s`,
    `never below ${await longestDrain({ grace: '0s' })} s`,
  ]) {
    expect(text).toContain(setting);
  }
  for (const [file, setting] of [
    ['kubernetes/worker.yaml', `terminationGracePeriodSeconds: ${seconds + 5}\n`],
    ['ecs/task-definition.json', `"stopTimeout": ${seconds + 5},`],
    ['systemd/stepwright@.service', `TimeoutStopSec=${seconds + 5}\n`],
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

test('doctor.md lists every check, and no other', () => {
  const [, names = ''] = /type CheckName =\n([^;]+);/.exec(source('cli/doctor/finding.ts')) ?? [];
  const checks = [...names.matchAll(/'(\w+)'/g)].map(([, name]) => name);
  expect(checks).toContain('permission');
  const [, list = ''] = page('docs/doctor.md').text.split(/^## /m);
  expect(new Set(listed({ ...page('docs/doctor.md'), text: list }))).toEqual(new Set(checks));
});
