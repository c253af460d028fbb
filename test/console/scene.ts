import { PUT_TASK_LOG } from '../../src/framework/base/local-protocol.js';
import { tokenHash } from '../../src/framework/base/show.js';
import { startLocalService, type ConsoleWorker, type LocalService } from 'stepwright/local';

/** A service worth looking at: a shop's machine that has everything a graph can have. */

const REGION = 'eu-central-1';
const activity = (name: string): string => `arn:aws:states:${REGION}:123456789012:activity:${name}`;

export const ACTIVITIES = {
  check: activity('CheckStock'),
  charge: activity('ChargeCard'),
  label: activity('PrintLabel'),
  render: activity('RenderInvoice'),
};

const GREET = activity('Greet');

const task = (resource: string, next?: string, more: object = {}): object => ({
  Type: 'Task',
  Resource: resource,
  // Nobody beats: the scene has to last for all its pictures, on a busy machine too.
  HeartbeatSeconds: 900,
  ...(next === undefined ? { End: true } : { Next: next }),
  ...more,
});

export const ORDER = JSON.stringify(
  {
    Comment: 'What happens to an order',
    StartAt: 'Check stock',
    States: {
      'Check stock': task(ACTIVITIES.check, 'In stock?', {
        Retry: [{ ErrorEquals: ['StockServiceBusy'], IntervalSeconds: 1, MaxAttempts: 3 }],
      }),
      'In stock?': {
        Type: 'Choice',
        Choices: [
          { Variable: '$.inStock', BooleanEquals: true, Next: 'Pay and pack' },
          { Variable: '$.backOrderDays', NumericLessThanEquals: 7, Next: 'Wait for stock' },
        ],
        Default: 'Refuse',
      },
      'Wait for stock': { Type: 'Wait', Seconds: 3600, Next: 'Check stock' },
      'Pay and pack': {
        Type: 'Parallel',
        Branches: [
          {
            StartAt: 'Charge card',
            States: {
              'Charge card': task(ACTIVITIES.charge, 'Render invoice', {
                ResultPath: '$.payment',
                Catch: [
                  { ErrorEquals: ['PaymentDeclined'], ResultPath: '$.payment', Next: 'Ask for another card' },
                ],
              }),
              'Ask for another card': {
                Type: 'Pass',
                Result: { card: 'other' },
                ResultPath: '$.card',
                End: true,
              },
              'Render invoice': task(ACTIVITIES.render, undefined, { ResultPath: '$.invoice' }),
            },
          },
          {
            StartAt: 'For each parcel',
            States: {
              'For each parcel': {
                Type: 'Map',
                ItemsPath: '$.parcels',
                MaxConcurrency: 4,
                ItemProcessor: {
                  StartAt: 'Print label',
                  States: {
                    'Print label': task(ACTIVITIES.label, undefined, {
                      Catch: [{ ErrorEquals: ['PrinterJam'], Next: 'Print by hand' }],
                    }),
                    'Print by hand': { Type: 'Pass', End: true },
                  },
                },
                End: true,
              },
            },
          },
        ],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Refuse' }],
        Next: 'Shipped',
      },
      Shipped: { Type: 'Succeed' },
      Refuse: { Type: 'Fail', Error: 'OrderRefused', Cause: 'The order can not be served.' },
    },
  },
  null,
  2,
);

export const HELLO = JSON.stringify({
  StartAt: 'Hello',
  States: { Hello: task(ACTIVITIES.check) },
});

const parcels = (n: number): object[] =>
  Array.from({ length: n }, (_, i) => ({ parcel: `P-${100 + i}`, kg: (i % 9) + 1 }));

const WORKER: ConsoleWorker = {
  name: 'packing-1:4711',
  state: 'running',
  ready: true,
  reasons: [],
  handlers: [
    {
      name: 'LabelActivity.print',
      activityArn: ACTIVITIES.label,
      concurrency: 8,
      used: 5,
      running: 3,
      undelivered: 0,
    },
    {
      name: 'InvoiceActivity.render',
      activityArn: ACTIVITIES.render,
      concurrency: 2,
      used: 2,
      running: 1,
      undelivered: 1,
    },
  ],
  tasksInFlight: 3,
  tasks: [
    {
      handler: 'InvoiceActivity.render',
      ageMs: 92_000,
      phase: 'running',
      lastHeartbeatAt: Date.now() - 4_000,
      progress: 0.6,
    },
    { handler: 'LabelActivity.print', ageMs: 3_000, phase: 'running', lastHeartbeatAt: Date.now() - 1_000 },
    { handler: 'LabelActivity.print', ageMs: 1_000, phase: 'running', lastHeartbeatAt: undefined },
  ],
  counts: { received: 214, succeeded: 203, failed: 8, gone: 1, reportsRetried: 2 },
  version: '1.2.0',
  startedAt: Date.now() - 2 * 86_400_000 - 5 * 3_600_000,
};

