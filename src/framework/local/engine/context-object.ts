import { isoTime } from '../../asl/runtime/state-visit.js';
import type { Json, JsonObject } from '../../asl/values/json.js';
import type { Machine } from './machines/machine.js';

/** The facts about an execution that are in its context object. Times are epoch milliseconds. */
interface ContextFacts {
  readonly arn: string;
  readonly name: string;
  readonly machine: Pick<Machine, 'arn' | 'name' | 'type'> & { readonly roleArn: string | null };
  readonly startedAt: number;
  readonly startedBy: { readonly isAwaited?: boolean };
  readonly redrives?: { readonly count: number; readonly at: number | undefined };
}

/**
 * Returns the context object (`$$`) of an execution. Recorded from the live service: its fields have another order in an
 * EXPRESS execution, and there is no RedriveCount in one that is awaited.
 */
export function contextOf(
  { arn, name, machine, startedAt, startedBy, redrives }: ContextFacts,
  Input: Json,
): JsonObject {
  const { count = 0, at } = redrives ?? {};
  const [StartTime, RoleArn] = [isoTime(startedAt), machine.roleArn];
  const named =
    machine.type === 'EXPRESS' ? { Name: name, RoleArn, StartTime } : { StartTime, Name: name, RoleArn };
  return {
    Execution: {
      Id: arn,
      Input,
      ...named,
      ...(startedBy.isAwaited !== true && { RedriveCount: count }),
      ...(at !== undefined && { RedriveTime: isoTime(at) }),
    },
    StateMachine: { Id: machine.arn, Name: machine.name },
  };
}
