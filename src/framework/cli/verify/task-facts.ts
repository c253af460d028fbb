import type { RawCalls } from '../../aws/queries/raw-calls.js';
import { CAUSE_LIMIT, ERROR_LIMIT, PAYLOAD_LIMIT_BYTES as MOST } from '../../base/size.js';
import {
  type Answer,
  detailsOf,
  fact,
  type Facts,
  MARK,
  showEvents,
  showMark,
  type VerifyRun,
} from './verify-run.js';

/** A text that looks like a token, which the service has not issued. */
const MADE_UP = 'AAAAKgAAAAIAAAAAstepwright-verify-made-this-up';
const REPORTS = ['SendTaskHeartbeat', 'SendTaskSuccess', 'SendTaskFailure'] as const;
const UNKNOWN = "400 InvalidToken: Invalid Token: 'Invalid token'";
const EMPTY = "400 ValidationException at 'taskToken': Member must have length greater than or equal to 1";
const INVALID_OUTPUT = "400 InvalidOutput: Invalid Output: 'not-json' is not valid JSON.";

/** Sends each report with a token. */
async function* reports(
  run: VerifyRun,
  taskToken: string,
  which: string,
  expected = "400 TaskTimedOut: Task Timed Out: '<activity>'",
  calls?: RawCalls,
): Facts {
  for (const operation of REPORTS) {
    const input = { taskToken, ...(operation === 'SendTaskSuccess' && { output: '{}' }) };
    yield fact(`${operation}, ${which}`, expected, (await run.call(operation, input, calls)).said);
  }
}

const TAKEN = 'ExecutionStarted TaskStateEntered←0 ActivityScheduled ActivityStarted';
const LONGEST = { error: 'E'.repeat(ERROR_LIMIT), cause: 'c'.repeat(CAUSE_LIMIT) };
const CAUGHT = {
  task: { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }], Next: 'Caught' },
  states: { Caught: { Type: 'Pass', End: true } },
};

/** Each way in which a task ends, and the events of its execution. */
const ENDS: readonly {
  readonly which: string;
  readonly task?: object;
  readonly states?: object;
  readonly end: (run: VerifyRun, token: string, executionArn: string) => Promise<unknown>;
  readonly events: string;
  /** Details of an event. */
  readonly details?: readonly [type: string, expected: string];
}[] = [
  {
    which: 'task that timed out',
    task: { ...CAUGHT.task, TimeoutSeconds: 1 },
    states: CAUGHT.states,
    end: (run) => run.wait(3),
    events: `${TAKEN} ActivityTimedOut TaskStateExited PassStateEntered PassStateExited ExecutionSucceeded`,
    details: ['PassStateEntered', '{"Error":"States.Timeout","Cause":""}'],
  },
  {
    which: 'task whose heartbeat was late',
    task: { HeartbeatSeconds: 2 },
    end: (run) => run.wait(4),
    events: `${TAKEN} ActivityTimedOut ExecutionFailed`,
    details: ['ActivityTimedOut', '{"error":"States.Timeout"}'],
  },
  {
    which: 'task whose execution was stopped',
    end: (run, _, executionArn) => run.must('StopExecution', { executionArn }),
    events: `${TAKEN} ExecutionAborted←0`,
  },
  {
    which: 'task that succeeded',
    end: (run, token) => run.succeed(token),
    events: `${TAKEN} ActivitySucceeded TaskStateExited ExecutionSucceeded`,
  },
  {
    which: `task that failed with an error of ${ERROR_LIMIT} and a cause of ${CAUSE_LIMIT} characters`,
    end: (run, taskToken) => run.must('SendTaskFailure', { taskToken, ...LONGEST }),
    events: `${TAKEN} ActivityFailed ExecutionFailed`,
  },
  {
    which: 'task that failed without error and cause',
    end: (run, taskToken) => run.must('SendTaskFailure', { taskToken }),
    events: `${TAKEN} ActivityFailed ExecutionFailed`,
    details: ['ActivityFailed', '{}'],
  },
];

export const ends = ENDS.map(({ which, task, states, end, events, details }) => {
  return async function* (run: VerifyRun): Facts {
    const { token, executionArn } = await run.task(task, states);
    await end(run, token, executionArn);
    yield* reports(run, token, which);
    const history = await run.history(executionArn);
    yield fact(`events of a ${which}`, events, showEvents(history));
    if (!details) return;
    const [type, expected] = details;
    yield fact(`${type} of a ${which}`, expected, detailsOf(history, type));
  };
});

