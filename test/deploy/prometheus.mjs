// Debian's Prometheus scrapes a worker under load, and is asked every query of the dashboard and of the alerts.
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { has, ROOT, run, start, until } from './shell.mjs';

const deploy = (path) => join(ROOT, 'deploy', path);

export async function prometheus(report, dir) {
  if (!has('promtool')) {
    report.skipped('alerts and dashboard', 'no promtool (apt-get install prometheus)');
    return;
  }
  cpSync(deploy('prometheus'), dir, { recursive: true });
  run('promtool check config prometheus.yaml', { cwd: dir });
  report.ok('prometheus/prometheus.yaml is valid');
  for (const name of ['alerts', 'scaler-alerts']) {
    run(`promtool check rules --lint-fatal ${name}.yaml`, { cwd: dir });
    run(`promtool test rules ${name}.test.yaml`, { cwd: dir });
    report.ok(`prometheus/${name}.test.yaml: each alert fires for what it is there for, and none otherwise`);
  }
  if (!has('prometheus')) {
    report.skipped('the queries', 'no prometheus (apt-get install prometheus)');
    return;
  }
  await asked(report, dir);
}

async function asked(report, dir) {
  const load = start('node', [join(ROOT, 'test/deploy/load.mjs')]);
  const [, target] = await load.saw(/Health: http:\/\/([\d.:]+)/);
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  writeFileSync(
    join(dir, 'live.yaml'),
    `global: { scrape_interval: 1s }\nscrape_configs:\n  - { job_name: stepwright, static_configs: [{ targets: ['${target}'] }] }\n`,
  );
  const server = start(
    'prometheus',
    [
      '--config.file=live.yaml',
      `--storage.tsdb.path=${dir}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { cwd: dir },
  );
  const query = async (expr) => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expr)}`;
    const { status, data, error } = await (await fetch(url)).json();
    if (status !== 'success') throw new Error(`${expr}: ${error}`);
    return data.result.filter(({ value: [, value] }) => value !== 'NaN').length;
  };
  try {
    await until(
      'tasks are counted',
      async () => (await query('rate(stepwright_tasks_completed_total{outcome="lost"}[10s]) > 0')) > 0,
      { forMs: 60_000 },
    );
    const queries = [
      ...ofDashboard(),
      ...ofAlerts(
        run(
          `promtool check rules --lint=none ${deploy('prometheus/alerts.yaml')} >/dev/null; cat ${deploy('prometheus/alerts.yaml')}`,
        ),
      ),
    ];
    // Some of it takes a while to happen twice, which is what a rate is made of.
    let silent = queries;
    for (const by = Date.now() + 60_000; silent.length > 0 && Date.now() < by;) {
      const still = [];
      for (const each of silent) if ((await query(each.expr)) === 0) still.push(each);
      silent = still;
    }
    report.problems(
      `each of ${queries.length} queries of the dashboard and the alerts returns data of a worker under load`,
      silent.map(({ name, expr }) => `${name}: ${expr}`),
    );
    const metrics = await (await fetch(`http://${target}/metrics`)).text();
    report.problems('/metrics is clean for `promtool check metrics`', complaints(metrics));
    report.problems(
      'a metric that promtool complains of would be found',
      complaints(metrics.replaceAll('percentile=', 'quantile=')).length > 0 ? [] : ['it passed'],
    );
    report.problems(
      'a query of a metric that is not there would be found',
      (await query('stepwright_nothing')) === 0 ? [] : ['it has data'],
    );
  } finally {
    load.child.kill('SIGKILL');
    server.child.kill('SIGKILL');
  }
}

/** What `promtool check metrics` says of a scrape. */
function complaints(metrics) {
  const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: metrics,
    encoding: 'utf8',
  });
  return `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
}

/** Each panel's queries, its variables filled in. */
function ofDashboard() {
  const { panels } = JSON.parse(readFileSync(deploy('grafana/dashboard.json'), 'utf8'));
  return panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({
      name: title,
      expr: expr.replaceAll(/\$__(rate_interval|range)/g, '10s').replaceAll(/"\$(job|handler)"/g, '".*"'),
    })),
  );
}

/** What each alert compares, with the windows of a check that takes seconds. */
function ofAlerts(text) {
  const rules = [...text.matchAll(/- alert: (\w+)\n\s+expr: (>-\n)?([\s\S]*?)\n\s+(?:for|labels):/g)];
  return rules.flatMap(([, name, , expr]) =>
    expr
      .replaceAll(/\s+/g, ' ')
      .split(' and on (job, instance) ')
      .map((part) => ({
        name,
        expr: part
          .replace(/ or absent\(.*\)$/, '')
          .replace(/ (?:==|>|<) [\d.]+$/, '')
          .replaceAll(/\[\d+m\]/g, '[10s]')
          .trim(),
      })),
  );
}
