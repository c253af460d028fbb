import { systemClock } from '../../../src/framework/clock.js';
import { startLocalService } from '../../../src/framework/local/index.js';
import { faultPlan } from './fault-plan.js';
import { record } from '../measure/wire.js';

/** What the process is started with, as JSON in its only argument. */
export interface ServiceSettings {
  readonly activityArn: string;
  /** Fields of the machine's one state, beside its type and resource. */
  readonly state: object;
  readonly pollHoldMs?: number;
  readonly closedPollWindowMs?: number;
  readonly keptExecutions?: number;
  /** Unset: nothing goes wrong. */
  readonly faultSeed?: number;
}

/** A local service in a process of its own. It says where it is, gives its record when asked, and ends with its parent. */
async function serve({ activityArn, state, faultSeed, ...options }: ServiceSettings): Promise<void> {
  const plan = faultSeed === undefined ? undefined : faultPlan(faultSeed);
  const recorder = record(() => systemClock.now(), plan);
  const service = await startLocalService({ port: 0, ...options, fault: recorder.hook });
  service.seedActivity(activityArn);
  const States = { Work: { Type: 'Task', Resource: activityArn, End: true, ...state } };
  const machineArn = service.seedMachine({
    name: 'Bench',
    definition: JSON.stringify({ StartAt: 'Work', States }),
  });
  const answers: Record<string, () => unknown> = {
    record: () => ({ record: recorder.record, now: systemClock.now() }),
    leases: () => recorder.record.leases.length,
  };
  process.on('message', (question: string) => process.send?.({ answer: answers[question]?.() }));
  process.on('disconnect', () => process.exit(0));
  process.send?.({ answer: { url: service.url, machineArn } });
}

await serve(JSON.parse(process.argv[2] ?? '{}') as ServiceSettings);
