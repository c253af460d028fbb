import { spawnSync } from 'node:child_process';
import NodeModule from 'node:module';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const CACHE = pathToFileURL(resolve('dist/src/framework/cli/process/start-cache.js')).href;

/** A package whose index exports all names of two other files, and whose `later` is loaded when it is called. */
const PACKAGE = {
  'package.json': '{ "name": "parts" }',
  'index.js': `
    const again = (of) => { for (const name of Object.keys(of)) exports[name] = of[name]; };
    __exportStar(require("./one"), exports);
    __exportStar(require("./two"), exports);
    function __exportStar(of) { again(of); }
    exports.later = () => require("./three");
    exports.other = () => require("other");`,
  'one.js': 'exports.one = "one"; exports.where = __filename;',
  'two.js': 'exports.two = { shared: true };',
  'three.js': 'module.exports = "three";',
};

let dir = '';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stepwright-start-'));
  for (const [name, text] of Object.entries(PACKAGE)) place(`node_modules/parts/${name}`, text);
  place('node_modules/other/index.js', 'module.exports = "far";');
  place('node_modules/other/package.json', '{}');
});
afterEach(() => rmSync(dir, { recursive: true }));

function place(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}

/** One start of a process that loads what the code says. @returns the text of what the code evaluates to */
function start(code: string, isKept = true): string {
  const script = `
    import { createRequire } from 'node:module';
    const { StartCache } = ${isKept} ? await import(${JSON.stringify(CACHE)}) : { StartCache: class { remove() {} save() {} } };
    const cache = new StartCache(${JSON.stringify(join(dir, 'cache'))});
    const require = createRequire(${JSON.stringify(join(dir, 'user.js'))});
    const said = await (async () => { ${code} })();
    cache.remove();
    await cache.save();
    console.log(JSON.stringify(said));`;
  const args = ['--input-type=module', '-e', script];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: dir, encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as string;
}

const kept = (): string[] => readdirSync(join(dir, 'cache')).filter((name) => name.startsWith('start-'));
const ALL = `const parts = await import('parts');
  return [parts.one, parts.later(), parts.other(), parts.two === require('parts').two, Object.keys(parts).sort()].join();`;
const EXPECTED = 'one,three,far,true,default,later,one,other,two,where';
/** Node 22 and later name one more export. */
const names = (said: string): string => said.replace('module.exports,', '');

test('a second start gets the same modules, each once, from one file', () => {
  expect(names(start(ALL))).toBe(EXPECTED);
  const [file = ''] = kept();
  const before = readFileSync(join(dir, 'cache', file));
  expect(names(start(ALL))).toBe(EXPECTED);
  expect(kept()).toEqual([file]);
  expect(readFileSync(join(dir, 'cache', file)).equals(before)).toBe(true);
  expect(start("return (await import('parts')).where")).toBe(join(dir, 'node_modules/parts/one.js'));
});

test('a module is found by its own path by tools that ask Node before each require', () => {
  const hooked = `const Module = (await import('node:module')).default;
    const { require: original } = Module.prototype;
    Module.prototype.require = function (id) { Module._resolveFilename(id, this); return original.call(this, id); };
    ${ALL}`;
  expect(names(start(hooked))).toBe(EXPECTED);
  expect(names(start(hooked))).toBe(EXPECTED);
});

test('a module sees of Node what it sees without a kept file, also if it fails', () => {
  const odd = {
    'package.json': '{ "name": "odd", "exports": { ".": "./index.js" }, "imports": { "#own": "./b.js" } }',
    'index.js': `
      const attempt = (call) => { try { return call(); } catch (error) { return error.code + error.message; } };
      exports.early = require('./a').of(module);
      exports.seen = [this === exports, arguments.length, arguments[1] === require, typeof require.main, __filename, __dirname,
        Object.keys(require.extensions), module.paths, module.parent?.filename, module.id, module.loaded, require.cache[__filename] === module,
        require.resolve.paths('x'), require.resolve.paths('./x'), require.resolve('other', { paths: [__dirname] }), require('#own'),
        attempt(() => require('./none')), attempt(() => require('other/none')), attempt(() => require.resolve('./none')), attempt(() => require('')),
        require('./data'), require('./dir/'), require('./dir'), require('.') === exports, require('odd') === exports];
      exports.fails = () => [1, 2].map(() => { try { require('./fails'); } catch ({ stack }) { return stack.split('\\n').slice(0, 2); } });
      exports.wrong = () => { try { require('./wrong'); } catch ({ name, message }) { return name + message; } };
      exports.import = require('./imports');
      exports.children = () => module.children.map(({ id }) => id);
      module.require = (id) => 'own ' + id; exports.replaced = require('x');
      delete module.require;`,
    'a.js':
      'const early = require("./index"); exports.of = (index) => [early === index.exports, module.parent === index, Object.keys(early)];',
    'imports.js':
      "module.exports = async () => (await import('other')).default + (await import('./b.js')).default;",
    'b.js': '\uFEFFmodule.exports = "b"; // no line after this',
    'fails.js': 'globalThis.runs = (globalThis.runs ?? 0) + 1; throw new Error("run " + runs);',
    'wrong.js': 'const a = ;',
    'data.json': '[1]',
    'dir/package.json': '{ "main": "main" }',
    'dir/main.js': '#!/usr/bin/env node\nmodule.exports = "main";',
  };
  for (const [name, text] of Object.entries(odd)) place(`node_modules/odd/${name}`, text);
  const code = `const odd = require('odd');
    return [odd.early, odd.seen, odd.fails(), odd.wrong(), await odd.import(), odd.children(), odd.replaced];`;
  const plain = start(code, false);
  expect([start(code), start(code)]).toEqual([plain, plain]);
});

