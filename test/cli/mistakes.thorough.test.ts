import { execFile, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { formatErrorOf } from '../../src/framework/cli/output/format-error.js';
import { startLocalService } from '../../src/framework/local/index.js';
import { killAll, stepwright, WAITING } from '../support/cli.js';
import { HAS_TERMINALS } from '../support/crash/streams.js';

const CONFIG = resolve('test/fixtures/slow/slow.config.mjs');
const MAIN = resolve('dist/src/framework/cli/main.js');

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'stepwright-mistakes-'));
  writeFileSync(join(dir, 'package.json'), '{}');
});
afterEach(killAll);
afterAll(() => rmSync(dir, { recursive: true }));

/** Runs a command to its end, in the project whose config is a fixture's. */
async function run(args: string[], env: Record<string, string> = {}): Promise<string> {
  const ran = stepwright(args, env, dir);
  const { code } = await ran.ended;
  return `${ran.stdout()}${ran.stderr()}exit code ${code}\n`;
}

describe('a value of another form is answered by the form of a flag or a variable', () => {
  test.each([
    [
      ['--pollers', '5-1'],
      '--pollers: expected a whole number such as 4, or a range MIN-MAX such as 1-8, got "5-1"',
    ],
    [['--handler', 'Work.run'], '--handler: expected Class.method.option=value, got "Work.run"'],
    [
      ['--pool', '{bad'],
      `--pool: expected JSON such as '{"threads":4,"memoryMb":512}', of threads, processes`,
    ],
  ])('%s', async (flags, words) => {
    const text = await run(['config', '--config', CONFIG, ...flags]);
    expect(text).toContain(words);
    expect(text).toMatch(/^stepwright config: 1 problem\.$/m);
  });

  test('of --memory-mb', async () => {
    const text = await run(['exec', '--activity', 'Work', '--memory-mb', 'x', '--', 'cat']);
    expect(text).toContain('expected memoryMb to be a whole number from 1 up, got "x" (string)');
  });
});

describe('a mistake of the config is told by each command that reads it', () => {
  const configOf = (name: string, text: string): string => {
    writeFileSync(join(dir, name), `export default { activities: [], ${text} };`);
    return name;
  };

  test.each(['config', 'check', 'local', 'start'])('%s: of functions, all at once', async (command) => {
    const lambdas = "lambdas: { f: 5, g: 'noext', h: { handler: 7, memmory: 3 } }";
    const text = await run([command, '--config', configOf('lambdas.config.mjs', lambdas)]);
    expect(text).toContain('3 problems');
    for (const got of ["lambdas['f']: expected './dist/file.handler', or", 'got 5', "['g']", "['h']"])
      expect(text).toContain(got);
    expect(text).toContain('exit code 1');
  });

  test('of a getter that throws, by the file and the option', async () => {
    const getter = "get region() { throw new Error('boom'); }";
    const text = await run(['start', '--config', configOf('getter.config.mjs', getter)]);
    expect(text).toMatch(/1\. getter\.config\.mjs: its option region throws when it is read: Error: boom\n/);
    expect(text).toContain('[CONFIG_UNREADABLE]');
  });
});

describe('a variable that nothing reads', () => {
  const env = {
    STEPWRIGHT_CONCURENCY: '3',
    STEPWRIGHT_SERVICE_HOST: '10.0.0.1',
    STEPWRIGHT_PORT_80_TCP: 'tcp://10.0.0.1:80',
  };
  const words = /STEPWRIGHT_CONCURENCY: no option has this variable.* did you mean STEPWRIGHT_CONCURRENCY\?/;

  test('is named with its neighbour by a start, and those of Kubernetes are not', async () => {
    const started = stepwright(['start', '--config', CONFIG, '--port', '0'], env, dir);
    await started.saw(WAITING);
    expect(started.stdout()).toMatch(words);
    expect(started.stdout()).not.toMatch(/STEPWRIGHT_(SERVICE_HOST|PORT_80_TCP)/);
  });

  test('nor is the STEPWRIGHT_PORT of a Service named stepwright', async () => {
    const text = await run(['config', '--config', CONFIG], { STEPWRIGHT_PORT: 'tcp://10.0.0.1:80' });
    expect(text).toMatch(/^ +port +0 +the config$/m);
  });
});

