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
  const ofScaler = asked
    .filter((name) => !SERIES.has(name))
    .map((name) => name.replace('stepwright_scaler_', ''));
  expect(ofScaler.toSorted()).toEqual(['estimated', 'workers', 'workers_wanted']);
  const pages = read('src/framework/cli/scale/scaler.ts');
  for (const name of ofScaler) expect(pages).toContain(`gauge('${name}'`);
});

test('the dashboard shows every metric', () => {
  const shown = named(read('deploy/grafana/dashboard.json')).map((name) =>
    name.replace(/_(bucket|sum|count)$/, ''),
  );
  const all = Object.entries<Metric>(METRICS).map(([name, metric]) => prometheusName(name, metric));
  expect(all.filter((name) => !shown.includes(name))).toEqual([]);
});

test('each alert is tested, says what it means, and has a severity', () => {
  const alertsIn = (file: string): string[] =>
    read(`deploy/prometheus/${file}.yaml`)
      .split(/^ {6}- alert: /m)
      .slice(1);
  expect([alertsIn('alerts').length > 8, alertsIn('scaler-alerts').length]).toEqual([true, 3]);
  for (const file of ['alerts', 'scaler-alerts']) {
    const tests = read(`deploy/prometheus/${file}.test.yaml`);
    for (const alert of alertsIn(file)) {
      expect(tests).toContain(`"${alert.split('\n')[0]}"`);
      expect(alert).toMatch(/severity: (critical|warning)[^]*summary: [^]*description: /);
    }
  }
});

test('the policy that deploy.md shows is that of the file', () => {
  const shown = page('docs/deploy.md').fences.filter(({ language }) => language === 'json');
  const policy: unknown = JSON.parse(read('deploy/iam/worker-policy.json'));
  expect(shown.map(({ code }): unknown => JSON.parse(code))).toEqual([policy]);
});

test('every file of deploy/ is in its table and named in deploy.md, and serves probes from outside', () => {
  const table = read('deploy/README.md');
  const folders = files.filter((file) => file !== 'deploy/README.md');
  expect(folders.filter((file) => !table.includes(file.replace('deploy/', '')))).toEqual([]);
  expect(read('templates/project/Dockerfile')).toContain('"--health-port", "0.0.0.0:8080"');
  for (const file of ['kubernetes/worker.yaml', 'ecs/task-definition.json'])
    expect(read(`deploy/${file}`)).toMatch(/8080/);
});

test('an instance of the unit is named by its port, and may write where pages put a store', () => {
  const unit = read('deploy/systemd/stepwright@.service');
  expect(unit).toMatch(/^ExecStart=.* --health-port %i$/m);
  expect(unit).toMatch(/^StateDirectory=stepwright$/m);
  const names = [...page('docs/deploy.md').text.matchAll(/stepwright@(\d+)/g)].map(([, port]) =>
    Number(port),
  );
  expect(names.length).toBeGreaterThan(1);
  expect(names.filter((port) => port < 1024 || port > 65535)).toEqual([]);
});

test('the policies of CloudFormation and CDK allow what the least ones do', () => {
  const actions = (text: string): string[] =>
    [...new Set([...text.matchAll(/(?:states|ecs):[A-Z]\w+/g)].map(([action]) => action))].toSorted();
  const least = actions(
    ['worker', 'protection'].map((name) => read(`deploy/iam/${name}-policy.json`)).join(),
  );
  expect(least).toEqual([
    'ecs:GetTaskProtection',
    'ecs:UpdateTaskProtection',
    'states:GetActivityTask',
    'states:SendTaskFailure',
    'states:SendTaskHeartbeat',
    'states:SendTaskSuccess',
  ]);
  expect(actions(read('deploy/cloudformation/activities-and-machine.yaml'))).toEqual(least);
  expect(actions(read('deploy/cdk/worker-stack.ts'))).toEqual(least);
});

test('the policies of stores allow what the stores call, and no more', () => {
  const operationsOf = (file: string): string[] =>
    [...read(`src/framework/aws/stores/${file}`).matchAll(/(?:send|ask)\('(\w+)'/g)].map(
      ([, name = '']) => name,
    );
  const ofS3 = operationsOf('s3.ts').map((name) =>
    name.replace('Head', 'Get').replace('ObjectsV2', 'Bucket'),
  );
  const called = [
    ...new Set([
      ...ofS3.map((name) => `s3:${name}`),
      ...operationsOf('dynamodb.ts').map((name) => `dynamodb:${name}`),
    ]),
  ].toSorted();
  expect(called.length).toBeGreaterThan(7);
  for (const file of ['iam/stores-policy.json', 'cloudformation/stores.yaml']) {
    const allowed = read(`deploy/${file}`).matchAll(/(?<=[\s["])(?:s3|dynamodb):[A-Z]\w+/g);
    expect([...new Set([...allowed].map(([action]) => action))].toSorted()).toEqual(called);
  }
});
