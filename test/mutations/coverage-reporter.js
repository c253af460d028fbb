import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = 'src/framework/';
const folder = process.env.MUTATIONS_COVERAGE ?? '';

/** Returns the places of compiled code that come from a line of the source, as pairs of an offset and this line. */
function placesOf(code, mapPath) {
  const map = new SourceMap(JSON.parse(readFileSync(mapPath, 'utf8')));
  const places = [];
  let offset = 0;
  for (const [number, text] of code.split('\n').entries()) {
    // Every word, since a compiler joins lines.
    for (const { index } of text.matchAll(/[\w$#"'`]+/g)) {
      const { originalLine } = map.findEntry(number, index);
      if (originalLine !== undefined && places.at(-1)?.[1] !== originalLine + 1)
        places.push([offset + index, originalLine + 1]);
    }
    offset += text.length + 1;
  }
  return { length: code.length, places };
}

/** Adds the lines that `functions`, as V8 counts them, have executed. */
function addLines(lines, functions, { length, places }) {
  const executed = new Uint8Array(length);
  // A range lies inside one of those before it, whose count it replaces.
  for (const { ranges } of functions) {
    for (const { startOffset, endOffset, count } of ranges)
      executed.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  }
  for (const [offset, line] of places) if (executed[offset] === 1) lines.add(line);
}

/** Appends a JSON line for each test file to map.jsonl: its seconds, and the lines that it and its processes execute. */
export default class {
  #root;
  #places = new Map();

  constructor({ rootDir }) {
    this.#root = rootDir;
  }

  onTestResult({ path }, result) {
    const file = relative(this.#root, path);
    const covered = new Map();
    const add = (script, functions, code, mapPath) => {
      const source = script.slice(script.indexOf(SOURCES)).replace(/\.js$/, '.ts');
      if (!covered.has(source)) covered.set(source, new Set());
      if (!this.#places.has(script)) this.#places.set(script, placesOf(code(), mapPath));
      addLines(covered.get(source), functions, this.#places.get(script));
    };
    for (const { codeTransformResult, result: script } of result.v8Coverage ?? []) {
      const { code, sourceMapPath } = codeTransformResult ?? {};
      if (!script.url.includes(SOURCES) || !sourceMapPath) continue;
      add(script.url, script.functions, () => code, sourceMapPath);
    }
    delete result.v8Coverage;
    const processes = join(folder, encodeURIComponent(file));
    for (const { url, functions } of scriptsOf(processes)) {
      if (!url.startsWith('file:')) continue;
      const script = fileURLToPath(url);
      if (!relative(this.#root, script).startsWith(`dist/${SOURCES}`)) continue;
      add(script, functions, () => readFileSync(script, 'utf8'), `${script}.map`);
    }
    rmSync(processes, { recursive: true, force: true });
    const lines = Object.fromEntries(
      [...covered].map(([source, set]) => [source, [...set].toSorted((a, b) => a - b)]),
    );
    const passed = result.numFailingTests === 0 && !result.testExecError;
    const seconds = result.perfStats.runtime / 1_000;
    appendFileSync(join(folder, 'map.jsonl'), `${JSON.stringify({ file, seconds, passed, lines })}\n`);
  }
}

/** Returns what the processes of a test file have executed. Those that were killed have written nothing, or half of it. */
function scriptsOf(processes) {
  if (!existsSync(processes)) return [];
  return readdirSync(processes).flatMap((name) => {
    try {
      return JSON.parse(readFileSync(join(processes, name), 'utf8')).result;
    } catch {
      return [];
    }
  });
}
