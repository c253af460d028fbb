#!/usr/bin/env node
// The packed package on grounds that are not ours: compilers, package managers, versions of Node, trust stores, working
// directories, proxies and instruments. On each a worker lives one story, which the histories of a local service tell: a
// short task, one that outlives its HeartbeatSeconds, a named failure, an invalid input, a task in a thread, a drain.
// Some of them: `grounds.mjs 'TypeScript 6.0' dd-trace`; `grounds.mjs --some`: five. Prints a line a ground, and one for
// each that can't be had here; exits 1 if any fails. The compiled classes of corpus.mjs are compared as well.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createServer, request } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { startLocalService } from '../../dist/src/framework/local/index.js';
import { check, cleanEnv, expect, hasRegistry, install, must, pack, start, summary } from './checks.mjs';
import { checkCorpus } from './corpus.mjs';

const PEERS = { 'reflect-metadata': '^0.2.2', tsyringe: '^4.10.0' };
const DEPENDENCIES = { ...PEERS, 'class-transformer': '^0.5.1', 'class-validator': '^0.15.1' };
const COMPILERS = ['ts59@npm:typescript@~5.9', 'ts60@npm:typescript@~6.0', 'ts70@npm:typescript@~7.0'];
const SWC = ['@swc/core@1', '@swc/cli@^0.8.0'];
const ARN = 'arn:aws:states:eu-west-1:123456789012:activity:';

const CLASSES = `import { setTimeout } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { IsNotEmpty, IsString } from 'class-validator';
import { Activity, Handle } from 'stepwright';
import { injectable } from 'tsyringe';

@injectable()
export class Greeter {
  greet(who: string) {
    return { 'Greeter': \`Hello \${who}!\` };
  }
}

export class GreetInput {
  @IsString()
  @IsNotEmpty()
  who!: string;
}

class NoSuchPerson extends Error {}

@Activity('${ARN}Greet')
export class Greet {
  constructor(private readonly greeter: Greeter) {}

  @Handle()
  greet(input: GreetInput) {
    if (input.who === 'nobody') throw new NoSuchPerson('nobody is there');
    return this.greeter.greet(input.who);
  }
}

@Activity('${ARN}Wait', { heartbeat: '1s' })
export class Wait {
  @Handle({ input: 'any' })
  async wait(input: { seconds: number }) {
    await setTimeout(input.seconds * 1000);
    return input;
  }
}

@Activity('${ARN}Where', { run: 'thread' })
export class Where {
  @Handle({ input: 'any' })
  where() {
    return { isMainThread };
  }
}
`;

const CONFIG = `import { defineConfig } from 'stepwright';
import { Greet, Wait, Where } from './classes.js';

export default defineConfig({ activities: [Greet, Wait, Where], pool: { threads: 1 }, healthPort: 0 });
`;

/** As a library: classes in the config, started from any folder. */
const WORKER = `import { createWorker } from 'stepwright';
import config from './ground.config.js';

const worker = await createWorker(config, { module: new URL('./ground.config.js', import.meta.url) });
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
await worker.run({ signal: stop.signal });
process.exit();
`;

/** With a proxy, which needs the SDK's calls. */
const PROXIED = `import { HttpsProxyAgent } from 'https-proxy-agent';
import config from './ground.config.js';

const httpsAgent = new HttpsProxyAgent(process.env['PROXY'] as string);
export default { ...config, calls: 'sdk', sdk: { requestHandler: { httpsAgent } } };
`;

/** For exec: the same story as a program, which has no thread and no DTO. */
const PROGRAM = `let text = '';
for await (const part of process.stdin) text += part;
const input = JSON.parse(text);
if (input.who === 'nobody') process.exit(3);
if ('seconds' in input) await new Promise((done) => setTimeout(done, input.seconds * 1000));
console.log(JSON.stringify('seconds' in input ? input : { Greeter: 'Hello ' + input.who + '!' }));
`;

