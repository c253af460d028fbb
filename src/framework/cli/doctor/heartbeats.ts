import { slowHeartbeat } from '../../check/task-limits.js';
import { showDuration } from '../../base/time/duration.js';
import { showError } from '../../base/show.js';
import { activityTasks } from '../../asl/machine.js';
import type { KeptMachine } from '../../aws/queries/machine-queries.js';
import type { RegionQueries } from '../../aws/queries/region-queries.js';
import type { PlannedHandler } from '../../worker/build/plan.js';
import { type Check, fault, type Finding, ok, unknown, unlessThrottled, warning } from './finding.js';

/** A state machine and its definition. */
interface ReadMachine {
  readonly name: string;
  readonly definition: string;
}

/** The state machines that could be read, and the names of those that could not. */
interface ReadMachines {
  readonly read: readonly ReadMachine[];
  readonly unread: readonly string[];
}

/** The most calls of DescribeStateMachine that run at once. AWS allows 20 calls a second. */
const AT_ONCE = 5;
/** The most state machines that are read, since reading more would take too long. */
const MOST_MACHINES = 500;

/** Reads the state machines of a region. @returns a finding instead if the machines can't be listed */
export async function readDeployedMachines(queries: RegionQueries): Promise<ReadMachines | Finding> {
  const listed = await queries.machines();
  if ('failure' in listed)
    return unknown(
      {
        check: 'heartbeat',
        subject: 'state machines',
        expected: 'HeartbeatSeconds that the heartbeats suit',
      },
      showError(listed.failure.error),
      unlessThrottled(
        listed.failure,
        'allow states:ListStateMachines and states:DescribeStateMachine to whoever runs the doctor; a worker does not need them',
      ),
    );
  const read: ReadMachine[] = [];
  const unread = listed.output.slice(MOST_MACHINES).map(({ name }) => name);
  const readOne = async ({ name, arn }: KeptMachine): Promise<void> => {
    const reply = await queries.definition(arn);
    if ('failure' in reply) unread.push(name);
    else read.push({ name, definition: reply.output });
  };
  for (let from = 0; from < MOST_MACHINES; from += AT_ONCE)
    await Promise.all(listed.output.slice(from, from + AT_ONCE).map(readOne));
  return { read, unread };
}

interface CallingState {
  readonly machine: string;
  readonly state: string;
  readonly heartbeatSeconds?: number;
  readonly timeoutSeconds?: number;
}

/**
 * Checks that each handler sends at least two heartbeats within the shortest HeartbeatSeconds of the states that use
 * its activity, so that one heartbeat may be lost.
 * @param arnOf returns the ARN of a handler's activity; undefined if it isn't known
 */
export function checkHeartbeats(
  handlers: readonly PlannedHandler[],
  { read, unread }: ReadMachines,
  arnOf: (handler: PlannedHandler) => string | undefined,
): Finding[] {
  const states = new Map<string, CallingState[]>();
  const strange: string[] = [];
  for (const { name, definition } of read) {
    try {
      for (const { activityArn, ...task } of activityTasks(definition))
        states.set(activityArn, [...(states.get(activityArn) ?? []), { machine: name, ...task }]);
    } catch {
      strange.push(name);
    }
  }
  const left = [...unread, ...strange];
  return [
    ...handlers.flatMap((handler) => {
      const arn = arnOf(handler);
      return arn === undefined ? [] : checkHandler(handler, states.get(arn) ?? [], left.length > 0);
    }),
    ...(left.length > 0 ? [leftOut(left)] : []),
  ];
}

function checkHandler(
  { definition: { name }, options: { heartbeatMs } }: PlannedHandler,
  states: readonly CallingState[],
  someUnread: boolean,
): Finding[] {
  const seconds = Math.min(...states.flatMap(({ heartbeatSeconds }) => heartbeatSeconds ?? []));
  const check: Check = {
    check: 'heartbeat',
    subject: name,
    expected: 'two heartbeats within HeartbeatSeconds',
  };
  if (states.length === 0) {
    if (someUnread) return [];
    return [warning(check, 'no state machine there has a state on its activity', NOBODY_CALLS)];
  }
  const bare = states.filter(
    (each) => each.heartbeatSeconds === undefined && each.timeoutSeconds === undefined,
  );
  const beats = heartbeatMs === false ? 'no heartbeat' : `one each ${showDuration(heartbeatMs)}`;
  const slow = Number.isFinite(seconds) ? slowHeartbeat({ name, heartbeatMs }, seconds) : undefined;
  const where = places(states.filter((each) => each.heartbeatSeconds === seconds));
  return [
    ...(slow
      ? [fault(check, `${beats}, and HeartbeatSeconds ${seconds} in ${where}: ${slow.effect}`, slow.fix)]
      : []),
    ...(bare.length > 0
      ? [warning(check, `${places(bare)}: neither HeartbeatSeconds nor a timeout`, SET_IT)]
      : []),
    ...(!slow && Number.isFinite(seconds)
      ? [ok(check, `${beats}, and HeartbeatSeconds ${seconds} in ${where}`)]
      : []),
  ];
}

const NOBODY_CALLS =
  'start an execution of a machine with a Task whose Resource is the activity, or remove the handler';
const SET_IT =
  'set HeartbeatSeconds in the state, and a Retry for States.HeartbeatTimeout: nothing else ends a task whose worker has died';

const places = (states: readonly CallingState[]): string =>
  states.map(({ machine, state }) => `${machine}.${state}`).join(', ');

const leftOut = (names: readonly string[]): Finding =>
  unknown(
    { check: 'heartbeat', subject: names.slice(0, 10).join(', '), expected: 'a definition that can be read' },
    `${names.length} state machine(s) could not be read`,
    'allow states:DescribeStateMachine for them, or look at their HeartbeatSeconds yourself',
  );
