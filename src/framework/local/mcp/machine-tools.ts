import { homeRegion } from '../console/queries.js';
import { activityList } from '../console/topics/activities.js';
import { machineList } from '../console/topics/machines.js';
import type { Execution } from '../engine/execution.js';
import type { Machine } from '../engine/machines/machines.js';
import type { StepFunctions } from '../engine/step-functions.js';
import { excerpt, FROM, tool, type Tool, type ToolCall, ToolError } from './tool.js';
import { findMachine } from './find.js';
import { DEFINITION, ROLE, warningsIn } from './definition-tools.js';

export const machineTools: readonly Tool[] = [
  tool(
    'list',
    'Lists what the local Step Functions has, one JSON object a line: state machines with counts of their executions; activities with their open polls and queued tasks; or executions, the latest first.',
    {
      what: {
        type: 'string',
        enum: ['machines', 'activities', 'executions'] as const,
        description: 'What to list',
        required: true,
      },
      machine: { type: 'string', description: 'Executions of this state machine (name or ARN) only' },
      status: {
        type: 'string',
        enum: ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const,
        description: 'Executions with this status only',
      },
      from: FROM,
    },
    ({ what, machine, status, from }, { stepFunctions }) => {
      if (what !== 'executions' && (machine ?? status) !== undefined)
        throw new ToolError("'machine' and 'status' are for what: executions");
      const rows =
        what === 'executions' ? executions(stepFunctions, machine, status) : LISTS[what](stepFunctions);
      if (rows.length === 0) return `There are no such ${what}.`;
      return excerpt(linesOf(rows), from, 'the same call');
    },
    'reads',
  ),
  tool(
    'read_machine',
    'Returns the definition of a state machine.',
    {
      machine: { type: 'string', description: 'Name or ARN of a state machine', required: true },
      from: FROM,
    },
    ({ machine, from }, { stepFunctions }) =>
      excerpt(findMachine(stepFunctions, machine).definition, from, 'the same call'),
    'reads',
  ),
  tool(
    'save_machine',
    'Creates a state machine or, if one has this name, replaces its definition; running executions keep the old one. If the definition has mistakes, nothing is changed and all of them are returned. The machine lasts as long as the local service: write it to a file of the project to keep it.',
    {
      name: { type: 'string', description: 'Name of the state machine', required: true },
      definition: { description: DEFINITION, required: true },
    },
    async ({ name, definition }, parts) => {
      const isKnown = parts.stepFunctions.machines
        .all()
        .some((each) => each.name === name || each.arn === name);
      const existing = isKnown && findMachine(parts.stepFunctions, name);
      const arn = existing
        ? await update(existing, definition, parts)
        : await create(name, definition, parts);
      const verb = existing ? 'Replaced the definition of' : 'Created';
      return [
        `${verb} ${arn}`,
        ...missing(arn, parts.stepFunctions),
        ...(await warningsIn(definition, parts)),
      ].join('\n');
    },
  ),
  tool(
    'create_activity',
    'Creates an activity, so that executions can schedule its tasks. Does nothing if it exists.',
    { name: { type: 'string', description: 'Name of the activity', required: true } },
    async ({ name }, { call }) => {
      const { activityArn } = await call<{ readonly activityArn: string }>('CreateActivity', { name });
      return `${activityArn}\nIt is the Resource of a Task state. Its tasks wait for a worker, or for take_task.`;
    },
  ),
];

const LISTS = {
  machines: (stepFunctions: StepFunctions): object[] =>
    machineList(stepFunctions).machines.map(({ arn, counts }) => ({ machine: arn, executions: counts })),
  activities: (stepFunctions: StepFunctions): object[] =>
    activityList(stepFunctions).activities.map(({ arn, polls, queued, leased }) => ({
      ...{ activity: arn, polls, queued, leased },
    })),
};

function executions(
  stepFunctions: StepFunctions,
  machine: string | undefined,
  status: string | undefined,
): object[] {
  const arn = machine === undefined ? undefined : findMachine(stepFunctions, machine).arn;
  return [...stepFunctions.executions.startedAfter(0, arn)]
    .filter((each) => status === undefined || each.status === status)
    .toSorted((a, b) => b.order - a.order)
    .map(row);
}

function* linesOf(rows: readonly object[]): Generator<string, void, undefined> {
  for (const each of rows) yield JSON.stringify(each);
}

const row = ({ arn, status, startedAt, end }: Execution): object => ({
  execution: arn,
  status,
  started: new Date(startedAt).toISOString(),
  ...(end && { ended: new Date(end.at).toISOString() }),
  ...(end?.error !== undefined && { error: end.error }),
});

async function create(name: string, definition: string, { call }: ToolCall): Promise<string> {
  const body = { name, definition, roleArn: ROLE };
  return (await call<{ readonly stateMachineArn: string }>('CreateStateMachine', body)).stateMachineArn;
}

async function update({ arn }: Machine, definition: string, { call }: ToolCall): Promise<string> {
  await call('UpdateStateMachine', { stateMachineArn: arn, definition });
  return arn;
}

/** Returns a line for each activity of a machine that doesn't exist. */
function missing(arn: string, stepFunctions: StepFunctions): string[] {
  const { activities = [] } = machineList(stepFunctions).machines.find((each) => each.arn === arn) ?? {};
  return activities
    .filter(({ exists }) => !exists)
    .map(
      (each) =>
        `warning: the activity ${each.arn} does not exist: create_activity creates one in ${homeRegion(stepFunctions)}`,
    );
}
