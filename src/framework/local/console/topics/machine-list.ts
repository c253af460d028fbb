import type { ExecutionStatus } from '../../engine/execution.js';
import type { State } from '../../api/operation.js';

type Counts = Partial<Record<ExecutionStatus, number>>;

/** The machines there are, each with how many of its executions stand how. */
export function machineList({ machines, executions, activities }: State): object {
  const counts = new Map<string, Counts>();
  for (const { machine, status } of executions.startedAfter(0)) {
    let own = counts.get(machine.arn);
    if (!own) counts.set(machine.arn, (own = {}));
    own[status] = (own[status] ?? 0) + 1;
  }
  return {
    machines: machines.all().map(({ arn, name, createdAt, deleting, program }) => ({
      arn,
      name,
      createdAt,
      deleting,
      activities: [...new Set(program.tasks.flatMap(({ activity }) => activity?.activityArn ?? []))].map(
        (each) => ({ arn: each, exists: activities.has(each) }),
      ),
      counts: counts.get(arn) ?? {},
    })),
  };
}