/** What each task of the story comes to: the activity, the input, the last event of its activity, and what it says. */
const STORY = {
  'a short task': ['Greet', { who: 'hoge' }, 'ActivitySucceeded', '{"Greeter":"Hello hoge!"}'],
  'a task of 11 s': ['Wait', { seconds: 11 }, 'ActivitySucceeded', '{"seconds":11}'],
  'a failure': ['Greet', { who: 'nobody' }, 'ActivityFailed', 'NoSuchPerson'],
  'an invalid input': ['Greet', {}, 'ActivityFailed', 'Stepwright.InvalidInput'],
  'a thread': ['Where', {}, 'ActivitySucceeded', '{"isMainThread":false}'],
};
const OF_EXEC = ['a short task', 'a task of 11 s', 'a failure'];
/** Whole stories on a busy machine. */
const PATIENCE_MS = 120_000;

/** A local service that has the activities of the story. */
async function openService(options) {
  const local = await startLocalService({ port: 0, ...options });
  for (const name of ['Greet', 'Wait', 'Where']) {
    local.seedActivity(ARN + name);
    const Work = { Type: 'Task', Resource: ARN + name, HeartbeatSeconds: 4, TimeoutSeconds: 100, End: true };
    local.seedMachine({ name, definition: JSON.stringify({ StartAt: 'Work', States: { Work } }) });
  }
  const ask = async (operation, body) => {
    const headers = { 'x-amz-target': `AWSStepFunctions.${operation}` };
    return (await fetch(local.url, { method: 'POST', headers, body: JSON.stringify(body) })).json();
  };
  /** Starts an execution. @returns a function that waits until its history has an event that is asked for */
  const run = async (name, input) => {
    const stateMachineArn = `arn:aws:states:eu-west-1:123456789012:stateMachine:${name}`;
    const { executionArn } = await ask('StartExecution', { stateMachineArn, input: JSON.stringify(input) });
    expect(executionArn !== undefined, `the machine ${name} can't be started at ${stateMachineArn}`);
    return async (pattern, worker) => {
      for (const deadline = Date.now() + PATIENCE_MS; ;) {
        const { events } = await ask('GetExecutionHistory', { executionArn });
        const found = events.find(({ type }) => pattern.test(type));
        if (found) return found;
        expect(Date.now() < deadline, `${name} has no event ${pattern}\n${worker.log()}`);
        await new Promise((done) => setTimeout(done, 100));
      }
    };
  };
  return { url: local.url, run, close: () => local.close() };
}

const ENDED = /^Activity(Succeeded|Failed|TimedOut)$/;

/** Runs the whole story. @param command starts the worker, in place of its shell */
async function live(service, command, at, { parts = Object.keys(STORY), endPolls }) {
  const worker = start(command, at);
  try {
    const tasks = parts.map(async (part) => {
      const [name, input, type, says] = STORY[part];
      const event = await (await service.run(name, input))(ENDED, worker);
      const { activitySucceededEventDetails: succeeded, activityFailedEventDetails: failed } = event;
      const said = succeeded?.output ?? failed?.error;
      expect(event.type === type && said === says, `${part}: ${event.type} ${said}\n${worker.log()}`);
    });
    await Promise.all(tasks);
    const saw = await service.run('Wait', { seconds: 2 });
    await saw(/^ActivityStarted$/, worker);
    const stopped = worker.stop('SIGTERM');
    const { type } = await saw(ENDED, worker);
    endPolls?.();
    const code = await stopped;
    expect(type === 'ActivitySucceeded' && code === 0, `the drain: ${type}, ${code}\n${worker.log()}`);
  } finally {
    await worker.stop('SIGKILL');
  }
}

/** Makes a certificate that no system knows, with its own authority. @returns the options of an HTTPS server */
function certify(dir) {
  const alternative = ['IP:127.0.0.1', ...['localhost', ...Object.keys(HOSTS)].map((name) => `DNS:${name}`)];
  const files = `-keyout key.pem -out ca.pem -addext subjectAltName=${alternative.join()}`;
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
  must(`openssl req -x509 ${key} -days 9 -subj /CN=ground ${files}`, { cwd: dir });
  return { key: readFileSync(join(dir, 'key.pem')), cert: readFileSync(join(dir, 'ca.pem')) };
}