test('what was changed, installed or removed since is seen', () => {
  start(ALL);
  place('node_modules/parts/one.js', 'exports.one = "another"; exports.fourth = 4; exports.where = "";');
  expect(names(start(ALL))).toBe('another,three,far,true,default,fourth,later,one,other,two,where');
  place('node_modules/parts/node_modules/other/index.js', 'module.exports = "near";');
  expect(start("return require('parts').other()")).toBe('near');
  rmSync(join(dir, 'node_modules/parts/node_modules'), { recursive: true });
  expect(start("return require('parts').other()")).toBe('far');
  place('node_modules/parts/package.json', '{ "name": "parts", "main": "three.js" }');
  expect(start("return require('parts')")).toBe('three');
});

test('an update that keeps sizes and times of files, as some package managers make them, is seen', () => {
  const made = new Date(0);
  const write = (text: string, sub: string): void => {
    place(
      'node_modules/parts/package.json',
      `{ "name": "parts", "exports": { ".": "./a.js", "./sub": "./${sub}.js" } }`,
    );
    place('node_modules/parts/a.js', `exports.one = ${text}; exports.all = () => require("./dir");`);
    place('node_modules/parts/b.js', 'module.exports = "b";');
    place('node_modules/parts/dir/index.js', 'module.exports = "folder";');
    place('node_modules/parts/dir/package.json', '{}');
    place('node_modules/more/package.json', '{}');
    place('node_modules/more/index.js', 'exports.of = (id) => require(id);');
    for (const name of ['package.json', 'a.js', 'b.js'])
      utimesSync(join(dir, 'node_modules/parts', name), made, made);
  };
  const code =
    "const { of } = require('more'); return [of('parts').one, of('parts').all(), of('parts/sub')].join();";
  write('"x"', 'b');
  const first = start(code);
  write('"y"', 'a');
  const some = start("return require('more').of('parts').one");
  const second = start(code);
  place('node_modules/parts/dir.js', 'module.exports = "file";');
  expect([first, some, second, start(code)]).toEqual([
    ...['x,folder,b', 'y', 'y,folder,[object Object]', 'y,file,[object Object]'],
  ]);
});

test('the names of an updated package are found anew, though it was only required in between', () => {
  start(ALL);
  place('node_modules/parts/one.js', 'exports.one = "another"; exports.fourth = 4; exports.where = "";');
  start("return require('parts').one");
  expect(start("return (await import('parts')).fourth")).toBe(4);
});

test('a package that became a link is one module at the path of its folder', () => {
  start("require('parts'); return require('parts').where");
  cpSync(join(dir, 'node_modules/parts'), join(dir, 'linked'), { recursive: true });
  rmSync(join(dir, 'node_modules/parts'), { recursive: true });
  symlinkSync(join(dir, 'linked'), join(dir, 'node_modules/parts'));
  expect(start("return require('parts').where")).toBe(join(dir, 'linked/one.js'));
});

test('copies of the same content, as in a layer of an image, are read from the file', () => {
  start(ALL);
  const before = readFileSync(join(dir, 'cache', kept()[0] ?? ''));
  for (const name of Object.keys(PACKAGE)) utimesSync(join(dir, 'node_modules/parts', name), 1, 1);
  expect(names(start(ALL))).toBe(EXPECTED);
  const after = readFileSync(join(dir, 'cache', kept()[0] ?? ''));
  expect(after.equals(before)).toBe(false);
  expect(names(start(ALL))).toBe(EXPECTED);
  expect(readFileSync(join(dir, 'cache', kept()[0] ?? '')).equals(after)).toBe(true);
});

const COMPILE_CACHE = pathToFileURL(resolve('dist/src/framework/cli/process/compile-cache.js')).href;

