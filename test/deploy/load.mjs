// A worker to look at: tasks that succeed, fail, are gone and get lost, polls that fail, a signal that is ignored.
import 'reflect-metadata';
import { SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';

const compiled = (file) => import(new URL(`../../dist/src/framework/${file}`, import.meta.url));
const { Activity, ActivityFailure, createLog, createWorker, Handle } = await compiled('index.js');
const { memoryStore } = await compiled('worker/keep/memory.js');
const { startLocalService } = await compiled('local/index.js');

const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Work';

/** A class with decorators, written by hand: this file is not compiled. */
class Work {
  async run(input, task) {
    if (input === 'slow') task.progress(0.5, 'half');
    if (input === 'fail') throw new ActivityFailure('PaymentDeclined', 'no');
    await new Promise((resolve) => setTimeout(resolve, input === 'slow' ? 110_000 : 5));
    return input;
  }
}
const descriptor = Object.getOwnPropertyDescriptor(Work.prototype, 'run');
Reflect.defineMetadata('design:paramtypes', [Object], Work.prototype, 'run');
Handle({ input: 'any' })(Work.prototype, 'run', descriptor);
Activity(ARN, { concurrency: 20, heartbeat: '1s' })(Work);

let polls = 0;
let reports = 0;
let failures = 0;
/** The tasks that no worker may report as failed: what is refused once would be accepted a moment later. */
const refused = new Set();
const service = await startLocalService({
  port: 0,
  fault: ({ operation, body }) => {
    if (operation === 'GetActivityTask' && ++polls % 7 === 0)
      return polls % 2 === 0 ? { kind: 'answer-lost' } : { kind: 'error', error: 'ThrottlingException' };
    if (operation === 'SendTaskSuccess' && ++reports % 9 === 0) return { kind: 'status', status: 500 };
    if (operation === 'SendTaskFailure') {
      if (++failures % 3 === 0) refused.add(body.taskToken);
      if (refused.has(body.taskToken)) return { kind: 'error', error: 'AccessDeniedException' };
    }
    return undefined;
  },
});
service.seedActivity(ARN);
const states = { Work: { Type: 'Task', Resource: ARN, End: true, TimeoutSeconds: 120 } };
const stateMachineArn = service.seedMachine({
  name: 'Load',
  definition: JSON.stringify({ StartAt: 'Work', States: states }),
});

// An agent that does not answer: a worker that asks a platform for protection has the gauge of its state.
process.env.ECS_AGENT_URI = 'http://127.0.0.1:9';
const worker = await createWorker(
  {
    activities: [Work],
    endpoint: service.url,
    healthPort: 0,
    reportLimit: '10ms',
    protect: 'ecs',
    outbox: { store: memoryStore() },
    deferred: { store: memoryStore() },
  },
  {
    log: createLog({
      level: 'info',
      destination: { write: (line) => void (line.includes('Health:') && process.stdout.write(line)) },
    }),
  },
);
void worker.run();

const client = new SFNClient({
  endpoint: service.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});
const begin = (input) =>
  client.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }));
const stopped = [];
// One that is beaten all the time.
await begin('slow');
for (let n = 0; ; n++) {
  const { executionArn } = await begin(n % 5 === 0 ? 'fail' : n % 100 === 1 ? 'slow' : 'fine');
  if (n % 100 === 1) stopped.push(executionArn);
  if (n % 100 === 50) await client.send(new StopExecutionCommand({ executionArn: stopped.pop() }));
  await new Promise((resolve) => setTimeout(resolve, 20));
}