/** The service by HTTPS. */
function secure(service, options) {
  const polls = new Set();
  const server = createSecureServer(options, (asked, answer) => {
    const headers = { ...asked.headers, host: new URL(service.url).host };
    const passed = request(service.url, { method: asked.method, headers }, (got) => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    if (asked.headers['x-amz-target'] === 'AWSStepFunctions.GetActivityTask') polls.add(answer);
    answer.on('close', () => passed.destroy() && polls.delete(answer));
    asked.pipe(passed);
  });
  // A worker knows a local service by HTTP alone, and waits for its polls here as at AWS, for up to a minute.
  const head = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'the-ground' };
  server.endPolls = () => polls.forEach((answer) => answer.writeHead(200, head).end('{}'));
  return server;
}

const listen = (server, port = 0, address = '127.0.0.1') =>
  new Promise((done, fail) => {
    server.once('error', fail).listen(port, address, () => done(server.address().port));
  });

/** A proxy for HTTPS. */
function proxy() {
  const server = createServer();
  server.on('connect', (asked, socket) => {
    const [host, port] = asked.url.split(':');
    const through = connect(Number(port), host, () => {
      server.tunnels = (server.tunnels ?? 0) + 1;
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      through.pipe(socket).pipe(through);
    });
    for (const each of [through, socket])
      each.on('error', () => [through, socket].map((end) => end.destroy()));
  });
  return server;
}

/** The projects, each made when a ground first needs it. */
class Projects {
  #made = new Map();

  constructor(dir) {
    this.dir = realpathSync(dir);
    this.tarball = pack(this.dir);
    this.tools = join(this.dir, 'tools');
    mkdirSync(this.tools);
  }

  #once(name, make) {
    if (!this.#made.has(name)) this.#made.set(name, make(join(this.dir, name)));
    return this.#made.get(name);
  }

