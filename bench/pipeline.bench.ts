import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import * as classTransformer from 'class-transformer';
import { validate } from 'class-validator';
import * as classValidator from 'class-validator';
import { Greeter } from '../src/activities/greeter.js';
import { HelloInput, HelloWorldActivity } from '../src/activities/hello-world.activity.js';
import { HandClock } from '../src/framework/testing/harness/hand-clock.js';
import { makeBedHandlers } from '../src/framework/testing/harness/bed-handlers.js';
import { createTaskContext } from '../src/framework/testing/index.js';
import type { Absence, Benchmark, Figure } from './benchmark.js';
import { median } from './support/measure/median.js';
import { installRivals, requireRival } from './support/workers/rivals.js';

const TASKS = 50_000;
const ROUNDS = 9;
const PIPE = "NestJS's ValidationPipe";

const INPUT = '{"who":"hoge"}';
const OUTPUT = '{"message":"Hello hoge!"}';
const BROKEN = '{"who":""}';

/** Runs a pipeline from input text to output text. Rejects an input that breaks the rules. */
type Pipeline = (text: string) => Promise<string>;

const greeter = new Greeter();
const greet = ({ who }: HelloInput): string => JSON.stringify({ message: greeter.greet(who) });

/** Makes the pipeline that the worker calls for each task, without slot, heartbeats and context. */
async function ours(): Promise<Pipeline> {
  const [compiled] = (await makeBedHandlers([HelloWorldActivity], {}, new HandClock())).handlers;
  if (!compiled) throw new Error('HelloWorldActivity has no handler');
  const context = createTaskContext();
  return async (text) => {
    let output = '';
    await compiled.handle(text, context, (end) => {
      if (end.status !== 'succeeded') throw new Error(`the handler has ${end.status}`);
      output = end.output;
    });
    return output;
  };
}

const byHand: Pipeline = async (text) => {
  const input = JSON.parse(text) as Partial<HelloInput> | null;
  if (typeof input !== 'object' || typeof input?.who !== 'string' || input.who === '')
    throw new Error('who must be a string that is not empty');
  return greet({ who: input.who });
};

const librariesAlone: Pipeline = async (text) => {
  const input = plainToInstance(HelloInput, JSON.parse(text) as object);
  const errors = await validate(input, { whitelist: true });
  if (errors.length > 0) throw new Error(errors.join(', '));
  return greet(input);
};

interface NestCommon {
  readonly ValidationPipe: new (options: object) => {
    transform(value: unknown, metadata: { type: 'body'; metatype: unknown }): Promise<HelloInput>;
  };
}

/** The pipe as the documentation of NestJS has it for DTOs, on the very same libraries as ours. */
function nest(): Pipeline {
  const { ValidationPipe } = requireRival('@nestjs/common') as NestCommon;
  const packages = { validatorPackage: classValidator, transformerPackage: classTransformer };
  const pipe = new ValidationPipe({ transform: true, whitelist: true, ...packages });
  return async (text) =>
    greet(await pipe.transform(JSON.parse(text), { type: 'body', metatype: HelloInput }));
}

/** @throws Error unless it greets, and refuses an empty name */
async function assertWorks(who: string, pipeline: Pipeline): Promise<void> {
  if ((await pipeline(INPUT)) !== OUTPUT) throw new Error(`${who} does not greet`);
  const refused = await pipeline(BROKEN).then(
    () => false,
    () => true,
  );
  if (!refused) throw new Error(`${who} lets an empty name pass`);
}

/** Resolves to a pipeline's processor time, which depends least on other work of the machine. */
async function microsecondsOf(pipeline: Pipeline): Promise<number> {
  const from = process.cpuUsage();
  for (let n = 0; n < TASKS; n++) await pipeline(INPUT);
  const { user, system } = process.cpuUsage(from);
  return (user + system) / TASKS;
}

/** In turns; the first round warms up and does not count. */
async function measure(pipelines: ReadonlyMap<string, Pipeline>): Promise<Figure[]> {
  const rounds = new Map<string, number[]>();
  for (let n = 0; n <= ROUNDS; n++) {
    for (const [who, pipeline] of pipelines) {
      const us = await microsecondsOf(pipeline);
      if (n > 0) rounds.set(who, [...(rounds.get(who) ?? []), us]);
    }
  }
  return [...rounds].map(([who, values]) => {
    const [least, most] = [Math.min(...values), Math.max(...values)].map((value) =>
      Number(value.toPrecision(3)),
    );
    return { who, value: median(values), note: `from ${least} to ${most}` };
  });
}

export default {
  title: `from the text of HelloWorld's input to the text of its output, one task after the other`,
  run: async () => {
    const absent = installRivals();
    const who = PIPE;
    const missing: Absence[] = absent === undefined ? [] : [{ who, absent }];
    const pipelines = new Map<string, Pipeline>([
      ['Stepwright', await ours()],
      ['JSON.parse and a check by hand', byHand],
      ['the two libraries alone', librariesAlone],
      ...(absent === undefined ? [[who, nest()] as const] : []),
    ]);
    for (const [name, pipeline] of pipelines) await assertWorks(name, pipeline);
    const [first, ...rivals] = await measure(pipelines);
    if (!first) throw new Error('nothing was measured');
    const pipe = rivals.find(({ who }) => who === PIPE);
    return [
      {
        what: `microseconds of processor time a task; the median of ${ROUNDS} rounds of ${TASKS}`,
        unit: 'µs',
        better: 'lower',
        ours: first,
        // No more than the pipe alone, of the same run.
        ...(pipe && { promised: Math.round(pipe.value * 100) / 100 }),
        rivals: [...rivals, ...missing],
      },
    ];
  },
} satisfies Benchmark;
