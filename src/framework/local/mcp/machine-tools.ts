import { show } from '../../base/show.js';
import { type ExecutionFilter, executionsLike } from '../console/queries.js';
import { activityList } from '../console/topics/activities.js';
import { machineList } from '../console/topics/machines.js';
import { workerList, type WorkerSource } from '../console/topics/workers.js';
import type { Execution } from '../engine/execution.js';
import type { StepFunctions } from '../engine/step-functions.js';
import { DOCUMENT, excerpt, FROM, SAME_CALL, tool, type Tool, ToolError } from './tool.js';
import { findMachine } from './find.js';
import { DEFINITION, missingActivities, ROLE, warningsIn } from './definition-tools.js';

interface Created {
  readonly stateMachineArn: string;
}

export const machineTools: readonly Tool[] = [
  tool(
    'list',
    'Lists what the local Step Functions has, one JSON object a line: state machines with counts of their executions; activities with their open polls and queued tasks; workers with what they do; or executions, the latest first, by any of their filters.',
    {
      what: {
        type: 'string',
        enum: ['machines', 'activities', 'workers', 'executions'] as const,
        description: 'What to list',
        required: true,
      },
      machine: { type: 'string', description: 'Executions of this state machine (name or ARN) only' },
      status: {
        type: 'string',
        enum: ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const,
        description: 'Executions with this status only',
      },
      error: { type: 'string', description: 'Part of the name or the cause of the error of executions' },
      input: { type: 'string', description: 'Part of the input of executions, as JSON text' },
      since: { type: 'string', description: 'Earliest start of executions. ISO 8601' },
      until: { type: 'string', description: 'Latest start of executions. ISO 8601' },
      from: FROM,
    },
    async ({ what, from, ...filter }, { stepFunctions, workers }) => {
      const given = Object.entries(filter).filter(([, value]) => value !== undefined);
      if (what !== 'executions' && given.length > 0)
        throw new ToolError(`'${given[0]?.[0]}' is for what: executions`);
      const rows =
        what === 'executions' ? await executions(stepFunctions, filter) : LISTS[what](stepFunctions, workers);
      if (rows.length > 0) return excerpt(linesOf(rows), { from, again: SAME_CALL });
      return what === 'workers' ? noWorkers(stepFunctions) : `There are no such ${what}.`;
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
      excerpt(findMachine(stepFunctions, machine).definition, {
        from,
        again: SAME_CALL,
        most: DOCUMENT,
      }),
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
      const { call, stepFunctions } = parts;
      const isKnown = stepFunctions.machines.all().some((each) => each.name === name || each.arn === name);
      let arn = isKnown ? findMachine(stepFunctions, name).arn : undefined;
      if (arn !== undefined) await call('UpdateStateMachine', { stateMachineArn: arn, definition });
      else
        arn = (await call<Created>('CreateStateMachine', { name, definition, roleArn: ROLE }))
          .stateMachineArn;
      return excerpt([
        `${isKnown ? 'Replaced the definition of' : 'Created'} ${arn}`,
        ...missingActivities(stepFunctions.machines.get(arn).program.tasks, stepFunctions),
        ...(await warningsIn(definition, parts)),
      ]);
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
    activityList(stepFunctions).activities.map(({ arn, polls, pollers, queued, leased }) => ({
      activity: arn,
      polls,
      queued,
      leased,
      ...(pollers.length > 0 && { polledBy: pollers.map(({ name }) => name ?? 'a worker without a name') }),
    })),
  workers: (_: StepFunctions, source: WorkerSource): readonly object[] => workerList(source).workers,
};

/** Says which workers poll although the service knows nothing more of them: those in other processes or languages. */
function noWorkers(stepFunctions: StepFunctions): string {
  const polls = activityList(stepFunctions).activities.flatMap(({ name: activity, pollers }) =>
    pollers.map(({ name, polls: open }) => `${name ?? 'a worker without a name'} (${activity}: ${open})`),
  );
  const found = polls.length === 0 ? 'No worker polls' : `Polls are open of ${polls.join(', ')}`;
  return excerpt(
    `${found}. Only workers that \`start\` or \`dev\` runs, or that \`--workers\` names, tell more.`,
  );
}

interface Filter extends Pick<ExecutionFilter, 'machine' | 'error' | 'input'> {
  readonly status: string | undefined;
  readonly since: string | undefined;
  readonly until: string | undefined;
}

async function executions(
  stepFunctions: StepFunctions,
  { machine, since, until, ...filter }: Filter,
): Promise<object[]> {
  const [earliest, latest] = [timeOf('since', since), timeOf('until', until)];
  const wanted = {
    ...Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)),
    ...(machine !== undefined && { machine: findMachine(stepFunctions, machine).arn }),
    ...(earliest !== undefined && { since: String(earliest) }),
  };
  const { found } = await executionsLike(wanted, stepFunctions.executions);
  return found.filter(({ startedAt }) => latest === undefined || startedAt <= latest).map(row);
}

/** @throws ToolError if the text is no time */
function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new ToolError(`'${name}' is a time such as 2026-01-31T12:00:00Z: got ${show(text)}`);
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