const UP = Date.now() - 3 * 3_600_000;

/** A worker of a fleet, as its health port shows it. */
function packer(n: number, change: Partial<ConsoleWorker> = {}): ConsoleWorker {
  const { tasks = WORKER.tasks.slice(n % 3) } = change;
  const own = { name: `packing-7d9f5c-${n}`, address: `10.0.12.${30 + n}:8080`, startedAt: UP };
  return { ...WORKER, ...own, ...change, tasks, tasksInFlight: tasks.length };
}

const [LABEL, INVOICE] = WORKER.handlers as [Handler, Handler];
type Handler = ConsoleWorker['handlers'][number];

/** A worker in this process, and a fleet of which not all is well. */
export const FLEET: readonly ConsoleWorker[] = [
  WORKER,
  packer(1, {
    protection: { platform: 'kubernetes', state: 'held', since: UP },
    tasks: [{ handler: 'InvoiceActivity.render', ageMs: 7_500_000, phase: 'handling' }],
  }),
  packer(2, {
    handlers: [{ ...LABEL, paused: { by: 'task', since: Date.now(), until: Date.now() + 600_000 } }, INVOICE],
  }),
  packer(3, {
    version: '1.1.4',
    state: 'draining',
    ready: false,
    reasons: ['the worker is draining'],
    drain: { since: Date.now() - 40_000, graceUntil: Date.now() + 600_000 },
  }),
  packer(4, {
    ready: false,
    reasons: ['LabelActivity.print: its polls are unreachable (ECONNREFUSED)'],
    tasks: [],
    handlers: [
      { ...LABEL, polls: { state: 'waiting', trouble: { kind: 'unreachable', since: UP } } },
      INVOICE,
    ],
  }),
  packer(5, {
    name: '10.0.12.35:8080',
    state: 'unknown',
    ready: false,
    reasons: ['no answer within 2 s'],
    handlers: [],
    tasks: [],
    tasksInFlight: 0,
    counts: {},
    version: undefined,
    startedAt: undefined,
  }),
];

/** A service with executions in every state. */
export interface Scene {
  readonly service: LocalService;
  readonly machine: string;
  /** One that is in the middle of everything. */
  readonly running: string;
  /** One that has failed for its input. */
  readonly failed: string;
  close(): Promise<void>;
}

