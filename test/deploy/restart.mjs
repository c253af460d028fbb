// Restarts two instances of the systemd unit in turn while executions run, by the loop that deploy.md shows. This machine
// need not run systemd: a script named `systemctl` stops and starts an instance as the unit says.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLocalService } from '../../dist/src/framework/local/index.js';
import { freePort } from '../packed/checks.mjs';
import { CLEAN, ROOT, until } from './shell.mjs';

const TASK_MS = 400;
const PER_SECOND = 20;

const read = (path) => readFileSync(join(ROOT, path), 'utf8');

/** Starts the instance, and stops it first if it runs: SIGTERM, and its end is waited for. */
const SYSTEMCTL = `#!/bin/sh
[ "$1" = restart ] || exit 1
instance=\${2#stepwright@}
pid=$(cat "$RUN/$instance.pid" 2>/dev/null) && kill -s TERM "$pid" && while kill -s 0 "$pid" 2>/dev/null; do sleep 0.1; done
exec sh "$RUN/start.sh" "$instance"
`;

/** Starts a local service with a machine of one task, which nobody tries again. What is lost, shows. */
async function startService() {
  const local = await startLocalService({ port: 0 });
  local.seedActivity('arn:aws:states:eu-west-1:123456789012:activity:Work');
  const definition = read('test/fixtures/processes/Work.asl.json');
  const stateMachineArn = local.seedMachine({ name: 'Work', definition });
  const ask = async (operation, body) => {
    const headers = { 'x-amz-target': `AWSStepFunctions.${operation}` };
    const answer = await fetch(local.url, { method: 'POST', headers, body: JSON.stringify(body) });
    return answer.json();
  };
  const begin = async () => {
    const input = JSON.stringify({ ms: TASK_MS });
    return (await ask('StartExecution', { stateMachineArn, input })).executionArn;
  };
  /** Returns the status of an execution, and the workers that have taken its task. */
  const look = async (executionArn) => {
    const { status } = await ask('DescribeExecution', { executionArn });
    const { events } = await ask('GetExecutionHistory', { executionArn });
    return { status, workers: events.flatMap((each) => each.activityStartedEventDetails?.workerName ?? []) };
  };
  return { url: local.url, close: () => local.close(), begin, look };
}

/** Writes the scripts that stand for systemd, and returns the loop of deploy.md with the ports of this check. */
function standIn(dir, url, ports) {
  const [, command] = /^ExecStart=(.+)$/m.exec(read('deploy/systemd/stepwright@.service'));
  const start = command
    .replace('node_modules/.bin/stepwright', `${process.execPath} ${ROOT}/dist/src/framework/cli/main.js`)
    .replace('dist/nest-style.config.js', 'test/fixtures/processes/processes.config.mjs')
    .replace('--endpoint aws', `--endpoint ${url}`)
    .replace('%i', '$1');
  mkdirSync(join(dir, 'bin'));
  writeFileSync(join(dir, 'bin/systemctl'), SYSTEMCTL);
  chmodSync(join(dir, 'bin/systemctl'), 0o755);
  writeFileSync(
    join(dir, 'start.sh'),
    `cd ${ROOT}\nnohup ${start} >>"$RUN/$1.log" 2>&1 </dev/null &\necho $! >"$RUN/$1.pid"\n`,
  );
  const [, loop] = /^```sh\n(for port in[^`]+?)```$/m.exec(read('docs/deploy.md'));
  return loop.replace('8081 8082', ports.join(' '));
}

const pidOf = (dir, port) => Number(readFileSync(join(dir, `${port}.pid`), 'utf8'));

function shell(script, env) {
  const child = spawn('sh', ['-c', script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  return new Promise((resolve) => child.once('exit', (code) => resolve({ code, said })));
}

/** The loop of deploy.md, under load. */
export async function restart(report, dir) {
  const service = await startService();
  const ports = [await freePort(), await freePort()];
  const loop = standIn(dir, service.url, ports);
  const env = { ...CLEAN, RUN: dir, PATH: `${join(dir, 'bin')}:${process.env.PATH}` };
  const isReady = async (port) => (await fetch(`http://127.0.0.1:${port}/ready`)).status === 200;
  const begun = [];
  const over = new AbortController();
  try {
    for (const port of ports) {
      await shell(`systemctl restart stepwright@${port}`, env);
      await until(`instance ${port} is ready`, () => isReady(port));
    }
    const load = (async () => {
      for (; !over.signal.aborted; await sleep(1000 / PER_SECOND)) begun.push(await service.begin());
    })();
    await sleep(1_000);
    const before = ports.map((port) => pidOf(dir, port));
    const { code, said } = await shell(loop, env);
    const after = ports.map((port) => pidOf(dir, port));
    await sleep(500);
    over.abort();
    await load;
    let all = [];
    await until('all executions end', async () => {
      all = await Promise.all(begun.map(service.look));
      return all.every(({ status }) => status !== 'RUNNING');
    });
    const spoiled = all.filter(({ status, workers }) => status !== 'SUCCEEDED' || workers.length !== 1);
    const workers = new Set(all.flatMap((each) => each.workers));
    report.problems(
      `two instances are restarted in turn: of ${all.length} executions none is lost, and none runs twice`,
      [
        ...(code === 0 ? [] : [`the loop ended with ${code}: ${said}`]),
        ...(before.some((pid) => after.includes(pid))
          ? [`not all are new: ${before.join()} and ${after.join()}`]
          : []),
        ...(workers.size === 4 ? [] : [`expected tasks in four processes, got ${[...workers].join()}`]),
        ...(spoiled.length > 0 ? [JSON.stringify(spoiled)] : []),
      ],
    );
    await stopped(report, dir, ports);
  } finally {
    over.abort();
    for (const port of ports) end(dir, port);
    await service.close();
  }
}

function end(dir, port) {
  try {
    process.kill(pidOf(dir, port), 'SIGKILL');
  } catch {
    // It has ended, or it was never started.
  }
}

/** What systemd does at `systemctl stop`. */
async function stopped(report, dir, ports) {
  for (const port of ports) process.kill(pidOf(dir, port), 'SIGTERM');
  const logs = () => ports.map((port) => readFileSync(join(dir, `${port}.log`), 'utf8'));
  await until('both have stopped', async () =>
    logs().every((log) => log.match(/worker is stopped/g)?.length === 2),
  );
  report.ok('both instances drain at SIGTERM');
}