describe('output', () => {
  const toFull = (command: string): string =>
    `${process.execPath} ${MAIN} ${command} --config ${CONFIG} > /dev/full`;

  test.each(['config', 'schema'])('of %s that cannot be written is an error', (command) => {
    const shell = (): unknown => execFileSync('sh', ['-c', toFull(command)], { cwd: dir, stdio: 'pipe' });
    expect(shell).toThrow(/standard output: the text could not be written: ENOSPC/);
  });

  test('that its reader has closed is none', () => {
    const line = `${process.execPath} ${MAIN} schema --config ${CONFIG} | true`;
    expect(() =>
      execFileSync('bash', ['-o', 'pipefail', '-c', line], { cwd: dir, stdio: 'pipe' }),
    ).not.toThrow();
  });

  test('of a pretty log has no colours in a pipe', async () => {
    const flags = ['--config', CONFIG, '--port', '0', '--log-format', 'pretty'];
    const started = stepwright(['start', ...flags], {}, dir);
    await started.saw(WAITING);
    expect(started.stdout()).toContain('INFO: Endpoint:');
    expect(started.stdout()).not.toContain('\u001b[');
  });
});

(HAS_TERMINALS ? describe : describe.skip)('at a terminal a pretty log has', () => {
  /** Starts a worker at a terminal of its own. Resolves to its log up to the line that it waits for a task. */
  const logOf = (env: Record<string, string>): Promise<string> =>
    new Promise((done, fail) => {
      const command = `${process.execPath} ${MAIN} start --config ${CONFIG} --port 0`;
      const { PATH = '' } = process.env;
      // When `script` is killed, its terminal hangs up, and the worker ends.
      const child = spawn('script', ['-qefc', command, '/dev/null'], { cwd: dir, env: { PATH, ...env } });
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (WAITING.test(text)) child.kill('SIGKILL');
      });
      child.on('error', fail);
      child.on('close', () => done(text));
    });
  test.each<[string, Record<string, string>, boolean]>([
    ['colours', { TERM: 'xterm-256color' }, true],
    ['none with NO_COLOR', { TERM: 'xterm-256color', NO_COLOR: '1' }, false],
    ['none with TERM=dumb', { TERM: 'dumb' }, false],
  ])('%s', async (_, env, coloured) => {
    const log = await logOf(env);
    expect(log).toContain('Endpoint:');
    expect(log.includes('\u001b[')).toBe(coloured);
  });
});

test('a file that the system refuses is named with what to do, not with a stack', () => {
  const refused = (code: string, path: string): Error =>
    Object.assign(new Error(`${code}: refused, mkdir '${path}'`), { code, path, syscall: 'mkdir' });
  expect(formatErrorOf('new', refused('EACCES', '/app/src'))).toBe(
    "EACCES: refused, mkdir '/app/src'\nFix: let this user read and write there, or run the command in another folder or as another user",
  );
  expect(formatErrorOf('new', refused('EROFS', '/app/src'))).toContain('the file system is read-only');
});

test.each(['check', 'config', 'schema', 'types', 'doctor'])(
  '%s starts nothing, so that it does not say what can not start',
  async (command) => {
    const text = await run([command, '--config', 'nowhere.mjs']);
    expect(text).not.toContain('cannot start');
    expect(text).toMatch(/exit code 1$/m);
  },
);

test('a class is found in CommonJS whose exports Node can not read off the text, as swc writes it', async () => {
  const project = join(dir, 'commonjs');
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  symlinkSync(resolve('.'), join(project, 'node_modules/stepwright'));
  writeFileSync(join(project, 'package.json'), '{"type":"commonjs"}');
  writeFileSync(
    join(project, 'pay.activity.js'),
    `Object.defineProperty(exports, '__esModule', { value: true });
(function (target, all) {
  for (const name in all) Object.defineProperty(target, name, { enumerable: true, get: all[name] });
})(exports, { Pay: () => Pay });
const { Activity, Handle } = require('stepwright');
class Pay { run() {} }
Handle({ input: 'any' })(Pay.prototype, 'run', Object.getOwnPropertyDescriptor(Pay.prototype, 'run'));
Activity('Pay')(Pay);
`,
  );
  writeFileSync(join(project, 'c.mjs'), "export default { activities: ['./*.activity.js'] };");
  const config = stepwright(['config', '--config', 'c.mjs', '--endpoint', 'local'], {}, project);
  expect(await config.ended).toEqual({ code: 0, signal: null });
  expect(config.stdout()).toContain('Pay.run');
});

test('config and schema need no state machine that is right', async () => {
  const machines = join(dir, 'state-machines');
  mkdirSync(machines);
  writeFileSync(join(machines, 'broken.asl.json'), '{bad');
  for (const command of ['config', 'schema'])
    expect(await run([command, '--config', CONFIG])).toMatch(/exit code 0$/m);
  rmSync(machines, { recursive: true });
});

