import { randomUUID } from 'node:crypto';
import { isActivityArn } from '../values/arn.js';
import { bareText, isObject, type Json } from '../values/json.js';
import { LONGEST_SECONDS, type Reader } from '../definition/reader.js';
import {
  ACTIVITY,
  fixOfResource,
  parseServiceArn,
  type ServiceResource,
} from '../definition/service-resource.js';
import { runTask } from './task-run.js';
import type { ActivityTask, Compile, StateContext, WorkResult } from './state.js';
import { type Expression, soon, type Soon, type StateData } from '../expression.js';
import type { Branch } from '../runtime/branch.js';
import { mocked, type MockedOutcome } from '../runtime/state-test.js';
import type { Flow } from '../definition/query-language.js';

const SECONDS = { min: 1, max: LONGEST_SECONDS };

/**
 * The Task state. For an activity, it schedules a task for a worker and waits for the result. For any other resource,
 * it calls a mock.
 */
export const compileTask: Compile = (reader, context) => {
  const resource = reader.requiredString('Resource');
  const timeout = context.language.integer(reader, 'TimeoutSeconds', SECONDS);
  const heartbeat = context.language.integer(reader, 'HeartbeatSeconds', SECONDS);
  const credentials = readRole(reader, context);
  checkHeartbeat(reader);
  const service = readResource(reader, context, resource) ?? ACTIVITY;
  const run = (branch: Branch, data: StateData, flow: Flow): Soon<WorkResult> => {
    const input = (): Soon<Json> => branch.evaluate((seen) => flow.arguments(seen), data);
    const { stateTest } = branch.execution;
    const read = <T>(field: Expression | undefined, as: (value: Json) => T): Soon<T | undefined> =>
      field && soon(branch.evaluate(field, data), as);
    return soon(read(timeout, Number), (timeoutSeconds) =>
      soon(read(heartbeat, Number), (heartbeatSeconds) =>
        soon(read(credentials, roleIn), (role) => {
          if (stateTest?.mock) return tested(branch, service, input, stateTest.mock);
          return runTask(branch, { resource, service, timeoutSeconds, heartbeatSeconds, role, input });
        }),
      ),
    );
  };
  return (branch, data, flow) =>
    branch.parent ? othersEnter().then(() => run(branch, data, flow)) : run(branch, data, flow);
};

/**
 * Resolves when the branches beside this one, and those inside them, have entered their first states. Recorded from the
 * live service: only then is a Task scheduled.
 */
async function othersEnter(): Promise<void> {
  for (let turns = 4; turns > 0; turns--) await Promise.resolve();
}

/** Evaluates the input of a Task that is tested by itself, and returns the mocked outcome. */
function tested(
  branch: Branch,
  { pattern }: ServiceResource,
  input: () => Soon<Json>,
  outcome: MockedOutcome,
): Soon<WorkResult> {
  if (pattern !== 'requestResponse') branch.visit.taskToken = randomUUID();
  return soon(input(), () => ({ result: mocked(outcome) }));
}

/** Reads the resource of a Task, and adds the Task to those of the machine. Undefined if nothing can run it. */
function readResource(reader: Reader, context: StateContext, resource: string): ServiceResource | undefined {
  if (isActivityArn(resource)) {
    context.tasks.push({ state: context.name, resource, activity: describe(reader, context, resource) });
    return ACTIVITY;
  }
  context.tasks.push({ state: context.name, resource });
  const service = parseServiceArn(resource);
  if (service) checkFunctionName(reader, context, service);
  else
    reader.problem(unknownResource(resource), 'Resource', fixOfResource(resource) ?? fixResource(resource));
  return service;
}

/**
 * Adds a problem if a call of `lambda:invoke` names no function. The parameters of other calls aren't checked. A state
 * whose Arguments are an expression may name one.
 */
function checkFunctionName(reader: Reader, { language }: StateContext, { details }: ServiceResource): void {
  if (details?.resourceType !== 'lambda') return;
  const field = language.name === 'JSONata' ? 'Arguments' : 'Parameters';
  const given = reader.source[field] ?? {};
  if (!isObject(given) || 'FunctionName' in given || 'FunctionName.$' in given) return;
  const fix = `write "${field}": { "FunctionName": "…" }`;
  reader.problem("The field 'FunctionName' is required but was missing", field, fix);
}

/**
 * Returns the proposed fix for a Resource that isn't valid: to write the whole ARN of an activity. A definition needs
 * the whole ARN, although the decorator `@Activity` accepts a bare name.
 */
function fixResource(resource: string): string {
  const name = resource.split(':').at(-1) || 'NAME';
  return `write the whole ARN of an activity, as in arn:aws:states:us-east-1:123456789012:activity:${name}`;
}

/** Returns the message for a Resource that Step Functions doesn't know. Recorded from the live service. */
function unknownResource(resource: string): string {
  return `The resource provided ${resource} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.`;
}

/**
 * Compiles the field Credentials. Its role is shown in the history but has no other effect, since the local service
 * doesn't check permissions.
 */
function readRole(reader: Reader, { language }: StateContext): Expression | undefined {
  const { Credentials: source } = reader.source;
  const isExpression = typeof source === 'string' && source.startsWith('{%');
  const credentials = isExpression ? undefined : reader.object('Credentials');
  // Recorded from the live service: if the role is missing, nothing else is said of the object.
  if (credentials && !credentials.has('RoleArn') && !credentials.has('RoleArn.$'))
    reader.problem("The field 'RoleArn' is required but was missing", 'Credentials');
  else {
    for (const field of ['RoleArn', 'RoleArn.$']) credentials?.string(field);
    credentials?.finish();
  }
  return language.template(reader, 'Credentials');
}

const roleIn = (credentials: Json): string | undefined =>
  isObject(credentials) ? bareText(credentials['RoleArn'] ?? null) : undefined;

/**
 * Adds a problem if HeartbeatSeconds isn't smaller than TimeoutSeconds. This is only checked if both are numbers in the
 * definition. It isn't known what the live service does if they are evaluated at run time.
 */
function checkHeartbeat(reader: Reader): void {
  const { HeartbeatSeconds: heartbeat, TimeoutSeconds: timeout } = reader.source;
  if (typeof heartbeat !== 'number' || typeof timeout !== 'number' || heartbeat < timeout) return;
  const fix = "lower 'HeartbeatSeconds', or raise 'TimeoutSeconds'";
  reader.problem("'HeartbeatSeconds' must be smaller than 'TimeoutSeconds'", 'HeartbeatSeconds', fix);
}

function describe(reader: Reader, { name }: StateContext, activityArn: string): ActivityTask {
  const { HeartbeatSeconds: heartbeat, TimeoutSeconds: timeout } = reader.source;
  return {
    state: name,
    activityArn,
    ...(typeof heartbeat === 'number' && { heartbeatSeconds: heartbeat }),
    ...(typeof timeout === 'number' && { timeoutSeconds: timeout }),
  };
}
