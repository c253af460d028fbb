import { FUNCTIONS, jsonata, one, pass, WORK, type SequenceRow, type Source, type Step } from './row.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:';
const ROLE = 'arn:aws:iam::123456789012:role/any';
const SWF = 'com.amazonaws.swf.service.v2.model#';
const AT = Date.UTC(2026, 0, 1) / 1000;
const stateMachineArn = `${ARN}stateMachine:M`;

const step = (operation: string, body: Step['call'][1], gives?: Step['gives']): Step => ({
  call: [operation, body],
  ...(gives && { gives }),
});
const sequence = (from: Source, does: string, ...calls: Step[]): SequenceRow => ({ from, does, calls });
const create = (machine: object = pass({}), gives?: Step['gives'], type = 'EXPRESS'): Step =>
  step(
    'CreateStateMachine',
    { name: 'M', definition: JSON.stringify(machine), roleArn: ROLE, type },
    gives ?? { stateMachineArn },
  );
const run = (body: object, gives: Step['gives']): Step =>
  step('StartSyncExecution', { stateMachineArn, ...body }, gives);
const failure = (type: string, message: string): Step['gives'] => ({ __type: SWF + type, message });

const NOT_HERE = failure('InvalidArn', "Invalid Arn: 'Resource type not valid in this context: express'");
const WRONG_TYPE = failure(
  'StateMachineTypeNotSupported',
  'This operation is not supported by this type of state machine',
);
const task = (resource: string): object => one({ Type: 'Task', Resource: resource, Parameters: {} });
const illegal = (what: string): Step['gives'] =>
  failure(
    'InvalidDefinition',
    `Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Express state machine does not support ${what} at /States/X/Resource'`,
  );
/** Calls an operation with the ARN of the execution that the call before has started. */
const ofStarted = (operation: string): Step =>
  step(operation, (answers) => ({ executionArn: answers[1]?.['executionArn'] }), NOT_HERE);

/** EXPRESS machines: how they are described, started and refused. */
export const express: SequenceRow[] = [
  sequence(
    'recorded: test_create_describe_delete',
    'an EXPRESS machine is described as a STANDARD one is',
    create(),
    step(
      'DescribeStateMachine',
      { stateMachineArn },
      {
        stateMachineArn,
        name: 'M',
        status: 'ACTIVE',
        definition: JSON.stringify(pass({})),
        roleArn: ROLE,
        type: 'EXPRESS',
        creationDate: AT,
        loggingConfiguration: { includeExecutionData: false, level: 'OFF' },
        tracingConfiguration: { enabled: false },
      },
    ),
    step('ListStateMachines', {}, { stateMachines: [listed('EXPRESS')] }),
    step('DeleteStateMachine', { stateMachineArn }, {}),
    step('ListStateMachines', {}, { stateMachines: [] }),
  ),
  sequence(
    'AWS: CreateStateMachine',
    'a machine of another type under the same name is another machine',
    create(),
    create(
      pass({}),
      failure('StateMachineAlreadyExists', `State Machine Already Exists: '${stateMachineArn}'`),
      'STANDARD',
    ),
  ),
  sequence(
    'recorded: test_start_async_describe_history_execution',
    'an execution of an EXPRESS machine can not be described, stopped, read or redriven',
    create(),
    step('StartExecution', { stateMachineArn, name: 'first' }, { startDate: AT }),
    ofStarted('DescribeExecution'),
    ofStarted('StopExecution'),
    ofStarted('GetExecutionHistory'),
    ofStarted('RedriveExecution'),
    step('ListExecutions', { stateMachineArn }, WRONG_TYPE),
  ),
  sequence(
    'recorded: test_start_sync_execution',
    'a synchronous execution answers with its output and what is billed',
    create(pass({ Result: { Arg1: 'argument1' } })),
    run(
      { name: 'first' },
      {
        stateMachineArn,
        name: 'first',
        startDate: AT,
        stopDate: AT,
        status: 'SUCCEEDED',
        input: '{}',
        inputDetails: { included: true },
        output: '{"Arg1":"argument1"}',
        outputDetails: { included: true },
        error: undefined,
        cause: undefined,
        traceHeader: undefined,
        billingDetails: { billedDurationInMilliseconds: 100, billedMemoryUsedInMB: 64 },
      },
    ),
  ),
  sequence(
    'recorded: test_base[BASE_RAISE_FAILURE]',
    'a synchronous execution that fails has outputDetails, but no output',
    create(one({ Type: 'Fail', Error: 'SomeFailure', Cause: 'a cause' })),
    run(
      { input: ' {"a": 1}' },
      {
        status: 'FAILED',
        input: ' {"a": 1}',
        output: undefined,
        outputDetails: { included: true },
        error: 'SomeFailure',
        cause: 'a cause',
      },
    ),
  ),
  sequence(
    'recorded: test_catch',
    'a failure that is caught is a success',
    create({
      StartAt: 'X',
      States: {
        X: {
          Type: 'Task',
          Resource: FUNCTIONS.fail,
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Y' }],
          End: true,
        },
        Y: { Type: 'Pass', End: true },
      },
    }),
    run(
      { input: '{"error":"E","cause":"C"}' },
      { status: 'SUCCEEDED', output: '{"Error":"E","Cause":"C"}', error: undefined },
    ),
  ),
  sequence(
    'recorded: test_query_runtime_memory',
    'the context object of a synchronous execution has an order of its own, and no RedriveCount',
    create(jsonata({ Type: 'Pass', Output: '{% $keys($states.context.Execution) %}' })),
    run({}, { output: '["Id","Input","Name","RoleArn","StartTime"]' }),
  ),
  sequence(
    'recorded: test_illegal_callbacks[SYNC]',
    'an EXPRESS machine waits for no job',
    create(task(FUNCTIONS.job), illegal("'.sync' service integration")),
  ),
  sequence(
    'recorded: test_illegal_activity_task',
    'an EXPRESS machine has no activities',
    create(one({ Type: 'Task', Resource: WORK }), illegal('Activity ARN')),
    create(),
    step(
      'UpdateStateMachine',
      { stateMachineArn, definition: JSON.stringify(one({ Type: 'Task', Resource: WORK })) },
      illegal('Activity ARN'),
    ),
  ),
  sequence(
    'AWS: StartSyncExecution',
    'metadata only leaves out input and output',
    create(pass({ Result: 1 })),
    run(
      { includedData: 'METADATA_ONLY' },
      { input: undefined, output: undefined, outputDetails: { included: false }, status: 'SUCCEEDED' },
    ),
  ),
  sequence(
    'AWS: StartExecution',
    'the name of an EXPRESS execution may be used again, also while one runs',
    create(one({ Type: 'Wait', Seconds: 60 })),
    ...[1, 2].map(() => step('StartExecution', { stateMachineArn, name: 'same' }, { startDate: AT })),
  ),
];

function listed(type: string): object {
  return { stateMachineArn, name: 'M', type, creationDate: AT };
}
