#!/usr/bin/env node
// Checks what lies in deploy/ as a user gets it: the manifests are held against their schemas, every query of the
// dashboard and the alerts is put to a Prometheus that scrapes a worker under load, and instances of the unit are
// restarted in turn. The images are a part of test/packed/project.mjs. What only this needs is installed here, into a folder that is removed again; where a tool can't be
// had, the check is skipped, loudly. The checks run side by side, each in a process of its own. One line a finding;
// exits 1 if any fails. `-- NAME ...` runs some of them.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prometheus } from './prometheus.mjs';
import { restart } from './restart.mjs';
import { cdk, cloudformation, kubernetes, systemd } from './schemas.mjs';

// The longest first.
const CHECKS = { cdk, cloudformation, prometheus, kubernetes, restart, systemd };

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
    console.log(`##### SKIPPED: ${name}: ${why} #####`);
  },
  /** Nothing is wrong where there is no problem. */
  problems(name, problems) {
    if (problems.length === 0) report.ok(name);
    else report.failed(name, problems.join('\n'));
  },
};

async function here(name) {
  const dir = mkdtempSync(join(tmpdir(), `stepwright-${name}-`));
  try {
    await CHECKS[name](report, dir);
  } catch (error) {
    report.failed(name, error instanceof Error ? error.stack : error);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const CLOSING = /^deploy: (\d+) passed, (\d+) failed, (\d+) skipped$/m;

/** What it prints comes at its end, so that two do not mix. */
async function apart(name) {
  const began = Date.now();
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), name], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  await new Promise((done) => child.once('close', done));
  const [, ...sums] = CLOSING.exec(text) ?? [];
  process.stdout.write(
    text.replace(CLOSING, `        (${name}: ${((Date.now() - began) / 1000).toFixed(0)} s)`),
  );
  if (sums.length === 0) return report.failed(name, 'it came to no end of its own');
  for (const [index, key] of Object.keys(counts).entries()) counts[key] += Number(sums[index]);
}

const names = Object.keys(CHECKS).filter((name) => wanted.length === 0 || wanted.includes(name));
if (names.length === 1) await here(names[0]);
else await Promise.all(names.map(apart));
console.log(`deploy: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exit(counts.failed > 0 ? 1 : 0);
