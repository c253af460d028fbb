import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

/** A package whose index needs two files of its own and another package, and loads a third when it is called. */
const PARTS = {
  'package.json': '{ "name": "parts" }',
  'index.js': `
    exports.one = require("./one").one;
    exports.two = require("./two");
    exports.other = require("other");
    exports.later = () => require("./three");`,
  'one.js': 'exports.one = "one";',
  'two.js': 'exports.shared = true;',
  'three.js': 'module.exports = "three";',
};
const KEPT = /^packages-\d-command-v[\d.]+-\w+-\w+$/;
const OURS = 'node_modules/stepwright/dist/src/framework';

let dir = '';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stepwright-kept-'));
  for (const folder of ['base', 'cli/process'])
    cpSync(join('dist/src/framework', folder), join(dir, OURS, folder), { recursive: true });
  place('node_modules/stepwright/package.json', '{ "name": "stepwright", "type": "module" }');
  for (const [name, text] of Object.entries(PARTS)) place(`node_modules/parts/${name}`, text);
  place('node_modules/other/index.js', 'module.exports = "far";');
  place('node_modules/other/package.json', '{}');
});
afterEach(() => rmSync(dir, { recursive: true }));

function place(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}

interface Start {
  readonly options?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The code of the user, which runs after the packages were loaded. Its last value is what it says. */
  readonly user?: string;
  /** Code of the user that runs when all that is kept was written. */
  readonly later?: string;
}

/**
 * One start: loads a package as Stepwright does, then runs code of the user, then keeps what was loaded.
 * @param code the value that the package gives
 * @returns that value, and the number of modules that Node itself has loaded
 */
