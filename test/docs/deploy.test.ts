import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { METRICS, type Metric, prometheusName } from '../../src/framework/worker/observe/metrics/table.js';
import { page } from './markdown.js';

const filesIn = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesIn(join(dir, entry.name)) : [join(dir, entry.name)],
  );
const files = filesIn('deploy');
const read = (file: string): string => readFileSync(file, 'utf8');

/** Every series that a worker has. */
const SERIES = new Set(
  Object.entries<Metric>(METRICS).flatMap(([name, metric]) => {
    const base = prometheusName(name, metric);
    return metric.kind === 'histogram' ? ['bucket', 'sum', 'count'].map((end) => `${base}_${end}`) : [base];
  }),
);

/** The series that a text names. */
const named = (text: string): string[] => [
  ...new Set([...text.matchAll(/\bstepwright_[a-z_]+/g)].map(([name]) => name)),
];

test('the dashboard, the alerts and the autoscalers ask for metrics that there are', () => {
  const texts = files.map(read);
  const asked = [...new Set(texts.flatMap(named))];
  expect(asked.length).toBeGreaterThan(15);
  // The scaler's, which is no worker.
  expect(asked.filter((name) => !SERIES.has(name))).toEqual(['stepwright_scaler_workers_wanted']);
  expect(read('src/framework/cli/scale/pages.ts')).toContain("gauge('workers_wanted'");
});

test('the dashboard shows every metric but those of another panel', () => {
  const shown = named(read('deploy/grafana/dashboard.json')).map((name) =>
    name.replace(/_(bucket|sum|count)$/, ''),
  );
  const all = Object.entries<Metric>(METRICS).map(([name, metric]) => prometheusName(name, metric));
  const elsewhere = ['tasks_received_total', 'tasks_probably_delivered_total', 'polls_ended_total'];
  expect(all.filter((name) => !shown.includes(name)).toSorted()).toEqual(
    elsewhere.map((name) => `stepwright_${name}`).toSorted(),
  );
});

test('each alert is tested, says what it means, and has a severity', () => {
  const alerts = read('deploy/prometheus/alerts.yaml')
    .split(/^ {6}- alert: /m)
    .slice(1);
  expect(alerts.length).toBeGreaterThan(8);
  const tests = read('deploy/prometheus/alerts.test.yaml');
  for (const alert of alerts) {
    expect(tests).toContain(`"${alert.split('\n')[0]}"`);
    expect(alert).toMatch(/severity: (critical|warning)[^]*summary: [^]*description: /);
  }
});

test('what deploy.md shows of a file is that file', () => {
  const { fences } = page('docs/deploy.md');
  const shown = (language: string): string[] =>
    fences.filter((fence) => fence.language === language).map(({ code }) => code);
  expect(shown('ini')).toEqual([read('deploy/systemd/worker.service')]);
  const policy: unknown = JSON.parse(read('deploy/iam/worker-policy.json'));
  expect(shown('json').map((code): unknown => JSON.parse(code))).toEqual([policy]);
});

test('every file of deploy/ is in its table and named in deploy.md, and serves probes from outside', () => {
  const table = read('deploy/README.md');
  const folders = files.filter((file) => file !== 'deploy/README.md');
  expect(folders.filter((file) => !table.includes(file.replace('deploy/', '')))).toEqual([]);
  expect(read('templates/project/Dockerfile')).toContain('"--health-port", "0.0.0.0:8080"');
  for (const file of ['kubernetes/worker.yaml', 'ecs/task-definition.json'])
    expect(read(`deploy/${file}`)).toMatch(/8080/);
});

test('the policy of CloudFormation allows what the least policy does', () => {
  const actions = (text: string): string[] =>
    [...new Set([...text.matchAll(/states:[A-Z]\w+/g)].map(([action]) => action))].toSorted();
  const least = actions(read('deploy/iam/worker-policy.json'));
  expect(least).toEqual([
    ...['states:GetActivityTask', 'states:SendTaskFailure', 'states:SendTaskHeartbeat'],
    'states:SendTaskSuccess',
  ]);
  expect(actions(read('deploy/cloudformation/activities-and-machine.yaml'))).toEqual(least);
  expect(actions(read('deploy/cdk/worker-stack.ts'))).toEqual(least);
});