export async function* heartbeats(run: VerifyRun): Facts {
  const activityArn = await run.activity();
  await run.startTask(activityArn, { TimeoutSeconds: 30, HeartbeatSeconds: 29 });
  await run.wait(34);
  const { token } = await run.poll(activityArn);
  const { said } = await run.call('SendTaskHeartbeat', { taskToken: token });
  yield fact('a heartbeat in time, of a task that waited for longer than its TimeoutSeconds', '200', said);
}

export async function* outputs(run: VerifyRun): Facts {
  const { token, input } = await run.task({}, {}, '{ "a" : [ 1 ] }');
  yield fact('the input of a task', '{"a":[1]}', input);
  const refused = await run.succeed(token, 'not-json');
  yield fact('an output that is no JSON', INVALID_OUTPUT, refused.said);
  const taken = await run.succeed(token);
  yield fact('a success after that', `{}, ${MARK}`, `${taken.text}, ${showMark(taken)}`);
  const late = await run.succeed(token, 'not-json');
  yield fact('an output that is no JSON, of a task that succeeded', INVALID_OUTPUT, late.said);
}

export async function* tokens(run: VerifyRun): Facts {
  yield* reports(run, MADE_UP, 'token of no task', UNKNOWN);
  const empty = await run.call('SendTaskHeartbeat', { taskToken: '' });
  yield fact('an empty token', EMPTY, constraint(empty));
  const which = "token of another region's task";
  const { elsewhere } = run.options;
  if (elsewhere) yield* reports(run, (await run.task()).token, which, UNKNOWN, elsewhere);
  else
    for (const each of REPORTS)
      yield fact(`${each}, ${which}`, UNKNOWN, undefined, 'there is no --second-region');
}

const tooLong = (field: string, most: number): string =>
  `400 ValidationException at '${field}': Member must have length less than or equal to ${most}`;

/** Shows the field and the constraint of a ValidationException, without the value that it quotes. */
function constraint({ said }: Answer): string {
  const [, field, text] = /at '(\w+)' failed to satisfy constraint: (.*)$/s.exec(said) ?? [];
  return field ? `${said.split(':')[0]} at '${field}': ${text}` : said;
}

/** A JSON text of so many bytes. */
const jsonOf = (bytes: number): string => JSON.stringify('x'.repeat(bytes - 2));

export async function* sizes(run: VerifyRun): Facts {
  const { token, input } = await run.task({}, {}, jsonOf(MOST));
  yield fact(`an input of ${MOST} bytes`, `${MOST} bytes`, `${Buffer.byteLength(input)} bytes`);
  const above = await run.succeed(token, jsonOf(MOST + 1));
  yield fact(`an output of ${MOST + 1} bytes`, tooLong('output', MOST), constraint(above));
  const wide = await run.succeed(token, JSON.stringify('é'.repeat(MOST / 2)));
  yield fact(`${MOST + 2} bytes in ${MOST / 2 + 2} characters`, tooLong('output', MOST), constraint(wide));
  const fail = (report: object): Promise<Answer> =>
    run.call('SendTaskFailure', { taskToken: token, ...report });
  const error = await fail({ error: `${LONGEST.error}E` });
  yield fact(`an error of ${ERROR_LIMIT + 1} characters`, tooLong('error', ERROR_LIMIT), constraint(error));
  const cause = await fail({ cause: `${LONGEST.cause}c` });
  yield fact(`a cause of ${CAUSE_LIMIT + 1} characters`, tooLong('cause', CAUSE_LIMIT), constraint(cause));
  yield fact(`an output of ${MOST} bytes`, '200', (await run.succeed(token, jsonOf(MOST))).said);
}

export async function* parallel(run: VerifyRun): Facts {
  const activities = [await run.activity(), await run.activity()];
  const Branches = activities.map((Resource, n) => ({
    StartAt: `Task${n}`,
    States: { [`Task${n}`]: { Type: 'Task', Resource, End: true } },
  }));
  const executionArn = await run.start(
    await run.machine({ Both: { Type: 'Parallel', Branches, End: true } }),
  );
  const [first, second] = await Promise.all(activities.map((arn) => run.poll(arn)));
  await run.must('SendTaskFailure', { taskToken: first?.token, error: 'Declined' });
  const types = (await run.history(executionArn)).map(({ type }) => type);
  yield fact(
    'events after a branch of a Parallel fails',
    'ActivityFailed TaskStateAborted TaskStateAborted ParallelStateFailed ExecutionFailed',
    types.slice(types.indexOf('ActivityFailed')).join(' '),
  );
  await run.wait(2);
  yield* reports(run, second?.token ?? '', 'task whose sibling branch failed');
}
