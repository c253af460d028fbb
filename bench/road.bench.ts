import { Session } from 'node:inspector/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IsNotEmpty, IsString } from 'class-validator';
import { Activity, createLog, createWorker, Handle } from 'stepwright';
import type { Benchmark, Measured } from './benchmark.js';
import { startStub } from './support/hello/stub.js';
import { median } from './support/measure/median.js';

const WINDOWS = 11;
/** Tasks that are handled before the first that counts, so that what happens once has happened. */
const WARM_UPS = 40;
const TASKS_A_SECOND = 20;
const PROMISED = { files: 42, functions: 200 } as const;
const FRAMEWORK = fileURLToPath(new URL('../src/framework/', import.meta.url));

class HelloInput {
  @IsString()
  @IsNotEmpty()
  who!: string;
}

@Activity('arn:aws:states:us-east-1:123456789012:activity:Hello')
class Hello {
  @Handle()
  hello({ who }: HelloInput): { message: string } {
    return { message: `Hello ${who}!` };
  }
}

/** The functions of the framework that were called between two accepted tasks, as `file:offset name`. */
async function roads(): Promise<string[][]> {
  const stub = await startStub();
  const session = new Session();
  session.connect();
  await stub.feed(TASKS_A_SECOND);
  const worker = await createWorker(
    { activities: [Hello], endpoint: stub.url, region: 'us-east-1' },
    { log: createLog({ level: 'silent' }) },
  );
  let next = (): void => {};
  worker.on('task:succeeded', () => void setImmediate(() => next()));
  const accepted = (): Promise<void> => new Promise((resolve) => (next = resolve));
  const ended = worker.run();
  try {
    for (let n = 0; n < WARM_UPS; n++) await accepted();
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    const found: string[][] = [];
    for (let n = 0; n < WINDOWS; n++) {
      await accepted();
      await session.post('Profiler.takePreciseCoverage');
      await accepted();
      const { result } = await session.post('Profiler.takePreciseCoverage');
      found.push(
        result.flatMap(({ url, functions }) => {
          const file = url.startsWith('file:') ? fileURLToPath(url) : '';
          if (!file.startsWith(FRAMEWORK)) return [];
          return functions.flatMap(({ functionName, ranges: [range] }) =>
            range && range.count > 0
              ? [`${relative(FRAMEWORK, file)}:${range.startOffset} ${functionName}`]
              : [],
          );
        }),
      );
    }
    return found;
  } finally {
    session.disconnect();
    await stub.stop();
    await Promise.all([worker.stop(), ended]);
  }
}

const filesOf = (road: readonly string[]): string[] => [
  ...new Set(road.map((each) => each.replace(/:.*/, ''))),
];

export default {
  title: `functions of the worker that one HelloWorld task passes, by V8's precise coverage; medians of ${WINDOWS}`,
  run: async (args): Promise<Measured[]> => {
    const found = await roads();
    if (args.includes('--list')) {
      const middle = found.toSorted((one, other) => one.length - other.length)[WINDOWS >> 1];
      console.log(middle?.toSorted().join('\n'));
    }
    const of = (what: string, values: readonly number[], promised: number): Measured => ({
      ...{ what, unit: what, better: 'lower', promised, rivals: [] },
      ours: {
        who: 'Stepwright',
        value: median([...values]),
        note: `from ${Math.min(...values)} to ${Math.max(...values)}`,
      },
    });
    return [
      of(
        'functions of one task',
        found.map((road) => road.length),
        PROMISED.functions,
      ),
      of(
        'files of one task',
        found.map((road) => filesOf(road).length),
        PROMISED.files,
      ),
    ];
  },
} satisfies Benchmark;