  /** Where a package of the registry is that is a tool of a ground. */
  tool(name) {
    return this.#once(`tool ${name}`, () => {
      const folder = join(this.tools, name.replaceAll(/\W+/g, '-'));
      mkdirSync(folder);
      must(`npm install --prefix . --no-save --ignore-scripts --no-audit --no-fund ${name}`, { cwd: folder });
      return join(folder, 'node_modules');
    });
  }

  /** The folder that has `node` of a version. */
  node(version) {
    if (process.version.startsWith(`v${version}.`)) return dirname(process.execPath);
    const name = `node-${process.platform}-${process.arch}`;
    return join(this.tool(`${name}@${version}`), name, 'bin');
  }

  #write(folder, manifest = {}) {
    mkdirSync(folder, { recursive: true });
    const write = (file, text) => writeFileSync(join(folder, file), text);
    cpSync(this.tarball, join(folder, basename(this.tarball)));
    const dependencies = { ...DEPENDENCIES, stepwright: `file:./${basename(this.tarball)}`, ...manifest };
    write('package.json', JSON.stringify({ name: 'ground', private: true, type: 'module', dependencies }));
    return write;
  }

  /** The project that npm has installed, with every compiler. */
  get npm() {
    return this.#once('npm', (folder) => {
      const write = this.#write(folder);
      mkdirSync(join(folder, 'src'));
      write('src/classes.ts', CLASSES);
      write('src/ground.config.ts', CONFIG);
      write('src/proxied.config.ts', PROXIED);
      write('src/worker.ts', WORKER);
      const compilerOptions = {
        ...{ target: 'es2022', module: 'nodenext', rootDir: 'src', strict: true, skipLibCheck: true },
        ...{ experimentalDecorators: true, emitDecoratorMetadata: true, types: ['node'] },
      };
      write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['src'] }));
      const transform = { legacyDecorator: true, decoratorMetadata: true };
      const jsc = { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform };
      write('.swcrc', JSON.stringify({ jsc, module: { type: 'es6' } }));
      install(folder, [...COMPILERS, ...SWC, '@types/node@20', 'https-proxy-agent@7']);
      return folder;
    });
  }

  /** The files that a compiler wrote, in the folder of npm's project. */
  compiled(by = 'ts60') {
    return this.#once(`compiled by ${by}`, () => {
      const { npm } = this;
      const swc = `node node_modules/@swc/cli/bin/swc.js src --out-dir out/swc --strip-leading-paths`;
      must(by === 'swc' ? swc : `node node_modules/${by}/bin/tsc --outDir out/${by}`, { cwd: npm });
      return join(npm, 'out', by);
    });
  }

  /** A project with the same compiled files, that another manager has installed. */
  by(manager, command, files = {}) {
    return this.#once(manager, (folder) => {
      const write = this.#write(folder, { 'https-proxy-agent': '^7.0.0' });
      for (const [file, text] of Object.entries(files)) write(file, text);
      cpSync(this.compiled(), join(folder, 'out'), { recursive: true });
      must(command, { cwd: folder });
      return folder;
    });
  }

  yarn(linker) {
    const cli = join(this.tool('@yarnpkg/cli-dist@4'), '@yarnpkg/cli-dist/bin/yarn.js');
    const rc = `nodeLinker: ${linker}\nenableTelemetry: false\nenableImmutableInstalls: false\n`;
    const files = { '.yarnrc.yml': rc, 'yarn.lock': '' };
    return this.by(`yarn-${linker}`, `node ${cli} install --mode=skip-build`, files);
  }

  pnpm() {
    const cli = join(this.tool('pnpm@10'), 'pnpm/bin/pnpm.cjs');
    return this.by('pnpm', `node ${cli} install --ignore-scripts --prefer-offline --no-frozen-lockfile`);
  }

  /** A folder that has packages of the same names, of which the worker uses none. */
  get other() {
    return this.#once('other', (folder) => {
      mkdirSync(join(folder, 'node_modules'), { recursive: true });
      for (const name of Object.keys(DEPENDENCIES))
        cpSync(join(this.npm, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true });
      writeFileSync(join(folder, 'package.json'), '{ "name": "other", "private": true }');
      return folder;
    });
  }

  /** A monorepo whose root has the same packages, with the worker in one of its folders. */
  get monorepo() {
    return this.#once('monorepo', (folder) => {
      cpSync(this.other, folder, { recursive: true });
      this.compiled();
      mkdirSync(join(folder, 'packages'));
      must(`cp -al ${this.npm} packages/worker`, { cwd: folder });
      return folder;
    });
  }

  /** The folder of the commands that npm has installed globally. */
  get global() {
    return this.#once('global', (folder) => {
      const peers = Object.entries(DEPENDENCIES).map(([name, range]) => `'${name}@${range}'`);
      mkdirSync(folder);
      must(
        `npm install -g --prefix . --ignore-scripts --no-audit --no-fund ${this.tarball} ${peers.join(' ')}`,
        {
          cwd: folder,
        },
      );
      writeFileSync(join(folder, 'program.mjs'), PROGRAM);
      return join(folder, 'bin');
    });
  }
}

/** Names of AWS that this machine has, in a file of hosts that the worker alone sees. */
const HOSTS = {
  'states-fips.eu-west-1.amazonaws.com': '127.0.0.2',
  'states.eu-west-1.api.aws': '127.0.0.3',
};

/** At AWS, by the name that a setting of the SDK chooses. Needs root, for the file of hosts and the port. */
const atAws = (host, setting) => ({
  at: (p) => p.npm,
  command: (p) =>
    `mount --bind ${p.dir}/hosts /etc/hosts && ${START} ${p.compiled()}/ground.config.js --endpoint aws`,
  host,
  tls: true,
  env: (ca) => ({ NODE_EXTRA_CA_CERTS: ca, [setting]: 'true' }),
});
const mayMount = spawnSync('unshare', ['-m', 'true']).status === 0;

const START = 'exec node_modules/.bin/stepwright start --config';
const CREATE = 'exec node';

