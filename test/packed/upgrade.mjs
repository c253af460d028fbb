#!/usr/bin/env node
// An upgrade of the package in a project with work under way, and the way back. The tarballs are that of an earlier
// commit and that of this tree. Each direction: a worker of one release leaves records of every kind and open executions,
// and is killed; the other release is installed over it, and finishes all of them.
// Prints a line a check; exits 1 if any fails. It needs the history of the repository and the npm registry, and says so
// where there is none.
import { exec, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as nap } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { check, cleanEnv, expect, hasRegistry, must, pack, root, start, summary } from './checks.mjs';

/** The commit whose package is the earlier release. */
const EARLIER = '7d5e75113c6139089b6c4dfdfa168fd7eb8d81f1';
const PEERS = ['reflect-metadata', 'tsyringe', 'class-validator', 'class-transformer'];
const LONGEST_WAIT_MS = 60_000;

/** Unlike `must`, it lets the service of this process answer meanwhile. */
const run = promisify(exec);
const folder = mkdtempSync(join(tmpdir(), 'stepwright-upgrade-'));
const project = join(folder, 'project');

/** Packs the earlier commit. @returns undefined if this repository does not have it */
function packEarlier() {
  const tree = join(folder, 'earlier');
  mkdirSync(tree);
  const { status } = spawnSync('git', ['cat-file', '-e', `${EARLIER}^{commit}`], { cwd: root });
  if (status !== 0) {
    console.log(
      `##### SKIPPED: the history of this checkout lacks ${EARLIER}, so that the upgrade was NOT checked #####`,
    );
    console.log('Fetch it: git fetch --unshallow');
    console.log('upgrade: 0 passed, 0 failed, 1 skipped');
    return undefined;
  }
  must(`git archive ${EARLIER} | tar -x -C ${tree}`, { cwd: root });
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  // Without the console, whose build takes most of the time.
  must('npx tsc --declaration false --sourceMap false', { cwd: tree });
  return join(tree, must('npm pack --silent --ignore-scripts', { cwd: tree }).trim());
}

/** Installs a tarball over what is installed. */
async function install(tarball) {
  await run(
    `npm install --no-audit --no-fund --ignore-scripts --prefer-offline ${tarball} ${PEERS.join(' ')}`,
    {
      cwd: project,
      env: cleanEnv,
    },
  );
  const lock = JSON.parse(readFileSync(join(project, 'node_modules/.package-lock.json'), 'utf8'));
  const { integrity } = lock.packages['node_modules/stepwright'];
  const hash = createHash('sha512').update(readFileSync(tarball)).digest('base64');
  expect(integrity === `sha512-${hash}`, `${tarball} is not what npm has installed`);
}

/** The worker of the project. RELEASE is a word in its results; with LEAVES it takes no task of `Read`. */
const CONFIG = `import 'reflect-metadata';
import { setTimeout as nap } from 'node:timers/promises';
import { Activity, defineConfig, directory, Handle, Idempotent } from 'stepwright';

const { RELEASE: by, LEAVES, STORE } = process.env;
const store = directory(STORE);
const handler = (name, run, options = {}) => {
  const named = { [name]: class { run(input, task) { return run(input, task); } } }[name];
  Handle({ input: 'any', ...options })(named.prototype, 'run', Object.getOwnPropertyDescriptor(named.prototype, 'run'));
  Activity('arn:aws:states:us-east-1:123456789012:activity:' + name, { heartbeat: '1s' })(named);
  return named;
};
const done = (what) => console.log('done: ' + what);
const steps = async (_, { checkpoint, signal }) => {
  const saved = await checkpoint.load();
  if (saved) return saved;
  await checkpoint.save({ by });
  done('saved');
  return nap(600_000, undefined, { signal });
};
const ask = async ({ id }, task) => {
  const deferral = await task.defer({ id });
  done('deferred');
  return deferral;
};
const once = Idempotent({ store, key: ({ key }) => key });
export default defineConfig({
  outbox: { store },
  deferred: { store },
  payloads: { store },
  activities: [
    handler('Result', () => ({ isResult: true, by })),
    handler('Ask', ask, { heartbeat: false }),
    handler('Steps', steps, { checkpoint: { store, key: ({ key }) => key } }),
    handler('Charge', () => ({ by }), { interceptors: [once] }),
    handler('Large', () => ({ text: 'x'.repeat(300_000), by })),
    ...(LEAVES ? [] : [handler('Read', ({ text, by }) => ({ length: text.length, by }))]),
  ],
});
`;

const arnOf = (activity) => `arn:aws:states:us-east-1:123456789012:activity:${activity}`;
const task = (activity, fields) => ({ Type: 'Task', Resource: arnOf(activity), ...fields });
const AGAIN = {
  HeartbeatSeconds: 3,
  Retry: [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: 1 }],
  End: true,
};
const MACHINES = {
  Result: { Result: task('Result', { End: true }) },
  Ask: { Ask: task('Ask', { TimeoutSeconds: 600, End: true }) },
  Steps: { Steps: task('Steps', AGAIN) },
  Charge: { Charge: task('Charge', { End: true }) },
  Large: { Large: task('Large', { Next: 'Read' }), Read: task('Read', { End: true }) },
};

