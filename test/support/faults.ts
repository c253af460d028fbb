import type { Fault, FaultCall, FaultHook } from 'stepwright/local';

/** A hook whose faults a test sets as it goes, by operation. */
export interface FaultPlan {
  readonly hook: FaultHook;
  /** Every call that the service saw, in order. */
  readonly calls: FaultCall[];
  /** Makes the next calls of an operation fail, one fault each. */
  once(operation: string, ...faults: Fault[]): void;
  /** Makes all calls of an operation fail from now on; undefined ends that. */
  always(operation: string, fault: Fault | undefined): void;
  count(operation: string): number;
  /** Forgets all faults and calls. */
  clear(): void;
}

export function faultPlan(): FaultPlan {
  const queues = new Map<string, Fault[]>();
  const standing = new Map<string, Fault>();
  const calls: FaultCall[] = [];
  return {
    calls,
    hook: (call) => {
      calls.push(call);
      return queues.get(call.operation)?.shift() ?? standing.get(call.operation);
    },
    once: (operation, ...faults) => void queues.set(operation, [...(queues.get(operation) ?? []), ...faults]),
    always: (operation, fault) => void (fault ? standing.set(operation, fault) : standing.delete(operation)),
    count: (operation) => calls.filter((call) => call.operation === operation).length,
    clear: () => {
      queues.clear();
      standing.clear();
      calls.length = 0;
    },
  };
}
