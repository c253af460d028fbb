import { systemClock } from '../../src/framework/base/time/clock.js';
import { startLocalService } from '../../src/framework/local/index.js';
import { hookOf, type Plan } from '../../test/soak/faults.js';
import { type PlanHook, record } from '../../test/soak/wire.js';
import { answer, given } from './child.js';
import { RawClient } from './raw-client.js';
import { ACTIVITY_ARN } from './stub.js';

export interface ServiceSettings {
  /** Fields of the machine's one state, beside its type and resource. */
  readonly state?: object;
  /** @default any that is free */
  readonly port?: number;
  readonly pollHoldMs?: number;
  readonly closedPollWindowMs?: number;
  readonly keptExecutions?: number;
  /** The host names, beside loopback's, that it may be called by. */
  readonly allowHosts?: readonly string[];
  /** The faults at first. @default none */
  readonly plan?: Plan;
}

/** Executions that are started at an even pace. The input of each is `{ n, sleepMs }`. */
export interface Feed {
  readonly tasks: number;
  /** @default as many as eight connections can start */
  readonly perSecond?: number;
  readonly sleepMs: number;
}

const CONNECTIONS = 8;
const TICK_MS = 5;

/** Starts executions from within the service's own process, where it costs least. */
class Feeder {
  #fed: number[] = [];
  #done: Promise<void> = Promise.resolve();

  constructor(
    private readonly idle: RawClient[],
    private readonly stateMachineArn: string,
  ) {}

  begin(feed: Feed): void {
    this.#fed = [];
    this.#done = this.#feed(feed);
  }

  async fed(): Promise<readonly number[]> {
    await this.#done;
    return this.#fed;
  }

  async #feed({ tasks, perSecond = Number.POSITIVE_INFINITY, sleepMs }: Feed): Promise<void> {
    const began = systemClock.now();
    const open = new Set<Promise<void>>();
    while (this.#fed.length < tasks) {
      const due = Math.min(tasks, Math.ceil(((systemClock.now() - began + 1) / 1_000) * perSecond));
      for (let client; this.#fed.length < due && (client = this.idle.pop());) {
        const started = this.#start(client, sleepMs).finally(() => open.delete(started));
        open.add(started);
      }
      if (this.#fed.length < due) await Promise.race(open);
      else await systemClock.sleep(TICK_MS);
    }
    await Promise.all(open);
  }

  async #start(client: RawClient, sleepMs: number): Promise<void> {
    const n = this.#fed.push(systemClock.now()) - 1;
    const input = JSON.stringify({ n, sleepMs });
    await client.call('StartExecution', { stateMachineArn: this.stateMachineArn, input });
    this.idle.push(client);
  }
}

/** A worker may give each of its polls a name of its own that begins with the worker's. */
function workerOf(body: unknown): string {
  const { workerName = '' } = (body ?? {}) as { workerName?: string };
  return workerName.replace(/-\d+$/, '');
}

/** A local service that records its calls. */
async function serve({ state, plan, ...options }: ServiceSettings): Promise<void> {
  let hook: PlanHook | undefined = plan && hookOf(plan, systemClock);
  const workers = new Set<string>();
  const recorder = record(
    () => systemClock.now(),
    (call) => {
      if (call.operation === 'GetActivityTask') workers.add(workerOf(call.body));
      return hook?.(call);
    },
  );
  const service = await startLocalService({ port: 0, ...options, fault: recorder.hook });
  service.seedActivity(ACTIVITY_ARN);
  const Work = { Type: 'Task', Resource: ACTIVITY_ARN, End: true, ...state };
  const definition = JSON.stringify({ StartAt: 'Work', States: { Work } });
  const stateMachineArn = service.seedMachine({ name: 'Bench', definition });
  const clients = Array.from({ length: CONNECTIONS }, () => RawClient.open(service.url));
  const feeder = new Feeder(await Promise.all(clients), stateMachineArn);
  answer(
    { url: service.url, stateMachineArn },
    {
      record: () => ({ record: recorder.record, now: systemClock.now() }),
      open: () => recorder.record.leases.filter(({ end }) => end === undefined).length,
      workers: () => workers.size,
      plan: (next?: Plan) => void (hook = next && hookOf(next, systemClock)),
      feed: (feed: Feed) => feeder.begin(feed),
      fed: () => feeder.fed(),
    },
  );
}

await serve(given() as ServiceSettings);