function start(
  code: string,
  { options = [], env = {}, user = 'undefined', later }: Start = {},
): { said: unknown; byNode: number } {
  const script = `
    import NodeModule, { createRequire } from 'node:module';
    const ours = ${JSON.stringify(`./${OURS}`)};
    const { loadLibrary, libraries } = await import(ours + '/base/load-library.js');
    const { loadKeptPackages, endKeptPackages, endKeptNames, keepPackages } = await import(ours + '/cli/process/kept-packages.js');
    let byNode = 0;
    const load = NodeModule._extensions['.js'];
    NodeModule._extensions['.js'] = (...of) => { byNode++; return load(...of); };
    const require = createRequire(import.meta.url);
    loadKeptPackages('test');
    const attempt = async (call) => { try { return await call(); } catch (error) { return error.code ?? error.message; } };
    const said = [await attempt(async () => ${code})];
    const count = byNode;
    endKeptPackages();
    said.push(await attempt(async () => ${user}));
    endKeptNames();
    await keepPackages();
    ${later === undefined ? '' : `said.push(await attempt(async () => ${later}));`}
    process.stdout.write(JSON.stringify({ said, byNode: count }));`;
  place('start.mjs', script);
  const variables = { PATH: process.env['PATH'], HOME: dir, ...env };
  const { stdout, stderr } = spawnSync(process.execPath, [...options, 'start.mjs'], {
    ...{ cwd: dir, encoding: 'utf8', env: variables },
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as { said: unknown; byNode: number };
}

const cache = (): string => join(dir, 'node_modules/.cache/stepwright');
const kept = (): string => join(cache(), readdirSync(cache())[0] ?? '');
const ALL = "(({ one, two, other }) => [one, two.shared, other])(loadLibrary('parts'))";
const all = (one = 'one', other = 'far'): unknown[] => [one, true, other];
const whatIsSaid = (code: string, more?: Start): unknown => (start(code, more).said as unknown[])[0];

/** The first start finds packages, the second makes code of them, the third uses both. */
function startTwice(): void {
  start(ALL);
  start(ALL);
}

test('packages are loaded from one file, whose code the second start adds; then it stays as it is', () => {
  expect(start(ALL)).toEqual({ said: [all(), null], byNode: 4 });
  const first = readFileSync(kept());
  expect(start(ALL)).toEqual({ said: [all(), null], byNode: 0 });
  const second = readFileSync(kept());
  expect(second.length).toBeGreaterThan(first.length);
  expect(start(ALL)).toEqual({ said: [all(), null], byNode: 0 });
  expect(readFileSync(kept()).equals(second)).toBe(true);
  expect(readdirSync(cache())).toHaveLength(1);
});

test('the code of a single rule of class-validator is loaded when the rule first needs it', () => {
  place('node_modules/class-validator/package.json', '{}');
  place(
    'node_modules/class-validator/index.js',
    `const __importDefault = (mod) => (mod && mod.__esModule ? mod : { default: mod });
    const plain_1 = __importDefault(require("validator/lib/plain"));
    const compiled_1 = __importDefault(require("validator/lib/compiled"));
    const max_1 = require("libphonenumber-js/max");
    exports.rules = () => [(0, plain_1.default)(), (0, compiled_1.default)(), compiled_1.locales, (0, max_1.parse)()];`,
  );
  place('node_modules/validator/package.json', '{}');
  place('node_modules/validator/lib/plain.js', 'module.exports = () => "plain";');
  place(
    'node_modules/validator/lib/compiled.js',
    'exports.__esModule = true; exports.default = () => "compiled"; exports.locales = ["de"];',
  );
  place('node_modules/libphonenumber-js/max.js', 'exports.parse = () => "parsed";');
  const code = `(loadLibrary('class-validator'), Object.keys(libraries.cache).length)`;
  const user = `require('class-validator').rules()`;
  const rules = ['plain', 'compiled', ['de'], 'parsed'];
  expect(start(code, { user })).toEqual({ said: [4, rules], byNode: 4 });
  for (const byNode of [0, 0]) expect(start(code, { user })).toEqual({ said: [1, rules], byNode });
  const size = readFileSync(kept()).length;
  expect(start(code, { user })).toEqual({ said: [1, rules], byNode: 0 });
  expect(readFileSync(kept())).toHaveLength(size);
  const renamed = (from: string, to: string): string =>
    `require('node:fs').renameSync('node_modules/${from}', 'node_modules/${to}')`;
  const later = `(${renamed('validator', 'gone')}, attempt(() => ${user}))
    .then((first) => (${renamed('gone', 'validator')}, [first, ${user}]))`;
  expect(start(code, { later }).said).toEqual([1, null, ['MODULE_NOT_FOUND', rules]]);
  rmSync(join(dir, 'node_modules/validator'), { recursive: true });
  expect(start(code, { user }).said).toEqual(['MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);
});

test.each<[string, string, string[]]>([
  ['of the rules that the DTOs declare', `rules.IsEmail()(Dto.prototype, 'to')`, ['isEmail']],
  [
    'of the rules that these call',
    `rules.IsDateString()(Dto.prototype, 'at'); rules.IsLatitude()(Dto.prototype, 'at')`,
    ['isISO8601', 'isLatLong'],
  ],
  ['of no rule, if the DTOs need none', `rules.IsString()(Dto.prototype, 'at')`, []],
  [
    'of all rules, if a user wrote one',
    `rules.ValidateBy({ name: 'isMine', validator: { validate: rules.isEmail } })(Dto.prototype, 'to')`,
    ['isEmail', 'isISO8601', 'isLatLong', 'isURL'],
  ],
  [
    'of all rules, if a user wrote a class for one',
    `rules.ValidatorConstraint({ name: 'isEmail' })(class Mine { validate = rules.isURL; })`,
    ['isEmail', 'isISO8601', 'isLatLong', 'isURL'],
  ],
])('once the worker runs, npm ci can replace the code %s', (_, declare, loaded) => {
  for (const name of ['class-validator', 'validator'])
    cpSync(resolve('node_modules', name), join(dir, 'node_modules', name), { recursive: true });
  symlinkSync(resolve('node_modules/libphonenumber-js'), join(dir, 'node_modules/libphonenumber-js'));
  const code = `typeof loadLibrary('class-validator')`;
  const user = `(() => { const rules = require('class-validator'); class Dto {} ${declare}; })()`;
  const checked = `((rules) => [
    ['isEmail', () => rules.isEmail('a@b.de')],
    ['isISO8601', () => rules.isDateString('2020-01-01')],
    ['isLatLong', () => rules.isLatitude('1')],
    ['isURL', () => rules.isURL('https://a.de')],
  ].filter(([, check]) => { try { return check(); } catch { return false; } }).map(([name]) => name))(require('class-validator'))`;
  const removed = `require('node:fs').rmSync('node_modules/validator', { recursive: true })`;
  start(code);
  expect(start(code, { user, later: `(${removed}, ${checked})` })).toEqual({
    said: ['object', null, loaded],
    byNode: 0,
  });
});

test('a module sees what it sees without a kept file', () => {
  const odd = {
    'package.json': '{ "name": "odd" }',
    'index.js': `
      exports.early = require('./a').of(module);
      exports.seen = [this === exports, arguments.length, __filename, __dirname, require('./dir/'), require('./dir'),
        require('.') === exports, require('./data'), typeof require('fs').readFileSync];
      exports.stack = () => new Error('x').stack.split('\\n')[1].replace(/.*odd/, '');`,
    'a.js':
      'const early = require("./index"); exports.of = (index) => [early === index.exports, Object.keys(early)];',
    'data.json': '[1]',
    'dir/package.json': '{ "main": "main" }',
    'dir/main.js': 'module.exports = "\u20ac main";',
  };
  for (const [name, text] of Object.entries(odd)) place(`node_modules/odd/${name}`, text);
  const code = `(() => { const odd = loadLibrary('odd'); return [odd.early, odd.seen, odd.stack()]; })()`;
  const user = `(() => {
    const { id, filename, path, loaded, paths, children, exports } = require.cache[require.resolve('odd')];
    return [id, filename, path, loaded, paths, children.map((each) => each.id), exports.stack(), require('odd') === exports,
      require('odd/a') === require.cache[require.resolve('odd/a')].exports, children[0] instanceof NodeModule];
  })()`;
  const plain = start(code, { user, env: { NODE_DISABLE_COMPILE_CACHE: '1' } });
  expect(plain.byNode).toBeGreaterThan(0);
  start(code, { user });
  for (const { said, byNode } of [start(code, { user }), start(code, { user })])
    expect([said, byNode]).toEqual([plain.said, 0]);
});

test('the user gets the same modules, whose later parts are loaded by Node with its hooks', () => {
  startTwice();
  const user = `(async () => {
    const parts = require('parts');
    const { require: original } = NodeModule.prototype;
    NodeModule.prototype.require = function (id) { return id === './three' ? 'hooked' : original.call(this, id); };
    return [parts.two === require('parts/two'), (await import('parts')).default === parts, parts.later()];
  })()`;
  expect(start(ALL, { user })).toEqual({ said: [all(), [true, true, 'hooked']], byNode: 0 });
});

test.each<[string, () => void, unknown]>([
  ['a file is edited', () => place('node_modules/parts/one.js', 'exports.one = "two";'), all('two')],
  [
    'a file is edited, and gets its time back',
    () => {
      place('node_modules/parts/one.js', 'exports.one = "two";');
      utimesSync(join(dir, 'node_modules/parts/one.js'), 1, 1);
    },
    all('two'),
  ],
  [
    'a nearer copy is installed',
    () => place('node_modules/parts/node_modules/other/index.js', 'module.exports = "near";'),
    all('one', 'near'),
  ],
  [
    'the package has another main file',
    () => place('node_modules/other/package.json', '{ "main": "new.js" }'),
    all('one', 'new'),
  ],
  ['a package is a link to another one', () => link('other'), all('one', 'linked')],
  [
    'a file stands before a folder',
    () => place('node_modules/parts/one', 'exports.one = "bare";'),
    all('bare'),
  ],
  [
    'a package is gone',
    () => rmSync(join(dir, 'node_modules/other'), { recursive: true }),
    'MODULE_NOT_FOUND',
  ],
])('a start sees it if %s', (_, change, expected) => {
  place('node_modules/other/new.js', 'module.exports = "new";');
  place('linked/index.js', 'module.exports = "linked";');
  startTwice();
  change();
  expect([whatIsSaid(ALL), whatIsSaid(ALL), whatIsSaid(ALL)]).toEqual([expected, expected, expected]);
});

function link(name: string): void {
  rmSync(join(dir, 'node_modules', name), { recursive: true });
  symlinkSync(join(dir, 'linked'), join(dir, 'node_modules', name));
}

test('code that belongs to another text of the same length is not kept', () => {
  start(ALL);
  const user = `(await import('node:fs')).writeFileSync('node_modules/parts/one.js', 'exports.one = "two";')`;
  start(ALL, { user });
  expect([whatIsSaid(ALL), whatIsSaid(ALL), whatIsSaid(ALL)]).toEqual([all('two'), all('two'), all('two')]);
});

test('copies of the same content, as in a layer of an image, are loaded from the file', () => {
  startTwice();
  for (const name of Object.keys(PARTS)) utimesSync(join(dir, 'node_modules/parts', name), 1, 1);
  expect(start(ALL)).toEqual({ said: [all(), null], byNode: 0 });
});

test('a copy of the project uses its own packages', () => {
  startTwice();
  cpSync(join(dir, 'node_modules'), join(dir, 'copy/node_modules'), { recursive: true });
  place('copy/node_modules/parts/one.js', 'exports.one = "two";');
  const first = dir;
  dir = join(dir, 'copy');
  try {
    expect([whatIsSaid(ALL), whatIsSaid(ALL)]).toEqual([all('two'), all('two')]);
  } finally {
    dir = first;
  }
});

test('a package that fails is loaded by Node, which says why', () => {
  const fails = `exports.two = require('./two'); if (process.env.FAIL) throw new Error('run ' + (globalThis.runs = (globalThis.runs ?? 0) + 1));`;
  place('node_modules/parts/index.js', fails);
  const code = "loadLibrary('parts').two.shared";
  start(code);
  expect([whatIsSaid(code), whatIsSaid(code, { env: { FAIL: '1' } }), whatIsSaid(code)]).toEqual([
    ...[true, 'run 2', true],
  ]);
});

test.each<[boolean, string[], Record<string, string>]>([
  [true, ['--max-old-space-size=200'], { NODE_OPTIONS: '--no-warnings' }],
  [false, ['-C', 'development'], {}],
  [false, ['--import', 'data:text/javascript,'], {}],
  [false, ['--enable-source-maps'], {}],
  [false, ['--inspect=0'], { NODE_OPTIONS: '' }],
  [false, [], { NODE_OPTIONS: '--no-warnings  --conditions=development' }],
  [false, ['--preserve-symlinks'], {}],
  [false, [], { NODE_V8_COVERAGE: 'coverage' }],
  [false, [], { NODE_PATH: 'elsewhere' }],
  [false, [], { NODE_DISABLE_COMPILE_CACHE: '1' }],
])('packages are loaded from the file (%s) with the options %j and variables %j', (isKept, options, env) => {
  startTwice();
  const script = readFileSync(join(dir, 'start.mjs'), 'utf8');
  place('start.mjs', script);
  const { stdout } = spawnSync(process.execPath, [...options, 'start.mjs'], {
    ...{ cwd: dir, encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: dir, ...env } },
  });
  expect(JSON.parse(stdout)).toEqual({ said: [all(), null], byNode: isKept ? 0 : 4 });
});

test.each<[string, (file: string, bytes: Buffer) => void]>([
  ['is damaged', (file, bytes) => writeFileSync(file, bytes.fill(0, bytes.length >> 1))],
  ['is cut off', (file, bytes) => writeFileSync(file, bytes.subarray(0, 100))],
  ['is empty', (file) => writeFileSync(file, '')],
  [
    'is no file but a pipe',
    (file) => {
      rmSync(file);
      spawnSync('mkfifo', [file]);
    },
  ],
  ['has grown beyond all measure', (file) => truncateSync(file, 2 ** 30)],
  ['may have been written by another user', (file) => chmodSync(file, 0o666)],
])('a file that %s is not used, and is written anew', (_, damage) => {
  startTwice();
  damage(kept(), readFileSync(kept()));
  expect(start(ALL).byNode).toBe(4);
  expect(statSync(kept()).mode & 0o777).toBe(0o644);
  expect(start(ALL).byNode).toBe(0);
});

test('a start without a folder to write to loads as Node does', () => {
  place('node_modules/.cache', 'a file');
  expect([start(ALL).byNode, start(ALL).byNode]).toEqual([4, 4]);
});

test('starts that keep their packages at the same time leave one whole file', async () => {
  start(ALL);
  rmSync(kept());
  const env = { PATH: process.env['PATH'], HOME: dir };
  const all8 = Array.from({ length: 8 }, () => spawn(process.execPath, ['start.mjs'], { cwd: dir, env }));
  await Promise.all(all8.map((child) => once(child, 'exit')));
  expect(readdirSync(cache())).toHaveLength(1);
  expect(start(ALL).byNode).toBe(0);
});

test('class-validator is one copy with one storage, by every way to it', () => {
  for (const name of ['class-validator', 'validator', 'libphonenumber-js'])
    symlinkSync(resolve('node_modules', name), join(dir, 'node_modules', name));
  const code = "Object.keys(loadLibrary('class-validator')).length > 300";
  const user = `(async () => {
    const rules = await import('class-validator');
    const all = require('class-validator');
    class Dto {}
    rules.IsEmail()(Dto.prototype, 'to');
    const errors = await rules.validate(Object.assign(new Dto(), { to: 'x' }));
    return [
      rules.isEmail('a@b.de'), rules.isEmail('a'), rules.isPhoneNumber('+41446681800'), rules.isPhoneNumber('+1'),
      rules.isMimeType('text/html'), rules.isStrongPassword('aB3$aB3$'), rules.isUUID('x'),
      rules.ValidationError === all.ValidationError, errors[0] instanceof all.ValidationError,
      errors[0] instanceof require('class-validator/cjs/validation/ValidationError').ValidationError,
      rules.getMetadataStorage() === globalThis.classValidatorMetadataStorage,
      rules.ValidationTypes === require('class-validator/cjs/validation/ValidationTypes').ValidationTypes,
      require('validator/lib/isEmail').default === require('validator').default.isEmail,
    ];
  })()`;
  const plain = start(code, { user, env: { NODE_DISABLE_COMPILE_CACHE: '1' } });
  expect(plain.said).toEqual([
    true,
    [true, false, true, false, true, true, false, true, true, true, true, true, true],
  ]);
  start(code, { user });
  for (const { said, byNode } of [start(code, { user }), start(code, { user })]) {
    expect(said).toEqual(plain.said);
    expect(byNode).toBeLessThan(5);
  }
});

/** Node 22.15 and later take the names of exports from the file. */
test('an ES module imports the same names, and a module that is loaded again is its own', () => {
  place(
    'node_modules/parts/index.js',
    `__exportStar(require("./one"), exports); __exportStar(require("./two"), exports);
    Object.defineProperty(exports, "__esModule", { value: true }); exports["odd name"] = 1; exports.default = 2;
    function __exportStar(of) { for (const name of Object.keys(of)) exports[name] = of[name]; }`,
  );
  const code = "loadLibrary('parts').one";
  const user = `(async () => {
    const names = Object.entries(await import('parts')).filter(([name]) => name !== 'module.exports').map(([name, value]) => name + typeof value);
    const path = require.resolve('parts');
    const before = require(path);
    delete require.cache[path];
    return [names, require(path).one, require(path) !== before, require(path) === require.cache[path].exports];
  })()`;
  const plain = start(code, { user, env: { NODE_DISABLE_COMPILE_CACHE: '1' } });
  expect(plain.said).toEqual([
    'one',
    [expect.arrayContaining(['onestring', 'sharedboolean']), 'one', true, true],
  ]);
  for (const _ of [1, 2, 3]) expect(start(code, { user }).said).toEqual(plain.said);
});

/** Code that loads a package once more, and what it is about. */
const HOOKED: readonly [string, string][] = [
  [
    'a hook on a thread replaces it',
    `const code = "export const load = (url, context, next) => url.endsWith('parts/index.js') ? " +
      "{ format: 'module', shortCircuit: true, source: 'export const mocked = true;' } : next(url, context);";
    register('data:text/javascript,' + encodeURIComponent(code));
    return Object.keys(await import('parts'));`,
  ],
  [
    'its module is run a second time',
    `const path = createRequire(import.meta.url).resolve('parts');
    const again = new Module(path, null);
    again.load(path);
    return again.exports.one;`,
  ],
];

test.each(HOOKED)('a package is as without the file if %s', (_, body) => {
  place(
    'hook.mjs',
    `import Module, { createRequire, register } from 'node:module';
    export const hooked = async () => { ${body} };`,
  );
  const user = "(async () => (await import('./hook.mjs')).hooked())()";
  const plain = start(ALL, { user, env: { NODE_DISABLE_COMPILE_CACHE: '1' } });
  startTwice();
  expect(start(ALL, { user }).said).toEqual(plain.said);
});

test('code in the line of a comment may import a module', () => {
  place(
    'node_modules/parts/index.js',
    '/*! MIT */ exports.later = async () => typeof (await import("fs")).stat;',
  );
  const code = "loadLibrary('parts').later()";
  start(code);
  expect([whatIsSaid(code), whatIsSaid(code)]).toEqual(['function', 'function']);
});

test('names that a hook gave a package are not kept for a start without it', () => {
  const hook = `NodeModule.registerHooks?.({ load: (url, context, next) => url.endsWith('parts/index.js')
    ? { format: 'commonjs', shortCircuit: true, source: 'exports.mocked = 1;' } : next(url, context) })`;
  start(ALL, { user: `(${hook}, null)` });
  const user = "(async () => Object.keys(await import('parts')))()";
  expect((start(ALL, { user }).said as unknown[])[1]).toEqual(expect.arrayContaining(['one', 'two']));
});

test('an empty NODE_COMPILE_CACHE is as none: nothing is written to the current folder', () => {
  start(ALL, { env: { NODE_COMPILE_CACHE: '' } });
  expect(readdirSync(dir).filter((name) => name.startsWith('packages-'))).toEqual([]);
  expect(existsSync(kept())).toBe(true);
});

test('a worker that is killed has left its packages for the next start', async () => {
  const server = createServer(() => {});
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  const code = join(dir, 'code');
  const env = { PATH: process.env['PATH'], HOME: dir, NODE_COMPILE_CACHE: code };
  const names = (): string[] => (existsSync(code) ? readdirSync(code) : []);
  const worker = ['start', '--endpoint', `http://127.0.0.1:${port}`];
  const child = spawn(process.execPath, ['dist/src/framework/cli/main.js', ...worker], {
    env,
    stdio: 'ignore',
  });
  try {
    while (!names().some((name) => KEPT.test(name))) await sleep(50);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
    server.closeAllConnections();
    server.close();
  }
  expect(names().filter((name) => KEPT.test(name))).toHaveLength(1);
}, 30_000);
