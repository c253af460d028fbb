import type { StepFunctions } from '../../engine/step-functions.js';
import type { ExecutionStatus, MachineList } from '../api.js';

/** Returns the machines, each with the number of its executions in each status. */
export function machineList({ machines, executions, activities }: StepFunctions): MachineList {
  const counts = new Map<string, Partial<Record<ExecutionStatus, number>>>();
  for (const { machine, status } of executions.startedAfter(0)) {
    let own = counts.get(machine.arn);
    if (!own) counts.set(machine.arn, (own = {}));
    own[status] = (own[status] ?? 0) + 1;
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
    })),
  };
}
