import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/**
 * Joins the compiled modules of the package into a few files, in place: to find and read a module takes Node about as
 * long as to run it, and a worker's start read 160. Names stay readable, types stay as they are, and what the package
 * depends on stays outside.
 *
 * `bundle.mjs [FOLDER]`: the folder of the package. Without, it is this one.
 */
const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..', '..'));
const framework = join(root, 'dist', 'src', 'framework');

/** The modules that package.json names, or that are started by their path. Each keeps its path. */
const ENTRIES = [
  'index',
  'testing/index',
  'testing/jest/preset',
  'testing/jest/preset-commonjs',
  'testing/jest/preset-nestjs',
  'local/index',
  'nestjs/index',
  'aws/stores/s3/index',
  'aws/stores/dynamodb/index',
  'local/asl/jsonata/thread-entry',
  'cli/main',
  'cli/run',
  'cli/supervise/worker-entry',
  'worker/thread/heartbeat-thread-entry',
  'worker/pool/entry/main',
];

/**
 * The files to join modules into: the name of a file, then modules that are loaded together. All that these import goes
 * into the same file. A module that several files need goes into the first of them, so that a thread loads only what it
 * needs, and a command that runs no worker loads no worker.
 */
const TOGETHER = [
  ['clock', 'base/time/clock'],
  [
    'base',
    'base/version',
    'base/time/turn',
    'base/time/wait',
    'base/time/duration',
    'base/errors',
    'base/plain-object',
    'base/show',
    'base/load-library',
    'base/local-service',
    'base/worker-status',
    'base/store/store-error',
    'config/address',
  ],
  ['process', 'cli/process/signals', 'cli/process/compile-cache', 'base/log/stdio'],
  ['packages', 'cli/process/kept-packages'],
  ['stores', 'aws/stores/sdk-client'],
  ['lean', 'aws/lean/lean-calls'],
  [
    'heartbeats',
    'worker/heartbeat/heartbeat-scheduler',
    'worker/thread/thread-messages',
    'worker/thread/heartbeat-sender',
    'worker/protect/oldest-task',
    'worker/health/page-server',
    'worker/health/page-copies',
    'aws/activity-calls',
  ],
  ['jsonata', 'local/asl/jsonata/compiler', 'local/asl/jsonata/processor-time'],
  ['program', 'cli/program'],
  ['service', 'aws/sdk/aws-service'],
  ['local', 'local/index'],
  ['worker', 'index', 'worker/build/create-worker', 'cli/start/start'],
];
const CHUNKS = 'chunks';
/** The doors that the preset `stepwright/jest/nestjs` hands to tests as CommonJS, and the folder of those copies. */
const DOORS = [
  ...['index', 'testing/index', 'local/index', 'nestjs/index'],
  ...['aws/stores/s3/index', 'aws/stores/dynamodb/index'],
];
const COMMONJS = 'commonjs';
/**
 * The files that an entry may load, by the entry. One constant that an entry shares with a worker would make the entry
 * load the whole worker.
 */
const LOADED_BY = {
  'worker/thread/heartbeat-thread-entry': ['clock', 'base', 'lean', 'heartbeats'],
  'local/asl/jsonata/thread-entry': ['clock', 'base', 'jsonata'],
  'aws/stores/s3/index': ['clock', 'base', 'stores'],
  'aws/stores/dynamodb/index': ['clock', 'base', 'stores'],
  'cli/main': [],
  'cli/run': ['clock', 'process'],
};

const fileOf = (module) => join(framework, `${module}.js`);

/**
 * Keeps the value of `import.meta.url` in a module that was moved: it says where other files lie.
 * @param folder the folder that the files are moved to, below the framework's
 * @param own the code of the URL of the file itself
 */
const urls = (folder, own) => ({
  name: 'urls',
  transform(code, id) {
    if (!code.includes('import.meta.url')) return undefined;
    const module = relative(framework, id).replaceAll('\\', '/');
    let text = code;
    for (const { start, end } of placesOfUrl(this.parse(code)).toReversed())
      text = `${text.slice(0, start)}MODULE_URL(${JSON.stringify(module)})${text.slice(end)}`;
    return { code: text };
  },
  renderChunk(code, { fileName }) {
    const here = posix.join(folder, posix.dirname(fileName));
    return code.replaceAll(
      /MODULE_URL\("([^"]+)"\)/g,
      (_, module) => `new URL("${posix.relative(here, module)}", ${own}).href`,
    );
  },
});

/**
 * Takes the modules of Node's own without an ES module around each, which Node makes by reading all that the module
 * exports. Some of that is only loaded when it is read. `node:module` and `node:process` stay: Jest has its own.
 */
const builtins = {
  name: 'builtins',
  renderChunk: (code) => ({
    code: code.replaceAll(
      /^import (?:(\w+)|\{ ([^}]+) \}|(\w+), \{ ([^}]+) \}) from "(node:(?!module"|process")[^"]+)";$/gm,
      (_, whole, names, both, others, name) => {
        const module = `process.getBuiltinModule("${name}")`;
        const parts = (names ?? others)?.replaceAll(' as ', ': ');
        return [
          ...(whole || both ? [`const ${whole ?? both} = ${module};`] : []),
          ...(parts ? [`const { ${parts} } = ${module};`] : []),
        ].join('\n');
      },
    ),
  }),
};