test('a machine that only Step Functions runs is named and left out, and the others are served', async () => {
  const machines = join(dir, 'state-machines');
  const unsupported = { Type: 'Pass', InputPath: '$[?(@.a all [1])]', End: true };
  const write = (name: string, state: object): void =>
    writeFileSync(join(machines, name), JSON.stringify({ StartAt: 'A', States: { A: state } }));
  mkdirSync(machines);
  write('All.asl.json', unsupported);
  write('One.asl.json', { Type: 'Succeed' });
  const config = join(dir, 'machines.config.mjs');
  writeFileSync(
    config,
    `import slow from ${JSON.stringify(CONFIG)}; export default { ...slow, machines: ['state-machines/*.json'] };`,
  );
  const flags = ['--config', config];
  for (const command of ['start', 'local']) {
    const started = stepwright([command, ...flags, '--port', '0'], {}, dir);
    await started.saw(/Machine: One \(/);
    await started.saw(/All\.asl\.json:\d+:\d+: .*cannot be used here.*left out; the others are served/);
    expect(started.stdout()).not.toContain('Machine: All');
    started.child.kill('SIGKILL');
  }
  const checked = await run(['check', ...flags]);
  expect(checked).toMatch(/All\.asl\.json:\d+:\d+ +advice .*cannot be used here/);
  expect(checked).toMatch(/exit code 0$/m);
  rmSync(machines, { recursive: true });
});

test('generate refuses an activity that a start would refuse, and writes nothing', async () => {
  const before = readdirSync(dir, { recursive: true });
  const text = await run([
    'generate',
    'activity',
    'Refund',
    '--activity',
    'arn:aws:states:eu-west-1:12:activity:x',
  ]);
  expect(text).toContain('the account of this ARN must be 12 digits');
  expect(text).toMatch(/exit code 1$/m);
  expect(readdirSync(dir, { recursive: true })).toEqual(before);
});

test('local names a host that is not of this machine', async () => {
  const text = await run(['local', '--config', CONFIG, '--host', '192.0.2.1', '--port', '0']);
  expect(text).toMatch(
    /--host: expected an address or a name of this machine, got "192\.0\.2\.1".*EADDRNOTAVAIL/,
  );
});

describe('before anything is loaded', () => {
  const outputOf = (...args: string[]): Promise<string> =>
    new Promise((done) =>
      execFile(process.execPath, args, (error, stdout, stderr) =>
        done(`${stdout}${stderr}exit code ${error?.code ?? 0}`),
      ),
    );

  test('an old Node is named, with one that will do', async () => {
    const old = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'18.20.8'})";
    const text = await outputOf('--import', old, MAIN, 'doctor');
    expect(text).toMatch(
      /^stepwright needs Node 20\.19 or later, and this is Node 18\.20\.8\.\nFix: install Node 22 or 24/,
    );
    expect(text).toMatch(/exit code 1$/);
  });

  test.each(['index', 'testing/index', 'local/index', 'nestjs/index'])(
    'an old Node is named by %s',
    async (door) => {
      const old = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'18.20.8'})";
      const text = await outputOf('--import', old, resolve(`dist/src/framework/${door}.js`));
      expect(text).toContain(
        'Error: stepwright needs Node 20.19 or later, and this is Node 18.20.8. Fix: install Node 22 or 24',
      );
    },
  );

  test.each([
    ['import', "import 'reflect-metadata';"],
    [
      'require',
      "import { createRequire } from 'node:module'; createRequire(import.meta.url)('reflect-metadata');",
    ],
  ])('a peer that is not installed is named, with how to install it: by %s', async (_, load) => {
    const main = join(dir, 'main.mjs');
    cpSync(MAIN, main);
    mkdirSync(join(dir, 'process'), { recursive: true });
    writeFileSync(join(dir, 'process/signals.js'), load);
    const text = await outputOf(main, 'config');
    expect(text).toMatch(
      /^stepwright needs the package reflect-metadata, which is not installed\.\nFix: npm install /,
    );
    expect(text).toMatch(/exit code 1$/);
  });
});