/**
 * A ground. `node`: the version, by default the one that runs this. `tls`: the service is at an HTTPS URL, whose authority
 * is in the file CA.
 */
const started = (by) => ({ at: (p) => p.npm, command: (p) => `${START} ${p.compiled(by)}/ground.config.js` });
const byCa = (node, env) => ({ ...started(), node, tls: true, env });
const byImport = (tool, env) => ({ ...started(), env: (p) => ({ ...env(p.tool(tool)) }) });
const GROUNDS = {
  'TypeScript 5.9': started('ts59'),
  'TypeScript 6.0': started('ts60'),
  'TypeScript 7.0': started('ts70'),
  swc: started('swc'),
  pnpm: { at: (p) => p.pnpm(), command: () => `${START} out/ground.config.js` },
  'Yarn, node_modules': { at: (p) => p.yarn('node-modules'), command: () => `${START} out/ground.config.js` },
  'Yarn PnP': {
    at: (p) => p.yarn('pnp'),
    command: () => `${CREATE} out/worker.js`,
    env: () => ({ NODE_OPTIONS: '--require ./.pnp.cjs --experimental-loader ./.pnp.loader.mjs' }),
  },
  'Node 20': { ...started(), node: 20 },
  'Node 22': { ...started(), node: 22 },
  'Node 24': { ...started(), node: 24 },
  ...Object.fromEntries(
    [20, 22, 24].flatMap((node) => [
      [`NODE_EXTRA_CA_CERTS, Node ${node}`, byCa(node, (ca) => ({ NODE_EXTRA_CA_CERTS: ca }))],
      [
        `--use-openssl-ca, Node ${node}`,
        byCa(node, (ca) => ({ SSL_CERT_FILE: ca, NODE_OPTIONS: '--use-openssl-ca' })),
      ],
    ]),
  ),
  ...Object.fromEntries(
    [22, 24].flatMap((node) => [
      [
        `--use-system-ca, Node ${node}`,
        byCa(node, (ca) => ({ SSL_CERT_FILE: ca, NODE_OPTIONS: '--use-system-ca' })),
      ],
      [
        `NODE_USE_SYSTEM_CA, Node ${node}`,
        byCa(node, (ca) => ({ SSL_CERT_FILE: ca, NODE_USE_SYSTEM_CA: '1' })),
      ],
      [
        `setDefaultCACertificates, Node ${node}`,
        byCa(node, (ca) => ({ CA: ca, NODE_OPTIONS: `--import ${join(dirname(ca), 'trust.mjs')}` })),
      ],
    ]),
  ),
  "another project's folder": { at: (p) => p.other, command: (p) => `${CREATE} ${p.compiled()}/worker.js` },
  "a monorepo's root": {
    at: (p) => p.monorepo,
    command: () => `${CREATE} packages/worker/out/ts60/worker.js`,
  },
  'a global command': {
    at: (p) => p.other,
    command: (p) =>
      `trap : TERM; for name in Greet Wait; do ${p.global}/stepwright exec --activity ${ARN}$name --heartbeat 1s --concurrency 3 --error 3=NoSuchPerson -- node ${p.global}/../program.mjs & pids="$pids $!"; done; wait $pids; wait $pids`,
    parts: OF_EXEC,
  },
  'a proxy': {
    at: (p) => p.npm,
    command: (p) => `${START} ${p.compiled()}/proxied.config.js`,
    tls: true,
    env: (ca) => ({ NODE_EXTRA_CA_CERTS: ca }),
  },
  ...(mayMount && {
    FIPS: atAws('states-fips.eu-west-1.amazonaws.com', 'AWS_USE_FIPS_ENDPOINT'),
    'dual-stack': atAws('states.eu-west-1.api.aws', 'AWS_USE_DUALSTACK_ENDPOINT'),
  }),
  "calls: 'sdk'": { ...started(), env: () => ({ STEPWRIGHT_CALLS: 'sdk' }) },
  Sentry: byImport('@sentry/node@11', (tools) => ({
    NODE_OPTIONS: `--import ${tools}/@sentry/node/build/import-hook.mjs`,
  })),
  OpenTelemetry: byImport('@opentelemetry/auto-instrumentations-node@0.82', (tools) => ({
    NODE_OPTIONS: `--require ${tools}/@opentelemetry/auto-instrumentations-node/dist/register.cjs`,
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
  })),
  'dd-trace': byImport('dd-trace@6', (tools) => ({
    NODE_OPTIONS: `--import ${tools}/dd-trace/initialize.mjs`,
    DD_TRACE_STARTUP_LOGS: 'false',
    DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  })),
};
const SOME = [
  'TypeScript 6.0',
  'TypeScript 7.0',
  'Yarn PnP',
  '--use-system-ca, Node 24',
  "another project's folder",
];

