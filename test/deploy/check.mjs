#!/usr/bin/env node
// Checks what lies in deploy/ as a user gets it: the image's steps are run and its command started, the manifests are
// held against their schemas, and every query of the dashboard and the alerts is put to a Prometheus that scrapes a
// worker under load. What only this needs is installed here, into a folder that is removed again; where a tool can't be
// had, the check is skipped, loudly. One line a check; exits 1 if any fails.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { container } from './container.mjs';
import { prometheus } from './prometheus.mjs';
import { cdk, cloudformation, kubernetes, systemd } from './schemas.mjs';

const CHECKS = { container, kubernetes, cloudformation, cdk, systemd, prometheus };

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in CHECKS));
if (unknown.length > 0) {
  console.error(`there is no check ${unknown.join(', ')}: there are ${Object.keys(CHECKS).join(', ')}`);
  process.exit(1);
}

const counts = { passed: 0, failed: 0, skipped: 0 };
const report = {
  ok(name) {
    counts.passed++;
    console.log(`ok      ${name}`);
  },
  failed(name, why) {
    counts.failed++;
    console.log(`FAILED  ${name}\n${String(why).replaceAll(/^/gm, '        ')}`);
  },
  skipped(name, why) {
    counts.skipped++;
    console.log(`SKIPPED ${name}: ${why}`);
  },
  /** Nothing is wrong where there is no problem. */
  problems(name, problems) {
    if (problems.length === 0) report.ok(name);
    else report.failed(name, problems.join('\n'));
  },
};

for (const [name, check] of Object.entries(CHECKS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const dir = mkdtempSync(join(tmpdir(), `stepwright-${name}-`));
  try {
    await check(report, dir);
  } catch (error) {
    report.failed(name, error instanceof Error ? error.stack : error);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
console.log(`deploy: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed > 0 ? 1 : 0);