describe('a package of DTOs that brings a copy of its own', () => {
  let project: string;
  const ACME = 'node_modules/@acme/orders';

  function write(name: string, text: string): void {
    mkdirSync(join(project, name, '..'), { recursive: true });
    writeFileSync(join(project, name), text);
  }

  beforeAll(() => {
    project = join(dir, 'copies');
    const root = resolve('.');
    mkdirSync(join(project, 'node_modules'), { recursive: true });
    symlinkSync(root, join(project, 'node_modules/stepwright'));
    for (const name of ['class-transformer', 'class-validator', 'tsyringe', 'reflect-metadata'])
      symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
    for (const name of ['class-transformer', 'tsyringe', 'tslib'])
      cpSync(join(root, 'node_modules', name), join(project, ACME, 'node_modules', name), {
        recursive: true,
      });
    write('package.json', '{"type":"module"}');
    write('stepwright.config.js', "export default { activities: ['./*.activity.js'], port: 0 };");
    write(`${ACME}/package.json`, '{"name":"@acme/orders","type":"module","main":"index.js"}');
    write(
      `${ACME}/index.js`,
      `import 'reflect-metadata';
import { IsString, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import { injectable } from 'tsyringe';
export class Line {}
Reflect.decorate([IsString()], Line.prototype, 'name');
export class Order {}
Reflect.decorate([ValidateNested(), Type(() => Line)], Order.prototype, 'lines');
export class Clock {}
export class Gateway { constructor(clock) { this.clock = clock; } }
Reflect.decorate([injectable(), Reflect.metadata('design:paramtypes', [Clock])], Gateway);
`,
    );
  });

  const activity = (input: string, parameters: string): void =>
    write(
      'pay.activity.js',
      `import { Activity, Handle } from 'stepwright';
import { Gateway, Order } from '@acme/orders';
export class Pay { ${parameters && 'constructor(gateway) {} '}run() {} }
const run = Object.getOwnPropertyDescriptor(Pay.prototype, 'run');
Reflect.decorate([Handle({ input: ${input} })], Pay.prototype, 'run', run);
Reflect.decorate([Activity('Pay'), Reflect.metadata('design:paramtypes', [${parameters}])], Pay);
`,
    );

  const ran = async (command: string): Promise<string> => {
    const flags = ['--config', 'stepwright.config.js', '--endpoint', 'local'];
    const run = stepwright([command, ...flags], {}, project);
    await run.ended;
    return `${run.stdout()}${run.stderr()}`;
  };

  const copies = (name: string): RegExp =>
    new RegExp(
      `another copy of ${name} \\(\\S+/@acme/orders/node_modules/${name}\\) .* \\(\\S+node_modules/${name}\\)`,
    );

  test('of class-transformer is named with its place, not the @Type that is there', async () => {
    activity('Order', '');
    for (const text of [await ran('start'), await ran('doctor')]) {
      expect(text).toMatch(copies('class-transformer'));
      expect(text).toContain('[TWO_COPIES]');
      expect(text).not.toContain('no @Type()');
    }
  });

  test('does not hide that a package is a link, as pnpm makes them, while the output is a pipe', async () => {
    activity("'any'", '');
    write(
      'linked.activity.js',
      "import 'class-validator'; console.log(import.meta.resolve('class-validator'));",
    );
    expect(await ran('start')).toContain(join(resolve('.'), 'node_modules/class-validator'));
    rmSync(join(project, 'linked.activity.js'));
  });

  test('of tsyringe is named with its place by a start, and is a warning of the doctor', async () => {
    activity("'any'", 'Gateway');
    expect(await ran('start')).toMatch(copies('tsyringe'));
    expect(await ran('doctor')).toMatch(copies('tsyringe'));
  });
});

test('a heartbeat that is too slow for a state in the files is warned of where the endpoint is a URL', async () => {
  const resource = 'arn:aws:states:eu-west-1:123456789012:activity:Work';
  mkdirSync(join(dir, 'state-machines'), { recursive: true });
  const machine = {
    StartAt: 'Do',
    States: { Do: { Type: 'Task', Resource: resource, HeartbeatSeconds: 60, End: true } },
  };
  writeFileSync(join(dir, 'state-machines/Do.asl.json'), JSON.stringify(machine, null, 2));
  const service = await startLocalService({ port: 0 });
  try {
    writeFileSync(
      join(dir, 'slow.config.mjs'),
      `import { Activity, defineConfig, Handle } from ${JSON.stringify(resolve('dist/src/framework/index.js'))};
      class Work { work() {} }
      Handle({ input: 'any', heartbeat: '90s' })(Work.prototype, 'work', Object.getOwnPropertyDescriptor(Work.prototype, 'work'));
      Activity('${resource}')(Work);
      export default defineConfig({ activities: [Work] });`,
    );
    const flags = ['--config', 'slow.config.mjs', '--endpoint', service.url];
    const run = stepwright(['start', ...flags], {}, dir);
    const [line] = await run.saw(/.*every task that runs longer than 60 s times out.*/);
    expect(JSON.parse(line)).toMatchObject({
      level: 'warn',
      msg: expect.stringMatching(
        /^state-machines\/Do\.asl\.json:7:7: state 'Do': HeartbeatSeconds is 60, and the heartbeat of Work\.work is every 90 s: .* the deployed machine may differ: npx stepwright doctor$/,
      ),
    });
    run.child.kill('SIGTERM');
    await run.ended;
  } finally {
    await service.close();
  }
});