/** Makes what a ground needs. @returns a function with which a worker lives its story there */
function prepare(name, projects) {
  const { at, command, node, tls, host, env = () => ({}), parts } = GROUNDS[name];
  const dir = mkdtempSync(join(projects.dir, 'tls-'));
  const ca = join(dir, 'ca.pem');
  writeFileSync(join(dir, 'trust.mjs'), TRUST);
  const certified = tls && certify(dir);
  const from = { ...cleanEnv, AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
  const PATH = node === undefined ? process.env.PATH : `${projects.node(node)}:${process.env.PATH}`;
  const [cwd, run, more] = [at(projects), command(projects), env(tls ? ca : projects)];
  return async () => {
    const service = await openService();
    const secured = certified && secure(service, certified);
    const through = name === 'a proxy' && proxy();
    try {
      if (host) await listen(secured, 443, HOSTS[host]);
      const url = !secured ? service.url : host ? undefined : `https://localhost:${await listen(secured)}`;
      const own = { ...(through && { PROXY: `http://127.0.0.1:${await listen(through)}` }), ...more };
      const options = { parts, endPolls: secured && secured.endPolls };
      await live(
        service,
        host ? `exec unshare -m sh -c '${run}'` : run,
        { cwd, env: { ...from, PATH, ...(url && { AWS_ENDPOINT_URL_SFN: url }), ...own } },
        options,
      );
      expect(!through || through.tunnels > 0, 'nothing went through the proxy');
    } finally {
      for (const server of [secured, through]) {
        if (!server) continue;
        server.close();
        server.closeAllConnections();
      }
      await service.close();
    }
  };
}

/** Trusts an authority as the code of an app does. */
const TRUST = `import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { isMainThread } from 'node:worker_threads';
if (isMainThread)
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), readFileSync(process.env.CA, 'utf8')]);
`;

if (hasRegistry('grounds')) {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-grounds-'));
  try {
    const asked = process.argv.slice(2);
    const named = Object.keys(GROUNDS).filter((name) => asked.some((word) => name.includes(word)));
    const names = asked.includes('--some') ? SOME : asked.length > 0 ? named : Object.keys(GROUNDS);
    const projects = new Projects(dir);
    const hosts = Object.entries(HOSTS).map(([name, ip]) => `${ip} ${name}\n`);
    writeFileSync(join(projects.dir, 'hosts'), `127.0.0.1 localhost\n${hosts.join('')}`);
    if (!mayMount) console.log('##### SKIPPED: only root can try FIPS and dual-stack #####');
    const isWhole = asked.length === 0 || asked.includes('--some');
    if (isWhole || asked.includes('corpus')) await check('the corpus', () => checkCorpus(projects.npm));
    // First all that blocks this process, in which the services are.
    const stories = [];
    for (const name of names)
      await check(`${name}: is made`, () => stories.push([name, prepare(name, projects)]));
    // A story mostly waits: three live beside each other.
    const lane = async () => {
      for (let story; (story = stories.shift()) !== undefined;) await check(...story);
    };
    await Promise.all([lane(), lane(), lane()]);
  } finally {
    if (process.env.KEEP) console.log(dir);
    else rmSync(dir, { recursive: true, force: true });
  }
  summary('grounds');
}
