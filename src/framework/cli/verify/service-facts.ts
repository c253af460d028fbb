import {
  type Answer,
  detailsOf,
  type Fact,
  fact,
  type Facts,
  MARK,
  showEvents,
  showMark,
  type VerifyRun,
} from './verify-run.js';

export async function* emptyPoll(run: VerifyRun): Facts {
  const activityArn = await run.activity();
  const { clock } = run.options;
  const begun = clock.now();
  const { text } = await run.call('GetActivityTask', { activityArn });
  const seconds = (clock.now() - begun) / 1_000;
  const shown = seconds > 59 && seconds < 70 ? 'about 60 s' : `${seconds.toFixed(1)} s`;
  yield fact('a poll without a task', 'about 60 s, {}', `${shown}, ${text}`);
}

export async function* refusedPolls(run: VerifyRun): Facts {
  const activityArn = await run.activity();
  const missing = await run.call('GetActivityTask', { activityArn: `${activityArn}-none` });
  const none = "400 ActivityDoesNotExist: Activity Does Not Exist: '<activity>'";
  yield fact('a poll of an activity that does not exist', none, missing.said);
  yield fact('the headers of an error', MARK, showMark(missing));
  const model = 'com.amazonaws.swf.service.v2.model#ActivityDoesNotExist';
  yield fact('the name of an error in its body', model, String(missing.body['__type']));
  const long = await run.call('GetActivityTask', { activityArn, workerName: 'x'.repeat(81) });
  const validation = 'com.amazon.coral.validate#ValidationException';
  yield fact("a worker's name of 81 characters", validation, String(long.body['__type']));
}

export async function* order(run: VerifyRun): Facts {
  const activityArn = await run.activity();
  const machine = await run.machine({ Task: { Type: 'Task', Resource: activityArn, End: true } });
  for (const input of ['1', '2', '3']) {
    await run.start(machine, input);
    await run.wait(1);
  }
  const inputs: string[] = [];
  for (let n = 0; n < 3; n++) inputs.push((await run.poll(activityArn)).input);
  yield fact('the order in which tasks of an activity are given out', '1 2 3', inputs.join(' '));
}

/** Shows if the answers to a call and to its repetition are equal. */
const repeated = (name: string, first: Answer, again: Answer): Fact =>
  fact(`${name} again`, 'the same answer', again.text === first.text ? 'the same answer' : again.said);

export async function* repeats(run: VerifyRun): Facts {
  const activityArn = await run.activity();
  const create = { name: activityArn.split(':').at(-1) };
  const created = await run.must('CreateActivity', create);
  yield fact('a point in time', 'number', typeof created.body['creationDate']);
  yield repeated('CreateActivity', created, await run.must('CreateActivity', create));
  const stateMachineArn = await run.machine({ Task: { Type: 'Task', Resource: activityArn, End: true } });
  const start = { stateMachineArn, name: 'twice', input: '{}' };
  run.transitions += 2;
  const started = await run.must('StartExecution', start);
  yield repeated('StartExecution', started, await run.call('StartExecution', start));
  const stop = { executionArn: started.body['executionArn'] };
  yield repeated(
    'StopExecution',
    await run.must('StopExecution', stop),
    await run.call('StopExecution', stop),
  );
  const exists = "400 ExecutionAlreadyExists: Execution Already Exists: '<execution>'";
  yield fact('a name of an execution that has ended', exists, (await run.call('StartExecution', start)).said);
  const removed = await run.must('DeleteActivity', { activityArn });
  yield repeated('DeleteActivity', removed, await run.call('DeleteActivity', { activityArn }));
}

const FAILED = 'An error occurred while executing the state';

export async function* noActivity(run: VerifyRun): Facts {
  const executionArn = await run.startTask(`${await run.activity()}-none`, {});
  const events = await run.history(executionArn);
  const name = 'a task whose activity does not exist';
  yield fact(`events of ${name}`, 'ExecutionStarted TaskStateEntered←0 ExecutionFailed', showEvents(events));
  const cause = `${FAILED} 'Task' (entered at the event id #2). The activity <activity> does not exist.`;
  yield fact(`the cause of ${name}`, `States.Runtime: ${cause}`, detailsOf(events, 'ExecutionFailed'));
}

const EVALUATION = `States.QueryEvaluationError: ${FAILED} 'JSONata' (entered at the event id #2). The JSONata expression`;
/** Expressions of JSONata with their values, or the errors with which their executions fail. */
const EXPRESSIONS: readonly (readonly [expression: string, expected: string])[] = [
  ['$random(42)', '0.7275636800328681'],
  ['$partition([1, 2, 3], 2)', '[[1,2],[3]]'],
  ['$range(1, 10, 4)', '[1,5,9]'],
  ['$hash("a", "MD5")', '"0cc175b9c0f1b6a831c399e269772661"'],
  ['$parse("{\\"b\\":1,\\"a\\":2}")', '{"b":1,"a":2}'],
  ['$length($uuid())', '36'],
  ['$exists($states.input.none)', 'false'],
  ['$states.context.State.Name', '"JSONata"'],
  ['$states.input.none', `${EVALUATION} '%' specified for the field 'Output' returned nothing (undefined).`],
  [
    '$hash(42, "MD5")',
    `${EVALUATION} '%' specified for the field 'Output' threw an error during evaluation. T0410: Argument 1 of function "hash" does not match function signature`,
  ],
];

export const jsonata = EXPRESSIONS.map(([expression, expected]) => {
  return async function* (run: VerifyRun): Facts {
    const state = { Type: 'Pass', QueryLanguage: 'JSONata', Output: `{% ${expression} %}`, End: true };
    const events = await run.history(await run.start(await run.machine({ JSONata: state })));
    const { type } = events.at(-1) ?? {};
    yield fact(
      `JSONata: ${expression}`,
      expected.replace('%', () => expression),
      detailsOf(events, String(type)),
    );
  };
});

/** The calls that are made at most to be throttled, and how many of them at once. */
const MOST_CALLS = 400;
const AT_ONCE = 20;

/**
 * Calls ListTagsForResource, which no worker calls, until the service throttles it. An account may call it 100 times at
 * once, and then once a second ("Quotas related to API action throttling").
 */
export async function* throttles(run: VerifyRun): Facts {
  const resourceArn = await run.activity();
  let found: Answer | undefined;
  for (let made = 0; made < MOST_CALLS && !found; made += AT_ONCE) {
    const once = () => run.call('ListTagsForResource', { resourceArn }, run.options.single);
    const calls = Array.from({ length: AT_ONCE }, once);
    found = (await Promise.all(calls)).find(({ status }) => status !== 200);
  }
  const whyNot = `${MOST_CALLS} calls were not throttled`;
  yield fact('a throttle', '400 ThrottlingException: Rate exceeded', found?.said, whyNot);
  const coral = 'com.amazon.coral.service#ThrottlingException';
  const type = found && String(found.body['__type']);
  yield fact('the name of a throttle in its body', coral, type, whyNot);
  yield fact('the headers of a throttle', MARK, found && showMark(found), whyNot);
}
