import { systemClock } from '../../../src/framework/base/time/clock.js';
import { startLocalService } from '../../../src/framework/local/index.js';
import { type PlanHook, record } from '../measure/wire.js';
import { hookOf, type Plan } from './fault-plan.js';
import { type Feed, Feeder } from './feeder.js';

/** The settings of the process, as JSON in its only argument. */
export interface ServiceSettings {
  readonly activityArn: string;
  /** Fields of the machine's one state, beside its type and resource. */
  readonly state: object;
  /** Further activities, each with a machine of its own. */
  readonly more?: readonly { readonly activityArn: string; readonly state: object }[];
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

/** A question to the process, with what it needs to be answered. */
interface Question {
  readonly question: string;
  readonly given?: unknown;
}

/** A local service in a process of its own. It says where it is, gives its record when asked, and ends with its parent. */
async function serve({ activityArn, state, more = [], plan, ...options }: ServiceSettings): Promise<void> {
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
  const taskOf = (Resource: string, state: object): object => ({
    Type: 'Task',
    Resource,
    End: true,
    ...state,
  });
  const Work = taskOf(activityArn, state);
  const machine = (name: string, StartAt: string, States: object): string =>
    service.seedMachine({ name, definition: JSON.stringify({ StartAt, States }) });
  service.seedActivity(activityArn);
  const machineArn = machine('Bench', 'Work', { Work });
  const others = new Map(
    more.map((other, i) => {
      service.seedActivity(other.activityArn);
      const States = { Work: taskOf(other.activityArn, other.state) };
      return [other.activityArn, machine(`Bench${i}`, 'Work', States)];
    }),
  );
  // A Map runs at most 40 at once, so it takes one in another to have hundreds.
  const each = (name: string, states: object): object => ({
    Type: 'Map',
    End: true,
    ItemProcessor: { StartAt: name, States: { [name]: states } },
  });
  const crowdArn = machine('Crowd', 'All', { All: each('Some', each('Work', Work)) });
  const feeder = await Feeder.open(service.url, (arn) => others.get(arn ?? '') ?? machineArn, systemClock);
  const answers: Record<string, (given: unknown) => unknown> = {
    record: () => ({ record: recorder.record, now: systemClock.now() }),
    leases: () => recorder.record.leases.length,
    open: () => recorder.record.leases.filter(({ end }) => end === undefined).length,
    calls: () => recorder.record.calls,
    parked: () => service.parkedPolls,
    workers: () => workers.size,
    plan: (given) => void (hook = given ? hookOf(given as Plan, systemClock) : undefined),
    feed: (given) => feeder.begin(given as Feed),
    fed: () => feeder.fed(),
  };
  const answer = async ({ question, given }: Question): Promise<void> => {
    process.send?.({ answer: await answers[question]?.(given) });
  };
  process.on('message', (asked: Question) => void answer(asked));
  process.on('disconnect', () => process.exit(0));
  process.send?.({ answer: { url: service.url, machineArn, crowdArn } });
}

/** A worker may give each of its polls a name of its own that begins with the worker's. */
function workerOf(body: unknown): string {
  const { workerName = '' } = (body ?? {}) as { workerName?: string };
  return workerName.replace(/-\d+$/, '');
}

await serve(JSON.parse(process.argv[2] ?? '{}') as ServiceSettings);
