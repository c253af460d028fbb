import type { StepFunctions } from '../../engine/step-functions.js';
import type { Execution } from '../../engine/execution.js';
import type { ExecutionStatus, MachineList, MachineRow } from '../api.js';

/** Returns the machines, each with its latest execution and the number of its executions in each status. */
export function machineList({ machines, executions, activities }: StepFunctions): MachineList {
  const counts = new Map<string, Partial<Record<ExecutionStatus, number>>>();
  const latest = new Map<string, Execution>();
  for (const each of executions.startedAfter(0)) {
    const { machine, status, order } = each;
    let own = counts.get(machine.arn);
    if (!own) counts.set(machine.arn, (own = {}));
    own[status] = (own[status] ?? 0) + 1;
    if (order > (latest.get(machine.arn)?.order ?? -1)) latest.set(machine.arn, each);
  }
  return {
    machines: machines.all().map(({ arn, name, createdAt, revision, lifecycle: { deleting }, program }) => ({
      arn,
      name,
      createdAt,
      revision,
      deleting,
      activities: [...new Set(program.tasks.flatMap(({ activity }) => activity?.activityArn ?? []))].map(
        (each) => ({ arn: each, exists: activities.has(each) }),
      ),
      counts: counts.get(arn) ?? {},
      ...lastRun(latest.get(arn)),
    })),
  };
}

function lastRun(execution: Execution | undefined): Pick<MachineRow, 'last'> {
  if (!execution) return {};
  const { name, status, startedAt, end } = execution;
  return { last: { name, status, startedAt, endedAt: end?.at ?? null } };
}