test.each<[boolean, string[], Record<string, string>]>([
  [true, [], {}],
  [true, ['--max-old-space-size=200', '--enable-source-maps'], { NODE_OPTIONS: '--no-warnings' }],
  [false, ['-C', 'development'], {}],
  [false, [], { NODE_OPTIONS: '--no-warnings  --conditions=development' }],
  [false, ['--preserve-symlinks'], {}],
  [false, [], { NODE_V8_COVERAGE: 'coverage' }],
  [false, [], { NODE_PRESERVE_SYMLINKS: '1' }],
  [false, [], { NODE_DISABLE_COMPILE_CACHE: '1' }],
])('packages are kept (%s) with the options %j and variables %j', (isKept, options, variables) => {
  const script = `
    import { createRequire } from 'node:module';
    const { keepCompiledCode, keepStart } = await import(${JSON.stringify(COMPILE_CACHE)});
    await keepCompiledCode();
    createRequire(${JSON.stringify(join(dir, 'user.js'))})('parts');
    await keepStart();`;
  const env = { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: join(dir, 'cache'), ...variables };
  place('cache/any', '');
  // The options of the script itself are not those of a start.
  writeFileSync(join(dir, 'script.mjs'), script);
  const { stderr } = spawnSync(process.execPath, [...options, 'script.mjs'], {
    cwd: dir,
    encoding: 'utf8',
    env,
  });
  expect(stderr).toBe('');
  expect(kept().length > 0).toBe(isKept);
});

test('what a tool replaces by hooks is replaced, also of kept packages', () => {
  const code = `const module = await import('node:module');
    if (!module.registerHooks) return 'none';
    module.registerHooks({ load: (url, context, next) => url.endsWith('two.js')
      ? { format: 'commonjs', source: 'exports.two = "hooked"', shortCircuit: true } : next(url, context) });
    return require('parts').two;`;
  start(ALL);
  expect(start(code)).toBe('registerHooks' in NodeModule ? 'hooked' : 'none');
});

test('a file that another user may have written is not used, and written anew', () => {
  start(ALL);
  const file = join(dir, 'cache', kept()[0] ?? '');
  for (const expose of [
    () => chmodSync(file, 0o666),
    ...(process.getuid?.() === 0 ? [() => chownSync(file, 12345, 0)] : []),
  ]) {
    expose();
    expect(names(start(ALL))).toBe(EXPECTED);
    expect([statSync(file).mode & 0o777, statSync(file).uid]).toEqual([0o644, process.getuid?.()]);
  }
});

test.each([
  ['is damaged', (bytes: Buffer) => bytes.fill(0, bytes.length >> 1)],
  ['is cut off', (bytes: Buffer) => bytes.subarray(0, 100)],
  ['is empty', () => Buffer.alloc(0)],
])('a file that %s is not used, and written anew', (_, damage) => {
  start(ALL);
  const file = join(dir, 'cache', kept()[0] ?? '');
  writeFileSync(file, damage(readFileSync(file)));
  expect(names(start(ALL))).toBe(EXPECTED);
  expect(readFileSync(file).length).toBeGreaterThan(2_000);
});

test('rules of class-validator give the same results, and are of one copy', () => {
  for (const name of ['class-validator', 'validator', 'libphonenumber-js'])
    symlinkSync(resolve('node_modules', name), join(dir, 'node_modules', name));
  const code = `
    const rules = await import('class-validator');
    const all = require('class-validator');
    return [
      rules.isEmail('a@b.de'), rules.isEmail('a'), rules.isPhoneNumber('+41446681800'), rules.isPhoneNumber('+1'),
      rules.isMobilePhone('+491701234567'), rules.isStrongPassword('aB3$aB3$'), rules.isStrongPassword('a'),
      rules.isUUID('x'), rules.ValidationError === all.ValidationError,
      rules.getMetadataStorage() === globalThis.classValidatorMetadataStorage, Object.keys(rules).length > 300,
    ].join();`;
  const expected = 'true,false,true,false,true,true,false,false,true,true,true';
  expect(start(code)).toBe(expected);
  expect(start(code)).toBe(expected);
  const loaded =
    "await import('class-validator'); return Object.keys(require.cache).filter((each) => each.includes('libphone')).length";
  expect(start(loaded)).toBe(0);
});

test('a start fails without the package that is behind a rule, as it does without a kept file', () => {
  const classValidator = join(dir, 'node_modules/class-validator');
  cpSync(resolve('node_modules/class-validator/cjs'), join(classValidator, 'cjs'), { recursive: true });
  place('node_modules/class-validator/package.json', '{ "main": "./cjs/index.js" }');
  const link = join(dir, 'node_modules/libphonenumber-js');
  symlinkSync(resolve('node_modules/libphonenumber-js'), link);
  symlinkSync(resolve('node_modules/validator'), join(dir, 'node_modules/validator'));
  const code = `try { require('class-validator'); return 'loaded'; } catch ({ code, message }) { return code; }`;
  expect(start(code)).toBe('loaded');
  rmSync(link);
  expect([start(code), start(code, false)]).toEqual(['MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);
});
