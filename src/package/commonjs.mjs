import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/**
 * Writes the package's doors as CommonJS, below `dist/src/framework/commonjs`: the preset `stepwright/jest/nestjs` hands
 * them to tests, because Jest runs no ES modules without an option of Node. Names stay readable, and what the package
 * depends on stays outside.
 */
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const framework = join(root, 'dist', 'src', 'framework');
const COMMONJS = 'commonjs';
const DOORS = [
  'index',
  'testing/index',
  'local/index',
  'nestjs/index',
  'aws/stores/s3',
  'aws/stores/dynamodb',
];

const fileOf = (module) => join(framework, `${module}.js`);

/** Keeps the value of `import.meta.url` in a module that was moved: it says where other files lie. */
const urls = {
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
    const here = posix.join(COMMONJS, posix.dirname(fileName));
    return code.replaceAll(
      /MODULE_URL\("([^"]+)"\)/g,
      (_, module) =>
        `new URL("${posix.relative(here, module)}", require("node:url").pathToFileURL(__filename)).href`,
    );
  },
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

const apart = /^(?:index|testing\/index|local\/index|nestjs\/[^/]+)\.js$/;
const bundle = await rolldown({
  input: Object.fromEntries(DOORS.map((module) => [module, fileOf(module)])),
  platform: 'node',
  external: /^[^./]/,
  plugins: [urls, lateLibraries],
  checks: { ineffectiveDynamicImport: false },
});
const dir = join(framework, COMMONJS);
rmSync(dir, { recursive: true, force: true });
await bundle.write({
  dir,
  format: 'cjs',
  comments: false,
  minify: { compress: false, mangle: false, codegen: true },
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name].js',
  // One file, but for the doors themselves and what needs NestJS.
  codeSplitting: { groups: [{ name: 'stepwright', test: (id) => !apart.test(relative(framework, id)) }] },
});
await bundle.close();
writeFileSync(join(dir, 'package.json'), '{ "type": "commonjs" }\n');
