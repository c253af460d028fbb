// Decorated classes, drawn by a seed: what TypeScript 6.0, TypeScript 7.0 and swc make of them gives the same outputs, or
// the class is refused at start; it is refused only where TypeScript 7.0 has renamed a key of it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, must } from './checks.mjs';

const CLASSES = 200;

/** The next of a drawn sequence of numbers below 1 (mulberry32). */
function drawing(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What a member returns, where N is the class's name: TypeScript 7.0 renames a key of it. */
const RENAMED = [
  'return { N: 5 };',
  'return { a: 1, N: input.a };',
  'return { ...input, N: [1] };',
  'return { N() { return 5; } }.N();',
  'return { get N() { return 5; } };',
  'const { N: read } = input; return { read };',
  'let read; ({ N: read = 7 } = input); return { read };',
  'for (const { N: each } of [input]) return each; return 0;',
  'return `it is ${JSON.stringify({ N: 5 })} in a text`;',
  'return [1].map((a) => ({ /* a key */ N: a }));',
  'return new (class { N = 5; })();',
];
/** TypeScript 7.0 renames no key here. */
const KEPT = [
  'return { a: 5 };',
  "return { 'N': 5 };",
  "return { ['N']: 5 };",
  'return { a: input.N, b: input?.N };',
  'return { name: N.name };',
  'return { own: { N_1: 5 }, name: N.name };',
  'return { N_1: 5 };',
  'return { a: input.a ? N.name : 0 };',
  "return { a: '{ N_1: 5 }', b: `{ N_1: 5 }`, c: /{N_1: 5}/.source };",
  'return { /* not { N_1: 5 } */ a: N.name };',
  'N: for (;;) break N; return { a: 5 };',
  'switch (input.a as unknown) { case N: return 1; default: return { a: N.name }; }',
  'return { is: new N() instanceof N };',
  'const N = input; return { N };',
];
const RENAMED_MEMBERS = ['N = 5;', 'get N() { return 5; }', 'static N = 5;', 'N() { return 5; }'];
const KEPT_MEMBERS = ['#N = 5; read() { return this.#N; }', 'static made = 5;', "'N' = 5;", 'N_1 = 5;', ''];

/** Draws the classes. @returns the text of the module, and the names of those with a key that is renamed */
function draw(seed) {
  const next = drawing(seed);
  const oneOf = (list) => list[Math.floor(next() * list.length)];
  const renamed = [];
  const classes = Array.from({ length: CLASSES }, (_, at) => {
    const name = `${oneOf(['C', '$Price', 'Ünit', 'a', 'Order_'])}${at}`;
    const isRenamed = next() < 0.4;
    const isMember = isRenamed && next() < 0.3;
    if (isRenamed) renamed.push(name);
    const bodies = [oneOf(KEPT), oneOf(KEPT), oneOf(isRenamed && !isMember ? RENAMED : KEPT)];
    const methods = bodies.map((body, i) => `m${i}(input: any): unknown { ${body} }`);
    const members = [...methods, oneOf(isMember ? RENAMED_MEMBERS : KEPT_MEMBERS)];
    const text = members.toSorted(() => next() - 0.5).join('\n  ');
    return `@Activity('A${at}')
export class NAME${at} {
  ${text}
  @Handle({ input: 'any' })
  run(input: any) { return { all: [this.m0(input), this.m1(input), this.m2(input)], it: { ...this } }; }
}`
      .replaceAll('NAME' + at, 'N')
      .replaceAll(/(?<![\w#'])N(?=\W|_1)|(?<=[#'])N\b/g, name);
  });
  const head = "// @ts-nocheck\nimport { Activity, Handle } from 'stepwright';\n\n";
  return { text: `${head}${classes.join('\n\n')}\n`, renamed };
}

/** Runs each class of a compiled module in a test bed, and prints what came of it, by its name. */
const RUN = `import { createTestBed } from 'stepwright/testing';
const made = {};
for (const [name, type] of Object.entries(await import(process.argv[2]))) {
  try {
    const bed = await createTestBed(type);
    made[name] = (await bed.run({ a: 1, [name]: 3 })).output ?? 'it failed';
    await bed.dispose?.();
  } catch (error) {
    made[name] = (error.problems ?? [error]).map(({ code, message }) => code ?? message).join();
  }
}
console.log(JSON.stringify(made));
`;

/** @param cwd a project that has installed the package, and each compiler: \`ts60\`, \`ts70\`, swc */
export function checkCorpus(cwd) {
  const seed = Number(process.env.SEED ?? 56);
  const { text, renamed } = draw(seed);
  mkdirSync(join(cwd, 'corpus'), { recursive: true });
  writeFileSync(join(cwd, 'corpus/drawn.ts'), text);
  writeFileSync(join(cwd, 'corpus/run.mjs'), RUN);
  const flags = '--ignoreConfig --target es2022 --module nodenext --types node --skipLibCheck';
  const decorators = '--experimentalDecorators --emitDecoratorMetadata';
  const outputs = (by) => {
    must(
      by === 'swc'
        ? 'node node_modules/@swc/cli/bin/swc.js corpus/drawn.ts -o corpus/swc/drawn.js'
        : `node node_modules/${by}/bin/tsc corpus/drawn.ts ${flags} ${decorators} --outDir corpus/${by}`,
      { cwd },
    );
    return JSON.parse(must(`node corpus/run.mjs ./${by}/drawn.js`, { cwd }));
  };
  const [ts60, ts70, swc] = ['ts60', 'ts70', 'swc'].map(outputs);
  const wrong = Object.keys(ts60).flatMap((name) => {
    const [six, seven, other] = [ts60, ts70, swc].map((each) => JSON.stringify(each[name]));
    const wanted = renamed.includes(name) ? '"KEY_RENAMED"' : six;
    return six === other && seven === wanted && six !== '"KEY_RENAMED"' && six !== '"it failed"'
      ? []
      : [`${name}: 6.0 ${six}, 7.0 ${seven} (expected ${wanted}), swc ${other}`];
  });
  expect(Object.keys(ts60).length === CLASSES, `${Object.keys(ts60).length} classes ran`);
  expect(wrong.length === 0, `seed ${seed}:\n${wrong.join('\n')}`);
}
