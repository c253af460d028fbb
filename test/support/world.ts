import {
  GetExecutionHistoryCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterEach, beforeEach } from '@jest/globals';
import {
  type Config,
  createLog,
  createWorker,
  type Worker,
  type EventName,
  type WorkerEvents,
} from 'stepwright';
import { startLocalService, type LocalService, type LocalServiceOptions } from 'stepwright/local';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';
import { type FaultPlan, faultPlan } from './faults.js';

/** An event of a worker. */
export interface Told {
  readonly event: EventName;
  readonly payload: WorkerEvents[EventName];
}

/** One local service and its clients on a clock that stands still until the test moves it. */
export interface World {
  readonly clock: HandClock;
  readonly service: LocalService;
  readonly client: SFNClient;
  /** Makes a machine of one Task state on this activity, with these fields beside. @returns its ARN. */
  machine(activityArn: string, fields?: object, more?: object): string;
  /** @returns the execution's ARN. */
  execute(machineArn: string, input?: unknown): Promise<string>;
  describe(
    executionArn: string,
  ): Promise<{ status?: string; output?: string; error?: string; cause?: string }>;
  /** The types of an execution's events. */
  history(executionArn: string): Promise<string[]>;
  /**
   * Makes a worker that is stopped at the end of the test. Its randomness is fixed at `random`. With a clock of its own
   * it stands still, as if its process had died, while only the world's clock is moved.
   */
  worker(
    config: Config,
    options?: { random?: number; module?: string; clock?: HandClock },
  ): Promise<WorkerWorld>;
  close(): Promise<void>;
}

export interface WorkerWorld {
  readonly worker: Worker;
  /** Resolves, or rejects, as `run()` does. */
  readonly done: Promise<void>;
  readonly told: Told[];
  /** The payloads of one event, in order. */
  of<K extends EventName>(event: K): WorkerEvents[K][];
  /** Lines of the log, parsed. */
  readonly log: Record<string, unknown>[];
}

const EVENTS: readonly EventName[] = [
  'state',
  'task:received',
  'task:settled',
  'task:succeeded',
  'task:failed',
  'task:gone',
  'task:progress',
  'task:ignored-abort',
  'report:retried',
  'report:lost',
  'poll:ended',
  'poll:failed',
  'poll:recovered',
  'poll:token-possibly-lost',
  'slots:stuck',
  'slots:freed',
  'loop:blocked',
  'heartbeat:late',
  'heartbeat:sent',
  'heartbeat:failed',
  'heartbeat:recovered',
  'handler:paused',
  'handler:resumed',
  'protection:granted',
  'protection:released',
  'protection:failed',
  'task:deferred',
  'outbox:kept',
  'outbox:unkept',
  'outbox:offered',
  'store:failed',
  'store:recovered',
];

export const ARN = 'arn:aws:states:us-east-1:123456789012:activity:Work';
const LOCAL_KEYS = { accessKeyId: 'local', secretAccessKey: 'local' };

export async function createWorld(options: LocalServiceOptions = {}): Promise<World> {
  const clock = new HandClock();
  const service = await startLocalService({ port: 0, clock, ...options });
  const client = new SFNClient({
    endpoint: service.url,
    region: 'us-east-1',
    credentials: LOCAL_KEYS,
    maxAttempts: 1,
  });
  const workers: WorkerWorld[] = [];
  const clocks = new Set([clock]);
  let machines = 0;
  return {
    clock,
    service,
    client,
    machine: (Resource, fields = {}, more = {}) => {
      service.seedActivity(Resource);
      const States = { Work: { Type: 'Task', Resource, End: true, ...fields } };
      return service.seedMachine({
        name: `M${machines++}`,
        definition: JSON.stringify({ StartAt: 'Work', States, ...more }),
      });
    },
    execute: async (stateMachineArn, input = {}) => {
      const started = await client.send(
        new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
      );
      return started.executionArn ?? '';
    },
    describe: (executionArn) => client.send(new DescribeExecutionCommand({ executionArn })),
    history: async (executionArn) => {
      const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
      return events.map(({ type }) => type ?? '');
    },
    worker: async (config, { random = 0, module, clock: own = clock } = {}) => {
      const made = await runWorker({ endpoint: service.url, ...config }, own, () => random, module);
      workers.push(made);
      clocks.add(own);
      return made;
    },
    close: async () => {
      service.endPolls();
      const stopped = workers.map(({ worker }) => worker.stop());
      // Running tasks get all the time that a drain may take.
      for (let i = 0; i < 10 && workers.some(({ worker }) => worker.status().state === 'draining'); i++) {
        for (const each of clocks) await each.advance(20_000);
      }
      await Promise.all(stopped);
      client.destroy();
      await service.close();
    },
  };
}

/** A world in which calls fail as the test says. */
export interface FaultyWorld extends World {
  readonly faults: FaultPlan;
}

/** Gives each test of the file a world of its own, without faults at first, and closes it at the end of the test. */
export function useWorld(): FaultyWorld {
  const faults = faultPlan();
  let world: World | undefined;
  beforeEach(async () => {
    faults.clear();
    world = await createWorld({ fault: faults.hook });
  });
  afterEach(() => world?.close());
  const current = (): World => {
    if (!world) throw new Error('a world is there while a test runs');
    return world;
  };
  return {
    faults,
    get clock() {
      return current().clock;
    },
    get service() {
      return current().service;
    },
    get client() {
      return current().client;
    },
    machine: (...given) => current().machine(...given),
    execute: (...given) => current().execute(...given),
    describe: (...given) => current().describe(...given),
    history: (...given) => current().history(...given),
    worker: (...given) => current().worker(...given),
    close: () => current().close(),
  };
}

async function runWorker(
  config: Config,
  clock: HandClock,
  random: () => number,
  module?: string,
): Promise<WorkerWorld> {
  const log: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) };
  const worker = await createWorker(config, {
    clock,
    random,
    module,
    log: createLog({ level: 'debug', destination }),
  });
  const told: Told[] = [];
  for (const event of EVENTS) worker.on(event, (payload) => void told.push({ event, payload }));
  const of = <K extends EventName>(event: K): WorkerEvents[K][] =>
    told.flatMap((each) => (each.event === event ? [each.payload as WorkerEvents[K]] : []));
  const done = worker.run();
  // A test that expects a rejection awaits `done` itself.
  done.catch(() => {});
  return { worker, done, told, of, log };
}
