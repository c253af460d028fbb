import { startLocalService, type LocalService } from 'stepwright/local';
import { call } from './scene.js';

/**
 * Two machines as large as the largest that are published as samples: more than 40 states with names of whole
 * sentences, jobs that are asked after in a loop, Maps in Parallels; run with a thousand items and 250 KB of data.
 */

const CALL = 'arn:aws:lambda:us-east-1:123456789012:function:transcode-and-classify-every-uploaded-recording';

type States = Record<string, object>;

const RETRY = [{ ErrorEquals: ['Lambda.TooManyRequestsException'], IntervalSeconds: 1, MaxAttempts: 3 }];

/** Starts a job, asks after it until it is done, and writes down what came of it. */
const jobOf = (what: string): object => ({
  StartAt: `Start the asynchronous job that will ${what}`,
  States: {
    [`Start the asynchronous job that will ${what}`]: {
      Type: 'Task',
      Resource: CALL,
      ResultPath: null,
      Retry: RETRY,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: `Record that we could not ${what}` }],
      Next: `Wait before asking: ${what}`,
    },
    [`Wait before asking: ${what}`]: { Type: 'Wait', Seconds: 0, Next: `Ask how far it is: ${what}` },
    [`Ask how far it is: ${what}`]: {
      Type: 'Task',
      Resource: CALL,
      ResultPath: null,
      Next: `Is it done, and did it ${what}?`,
    },
    [`Is it done, and did it ${what}?`]: {
      Type: 'Choice',
      Choices: [
        {
          And: [
            { Variable: '$.job.status', StringEquals: 'IN_PROGRESS_WITH_WARNINGS' },
            { Variable: '$.job.attemptsThatAreLeft', NumericGreaterThan: 0 },
          ],
          Next: `Wait before asking: ${what}`,
        },
        { Variable: '$.job.status', StringEquals: 'FAILED', Next: `Record that we could not ${what}` },
      ],
      Default: `Record the result: ${what}`,
    },
    [`Record that we could not ${what}`]: { Type: 'Pass', End: true },
    [`Record the result: ${what}`]: { Type: 'Pass', End: true },
  },
});

const WORK = [
  'extract the text of every scanned page',
  'find faces of known people in the film',
  'translate the subtitles into all languages',
  'render previews in seven resolutions',
  'look for unsafe content in the recording',
  'summarise what the speakers have agreed',
];

/** States one after the other, the last of which goes to `next`. */
function chain(names: readonly string[], next?: string): States {
  const last = next === undefined ? { End: true } : { Next: next };
  const states = names.map((name, i) => {
    const to = names[i + 1];
    return [name, { Type: 'Pass', ...(to === undefined ? last : { Next: to }) }];
  });
  return Object.fromEntries(states) as States;
}

const steps = (n: number, what: string): string[] =>
  Array.from({ length: n }, (_, i) => `Step ${i + 1} of the long way on which ${what}`);

/** 6 branches of 6 states, and 12 around them. */
export const RECORDINGS = JSON.stringify({
  StartAt: 'Step 1 of the long way on which a recording is taken in',
  States: {
    ...chain(steps(5, 'a recording is taken in'), 'Analyse it in all ways at once'),
    'Analyse it in all ways at once': {
      Type: 'Parallel',
      Branches: WORK.map(jobOf),
      ResultPath: null,
      Catch: [
        { ErrorEquals: ['States.ALL'], Next: 'Tell the owner that the recording could not be analysed' },
      ],
      Next: 'Step 1 of the long way on which a recording is published',
    },
    'Tell the owner that the recording could not be analysed': {
      Type: 'Fail',
      Error: 'RecordingNotAnalysed',
    },
    ...chain(steps(5, 'a recording is published')),
  },
});

/** A Map of 9 states over a thousand items, and 34 states around it. */
export const CATALOGUE = JSON.stringify({
  StartAt: 'Step 1 of the long way on which a catalogue is read',
  States: {
    ...chain(
      steps(16, 'a catalogue is read'),
      'For each article of the catalogue, in the order of its pages',
    ),
    'For each article of the catalogue, in the order of its pages': {
      Type: 'Map',
      ItemsPath: '$.articles',
      ResultPath: null,
      ItemProcessor: {
        StartAt: 'Step 1 of the long way on which an article is compared with its supplier',
        States: chain(steps(9, 'an article is compared with its supplier')),
      },
      Next: 'Step 1 of the long way on which prices are agreed',
    },
    ...chain(steps(17, 'prices are agreed')),
  },
});

/** A thousand articles of 250 KB in all. */
export const ARTICLES = JSON.stringify({
  articles: Array.from({ length: 1_000 }, (_, i) => ({
    id: 100_000 + i,
    name: `Article ${i} ${'of the catalogue with a long description '.repeat(6)}`.slice(0, 226),
  })),
});

const LONG_NAME = 'recordings-of-the-annual-general-meeting-that-were-uploaded-by-the-board-in-2026';

export interface LargeScene {
  readonly service: LocalService;
  readonly recordings: string;
  readonly catalogue: string;
  /** Executions of the machines: one that succeeded in many loops, one of a thousand iterations and 20,000 events. */
  readonly recorded: string;
  readonly catalogued: string;
}

export async function openLargeScene(): Promise<LargeScene> {
  const service = await startLocalService({ port: 0, console: true, mocks: { [CALL]: { output: {} } } });
  const run = async (machine: string, name: string, input: string): Promise<string> => {
    const request = { stateMachineArn: machine, name, input };
    const { executionArn = '' } = await call(service.url, 'StartExecution', request);
    while ((await call(service.url, 'DescribeExecution', { executionArn }))['status'] === 'RUNNING')
      await new Promise((next) => setTimeout(next, 50));
    return executionArn;
  };
  const recordings = service.seedMachine({ name: LONG_NAME, definition: RECORDINGS });
  const catalogue = service.seedMachine({ name: 'catalogue', definition: CATALOGUE });
  const recorded = await run(recordings, LONG_NAME, '{"job":{"status":"DONE"}}');
  const catalogued = await run(catalogue, 'catalogued', ARTICLES);
  return { service, recordings, catalogue, recorded, catalogued };
}