/** The local service with the machines of the project, and what the checks do at it. */
async function openService() {
  const { startLocalService } = await import(
    pathToFileURL(join(root, 'dist/src/framework/local/index.js')).href
  );
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const sdk = await import('@aws-sdk/client-sfn');
  let refuses = false;
  let refused = () => {};
  const service = await startLocalService({
    port: 0,
    fault: ({ operation, body }) => {
      if (!refuses || operation !== 'SendTaskSuccess' || !body.output.includes('isResult')) return undefined;
      refused();
      return { kind: 'status', status: 500 };
    },
  });
  for (const activity of [...Object.keys(MACHINES), 'Read']) service.seedActivity(arnOf(activity));
  const arns = Object.fromEntries(
    Object.entries(MACHINES).map(([name, States]) => {
      const definition = JSON.stringify({ StartAt: name, States });
      return [name, service.seedMachine({ name, definition })];
    }),
  );
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new sdk.SFNClient({ endpoint: service.url, region: 'us-east-1', credentials });
  return {
    url: service.url,
    /** Refuses the results of `Result` from now on. Resolves when the first one was refused. */
    refuse: () => new Promise((resolve) => ([refuses, refused] = [true, resolve])),
    accept: () => (refuses = false),
    execute: async (machine, input) => {
      const start = { stateMachineArn: arns[machine], input: JSON.stringify(input) };
      return (await client.send(new sdk.StartExecutionCommand(start))).executionArn;
    },
    /** Waits for the end of an execution. @returns its output */
    output: async (executionArn) => {
      for (const deadline = Date.now() + LONGEST_WAIT_MS; ; await nap(200)) {
        const end = await client.send(new sdk.DescribeExecutionCommand({ executionArn }));
        if (end.status === 'SUCCEEDED') return JSON.parse(end.output);
        expect(end.status === 'RUNNING' && Date.now() < deadline, `${executionArn}: ${JSON.stringify(end)}`);
      }
    },
    /** Waits until the execution has entered a state. */
    entered: async (executionArn, state) => {
      for (const deadline = Date.now() + LONGEST_WAIT_MS; ; await nap(200)) {
        const { events } = await client.send(new sdk.GetExecutionHistoryCommand({ executionArn }));
        if (events.some(({ stateEnteredEventDetails: entered }) => entered?.name === state)) return;
        expect(Date.now() < deadline, `${executionArn} has not entered ${state}`);
      }
    },
    close: async () => {
      client.destroy();
      await service.close();
    },
  };
}

/** One direction: `from` is installed. @param to the release that is installed over it, with its tarball */
async function change(service, from, to, tarball) {
  const env = { ...cleanEnv, STORE: join(folder, 'store'), AWS_ENDPOINT_URL_SFN: service.url };
  const worker = (release, more) =>
    start('node_modules/.bin/stepwright start', { cwd: project, env: { ...env, RELEASE: release, ...more } });
  const key = `${from}-${to}`;

  const leaving = worker(from, { LEAVES: '1' });
  const open = {};
  const wasRefused = service.refuse();
  try {
    for (const machine of Object.keys(MACHINES))
      open[machine] = await service.execute(machine, { key, id: key });
    await Promise.all([leaving.saw(/done: deferred/), leaving.saw(/done: saved/), wasRefused]);
    await service.output(open.Charge);
    await service.entered(open.Large, 'Read');
  } finally {
    await leaving.stop('SIGKILL');
  }
  service.accept();
  await install(tarball);

  const finishing = worker(to);
  const outputOf = async (execution, expected) => {
    const output = JSON.stringify(await service.output(execution));
    expect(output === JSON.stringify(expected), `the output is ${output}\n${finishing.log()}`);
  };
  const by = from;
  try {
    await check(`${key}: a result in the outbox is reported`, () =>
      outputOf(open.Result, { isResult: true, by }),
    );
    await check(`${key}: a deferred task is listed and completed`, async () => {
      const deferred = 'node_modules/.bin/stepwright deferred';
      const { stdout } = await run(`${deferred} list`, { cwd: project, env });
      expect(stdout.startsWith(`${key}\t`), `listed are ${stdout}`);
      await run(`${deferred} succeed ${key} '{"yes":true}'`, { cwd: project, env });
      await outputOf(open.Ask, { yes: true });
    });
    await check(`${key}: a checkpoint is read`, () => outputOf(open.Steps, { by }));
    await check(`${key}: finished work is not done again`, async () =>
      outputOf(await service.execute('Charge', { key }), { by }),
    );
    await check(`${key}: a payload is read`, () => outputOf(open.Large, { length: 300_000, by }));
    await check(`${key}: nothing is damaged`, () => {
      const bad = finishing.log().match(/.*(another release|not a record|is damaged|StoreError).*/g) ?? [];
      expect(bad.length === 0, bad.join('\n'));
    });
  } finally {
    await finishing.stop();
  }
}

try {
  const earlier = packEarlier();
  if (earlier && hasRegistry('upgrade')) {
    mkdirSync(project);
    const later = pack(project);
    writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
    writeFileSync(join(project, 'nest-style.config.mjs'), CONFIG);
    const service = await openService();
    try {
      await install(earlier);
      await change(service, 'earlier', 'later', later);
      await change(service, 'later', 'earlier', earlier);
    } finally {
      await service.close();
    }
    summary('upgrade');
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
