import { Session } from 'node:inspector/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IsNotEmpty, IsString } from 'class-validator';
import { Activity, createLog, createWorker, Handle } from 'stepwright';
import { type Benchmark, brokenOf } from './benchmark.js';
import { ACTIVITY_ARN, type Stub, withStub } from './support/stub.js';

const ROUNDS = 11;
/** Tasks that are handled before the first that counts, so that what happens once has happened. */
const WARM_UPS = 40;
const TASKS_A_SECOND = 20;
/** The most rounds that are repeated for one that counts. */
const MOST_REPEATED = 4;
const PROMISED = { files: 42, functions: 200 } as const;
const FRAMEWORK = fileURLToPath(new URL('../src/framework/', import.meta.url));

class HelloInput {
  @IsString()
  @IsNotEmpty()
  who!: string;
}

@Activity(ACTIVITY_ARN)
class Hello {
  @Handle()
  hello({ who }: HelloInput): { message: string } {
    return { message: `Hello ${who}!` };
  }
}

/** The functions of the framework that were called since the last call of this, as `file:offset name`. */
async function called(session: Session): Promise<string[]> {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  return result.flatMap(({ url, functions }) => {
    const file = url.startsWith('file:') ? fileURLToPath(url) : '';
    if (!file.startsWith(FRAMEWORK)) return [];
    return functions.flatMap(({ functionName, ranges: [range] }) =>
      range && range.count > 0 ? [`${relative(FRAMEWORK, file)}:${range.startOffset} ${functionName}`] : [],
    );
  });
}

/**
 * Returns what was called between two accepted tasks in a row, so many times. On a busy machine tasks end together; such
 * rounds count for nothing, and are repeated.
 * @throws Error if that happens too often
 */
async function roads(stub: Stub, rounds: number): Promise<{ found: string[][]; repeated: number }> {
  const session = new Session();
  session.connect();
  await stub.feed(TASKS_A_SECOND);
  const worker = await createWorker(
    { activities: [Hello], endpoint: stub.url, region: 'us-east-1' },
    { log: createLog({ level: 'silent' }) },
  );
  let next = (): void => {};
  let [received, succeeded] = [0, 0];
  worker.on('task:received', () => received++);
  worker.on('task:succeeded', () => {
    succeeded++;
    setImmediate(() => next());
  });
  const accepted = (): Promise<void> => new Promise((resolve) => (next = resolve));
  const ended = worker.run();
  try {
    for (let n = 0; n < WARM_UPS; n++) await accepted();
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    const found: string[][] = [];
    let repeated = 0;
    while (found.length < rounds) {
      if (repeated > rounds * MOST_REPEATED)
        throw new Error(`tasks ended together in ${repeated} rounds: end what else runs on this machine`);
      await accepted();
      await called(session);
      const [begun, done] = [received, succeeded];
      await accepted();
      const road = await called(session);
      // Exactly one task has come and ended between the two looks.
      if (begun === done && received === done + 1 && succeeded === done + 1) found.push(road);
      else repeated++;
    }
    return { found, repeated };
  } finally {
    session.disconnect();
    await Promise.all([worker.stop(), ended]);
  }
}

export default {
  title: `functions of the worker that one HelloWorld task passes, by V8's precise coverage; medians of ${ROUNDS}`,
  run: async ({ rounds = ROUNDS, list }) => {
    const { found, repeated } = await withStub((stub) => roads(stub, rounds));
    const middle = found.toSorted((one, other) => one.length - other.length)[found.length >> 1] ?? [];
    if (list) console.log(middle.toSorted().join('\n'));
    const functions = middle.length;
    const files = new Set(middle.map((each) => each.replace(/:.*/, ''))).size;
    return {
      tables: [
        {
          title: `Between two accepted tasks (${repeated} rounds repeated, in which tasks ended together)`,
          columns: ['', 'Stepwright', 'promised'],
          rows: [
            ['functions', String(functions), String(PROMISED.functions)],
            ['files', String(files), String(PROMISED.files)],
          ],
        },
      ],
      broken: brokenOf([
        [functions <= PROMISED.functions, `${functions} functions`],
        [files <= PROMISED.files, `${files} files`],
      ]),
    };
  },
} satisfies Benchmark;