/** Loads libraries by `require` where the code imports them late: Jest runs no `import()` in CommonJS. */
const lateLibraries = {
  name: 'late-libraries',
  renderChunk: (code) => ({
    code: code.replaceAll(
      /\bimport\(("[^"]+")\)/g,
      (_, name) => `Promise.resolve().then(() => require(${name}))`,
    ),
  }),
};

/** Writes the doors as CommonJS, beside the ES modules. */
async function writeCommonJs(dir) {
  const apart = /^(?:index|testing\/index|local\/index|nestjs\/[^/]+|aws\/stores\/\w+\/index)\.js$/;
  const bundle = await rolldown({
    input: Object.fromEntries(DOORS.map((module) => [module, fileOf(module)])),
    platform: 'node',
    external: /^[^./]/,
    plugins: [urls(COMMONJS, 'require("node:url").pathToFileURL(__filename)'), lateLibraries],
  });
  await bundle.write({
    dir: join(dir, COMMONJS),
    format: 'cjs',
    comments: false,
    minify: { compress: false, mangle: false, codegen: true },
    entryFileNames: '[name].js',
    chunkFileNames: `${CHUNKS}/[name].js`,
    // One file, but for the doors themselves and what needs NestJS.
    codeSplitting: { groups: [{ name: 'stepwright', test: (id) => !apart.test(relative(framework, id)) }] },
  });
  await bundle.close();
  writeFileSync(join(dir, COMMONJS, 'package.json'), '{ "type": "commonjs" }\n');
}

/**
 * Escapes the characters beyond Latin-1 in the joined files. With one of them, V8 holds the whole text of a file at two
 * bytes a character: that of a worker took 376 KB more. Not by a plugin, since what is printed after it undoes that.
 */
function escapeCharacters(folder) {
  const escape = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.js'))) {
    const code = readFileSync(join(folder, file), 'utf8');
    const raw = /\\[^\0-\xFF]|\.raw`[^`]*[^\0-\xFF`]/.exec(code);
    if (raw) throw new Error(`${file}: ${raw[0]} has another meaning once it is escaped`);
    writeFileSync(join(folder, file), code.replaceAll(/[^\0-\xFF]/g, escape));
  }
}

/** Returns the place of each `import.meta.url` in a module's code, in the order of the text. */
function placesOfUrl(tree) {
  const places = [];
  const visit = (node) => {
    if (node === null || typeof node !== 'object') return;
    const isUrl = node.type === 'MemberExpression' && node.object.type === 'MetaProperty';
    if (isUrl && node.property.name === 'url') places.push(node);
    else for (const child of Object.values(node)) visit(child);
  };
  visit(tree);
  return places.toSorted((a, b) => a.start - b.start);
}

/** Returns the joined files that are loaded with a file. */
function loadedBy(file, output) {
  const loaded = new Set([file]);
  // What is added on the way is walked as well.
  for (const each of loaded)
    for (const next of output.find(({ fileName }) => fileName === each)?.imports ?? [])
      if (next.startsWith(CHUNKS)) loaded.add(next);
  loaded.delete(file);
  return [...loaded];
}

/** Returns the declaration files that package.json names, and all that these import. No user reads the types of the rest. */
function declarationsOfDoors() {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const named = new Set(Object.values(exports).flatMap(({ types }) => (types ? [join(root, types)] : [])));
  // What is added on the way is walked as well.
  for (const file of named)
    for (const [, next] of readFileSync(file, 'utf8').matchAll(/(?:from|import)[ (]*['"](\.[^'"]+)['"]/g))
      named.add(resolve(dirname(file), next.replace(/\.js$/, '.d.ts')));
  return named;
}

for (const module of TOGETHER.flatMap(([, ...modules]) => modules))
  if (!existsSync(fileOf(module))) throw new Error(`${fileOf(module)} is named here, and is not there`);

const bundle = await rolldown({
  input: Object.fromEntries(ENTRIES.map((module) => [module, fileOf(module)])),
  platform: 'node',
  external: /^[^./]/,
  plugins: [urls('', 'import.meta.url'), builtins],
});
const dir = mkdtempSync(join(root, 'dist', 'bundle-'));
try {
  const { output } = await bundle.write({
    dir,
    format: 'esm',
    comments: false,
    minifyInternalExports: false,
    entryFileNames: '[name].js',
    chunkFileNames: `${CHUNKS}/[name].js`,
    codeSplitting: {
      groups: TOGETHER.map(([name, ...modules], index) => {
        const files = new Set(modules.map(fileOf));
        return { name, test: (id) => files.has(id), priority: TOGETHER.length - index };
      }),
    },
  });
  for (const [entry, chunks] of Object.entries(LOADED_BY)) {
    const known = new Set(chunks.map((chunk) => `${CHUNKS}/${chunk}.js`));
    const others = loadedBy(`${entry}.js`, output).filter((file) => !known.has(file));
    if (others.length > 0) throw new Error(`${entry} would load ${others.join(', ')}`);
  }
  await writeCommonJs(dir);
  escapeCharacters(dir);
  const typed = declarationsOfDoors();
  for (const file of readdirSync(framework, { recursive: true })) {
    const path = join(framework, file);
    if (/\.js(\.map)?$/.test(file) || (file.endsWith('.d.ts') && !typed.has(path))) unlinkSync(path);
  }
  for (const folder of [CHUNKS, COMMONJS]) rmSync(join(framework, folder), { recursive: true, force: true });
  cpSync(dir, framework, { recursive: true });
} finally {
  rmSync(dir, { recursive: true, force: true });
  await bundle.close();
}