/** Calls the API as any client does. */
export async function call<T = Record<string, string>>(
  url: string,
  operation: string,
  body: object,
): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'x-amz-target': `AWSStepFunctions.${operation}`,
      'content-type': 'application/x-amz-json-1.0',
      authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/${REGION}/states/aws4_request`,
    },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

/** The rules of the input of a machine's first activity, from which the start dialog makes a form. */
const GREETING_SCHEMA = {
  type: 'object',
  properties: {
    who: { type: 'string', minLength: 1 },
    times: { type: 'integer', minimum: 1 },
    style: { enum: ['short', 'long'] },
    isLoud: { type: 'boolean' },
    names: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
  },
  required: ['who', 'times'],
};
const schemaFor = (arn: string): typeof GREETING_SCHEMA | undefined =>
  arn === GREET ? GREETING_SCHEMA : undefined;

/** Adds a machine whose input is written in a form. Returns its ARN. */
export function seedForm(service: LocalService): string {
  service.seedActivity(GREET);
  const definition = JSON.stringify({ StartAt: 'Greet', States: { Greet: task(GREET) } });
  return service.seedMachine({ name: 'Greeting', definition });
}

/** Sends what a worker logs about a task. */
async function logTask(url: string, task: string): Promise<void> {
  const at = Date.now();
  const line = (level: string, message: string, fields?: string): object => ({
    task,
    at,
    level,
    message,
    fields,
  });
  await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': PUT_TASK_LOG },
    body: JSON.stringify({
      lines: [
        line('info', 'task received'),
        line('warn', 'the paper ends soon', '{"tray":2}'),
        line('error', 'the label is smudged: printed again'),
      ],
      progress: [{ task, at, percent: 40, message: 'label 2 of 5' }],
    }),
  });
}

/** Opens a service and brings its executions to where they are worth a look. */
export async function openScene(): Promise<Scene> {
  const service = await startLocalService({ port: 0, console: { workers: () => FLEET, schemaFor } });
  const { url } = service;
  for (const arn of Object.values(ACTIVITIES)) service.seedActivity(arn);
  const machine = service.seedMachine({ name: 'Order', definition: ORDER });
  const hello = service.seedMachine({ name: 'HelloWorld', definition: HELLO });
  const start = async (arn: string, name: string, input: object): Promise<string> => {
    const { executionArn = '' } = await call(url, 'StartExecution', {
      stateMachineArn: arn,
      name,
      input: JSON.stringify(input),
    });
    return executionArn;
  };
  const take = (arn: string, workerName: string): Promise<Record<string, string>> =>
    call(url, 'GetActivityTask', { activityArn: arn, workerName });
  const succeed = async (arn: string, workerName: string, output: object): Promise<void> => {
    const { taskToken, input = '{}' } = await take(arn, workerName);
    await call(url, 'SendTaskSuccess', {
      taskToken,
      output: JSON.stringify({ ...JSON.parse(input), ...output }),
    });
  };
  const fail = async (
    arn: string,
    workerName: string,
    error: string,
    cause: object | string,
  ): Promise<void> => {
    const { taskToken } = await take(arn, workerName);
    await call(url, 'SendTaskFailure', {
      taskToken,
      error,
      cause: typeof cause === 'string' ? cause : JSON.stringify(cause),
    });
  };

  for (let i = 0; i < 6; i++) {
    const done = await start(machine, `order-${8001 + i}`, { order: 8001 + i, parcels: parcels(2) });
    await succeed(ACTIVITIES.check, 'stock-1:99', { inStock: i !== 3, backOrderDays: 90 });
    if (i === 3) continue;
    await succeed(ACTIVITIES.charge, 'billing-2:12', { paid: true });
    await succeed(ACTIVITIES.render, 'packing-1:4711', { invoice: 'I-1' });
    for (let n = 0; n < 2; n++) await succeed(ACTIVITIES.label, 'packing-1:4711', { label: 'ok' });
    void done;
  }
  const stopped = await start(hello, 'greeting-1', { who: 'hoge' });
  await call(url, 'StopExecution', {
    executionArn: stopped,
    error: 'ByHand',
    cause: 'Nobody needs it any more',
  });
  const failed = await start(hello, 'greeting-2', { who: '', times: 'three' });
  await fail(ACTIVITIES.check, 'stock-1:99', 'Stepwright.InvalidInput', {
    errorType: 'InvalidInput',
    errorMessage: 'the input breaks 2 rules',
    violations: [
      { path: 'who', rule: 'isNotEmpty', message: 'who should not be empty' },
      { path: 'times', rule: 'isInt', message: 'times must be an integer number' },
    ],
    trace: [
      'InvalidInput: the input breaks 2 rules',
      '    at HelloInput (src/activities/hello-world.activity.ts:7:3)',
    ],
  });
  const running = await start(machine, 'order-8007', {
    order: 8007,
    customer: 'Ada Lovelace',
    total: 128.5,
    parcels: parcels(24),
  });
  await fail(ACTIVITIES.check, 'stock-1:99', 'StockServiceBusy', 'try again later');
  await succeed(ACTIVITIES.check, 'stock-1:99', { inStock: true });
  await fail(ACTIVITIES.charge, 'billing-2:12', 'PaymentDeclined', 'The card has expired.');
  for (let i = 0; i < 9; i++) {
    if (i % 4 === 2) await fail(ACTIVITIES.label, 'packing-1:4711', 'PrinterJam', 'Tray 2');
    else await succeed(ACTIVITIES.label, 'packing-1:4711', { label: `L-${i}` });
  }
  const { taskToken = '' } = await take(ACTIVITIES.label, 'packing-1:4711');
  await call(url, 'SendTaskHeartbeat', { taskToken });
  await logTask(url, tokenHash(taskToken));
  await start(machine, 'order-8008', { order: 8008, parcels: parcels(3) });
  return { service, machine, running, failed, close: () => service.close() };
}
