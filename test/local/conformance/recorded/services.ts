import { FUNCTIONS, jsonata, one, type MachineRow } from '../row.js';
import { row, P, states, map } from './shapes.js';

/** Fields of Map and Task that are read but not used, and tasks on services. */
export const services: MachineRow[] = [
  row(
    'test_base_map[TOLERATED_FAILURE_COUNT]',
    'an inline Map takes the tolerances of a distributed one, and does not use them',
    map({ Type: 'Pass' }, { ToleratedFailureCount: 1, ToleratedFailurePercentage: 5 }),
    { output: [1] },
    { input: [1] },
  ),
  row(
    'test_base_map_from_input[TOLERATED_FAILURE_PERCENTAGE]',
    'as expressions too',
    jsonata({ Type: 'Map', ToleratedFailurePercentage: '{% 5 %}', ItemProcessor: states(P) }),
    { output: [1] },
    { input: [1] },
  ),
  row(
    'test_map_state_legacy_config_inline',
    'ProcessorConfig may stand in the older Iterator',
    one({ Type: 'Map', Iterator: { ...states(P), ProcessorConfig: { Mode: 'INLINE' } } }),
    { output: [1] },
    { input: [1] },
  ),
  row(
    'test_reference_in_map_state[MAP_STATE_REFERENCE_IN_ITEM_SELECTOR]',
    'in a template only the keys that end in .$ are looked up',
    map({ Type: 'Pass' }, { ItemSelector: { bucketName: '$bucket' } }),
    { output: [{ bucketName: '$bucket' }] },
    { input: [1] },
  ),
  row(
    'test_start_execution_sync2',
    'a job is submitted before it ends; its resource begins after the first colon',
    one({ Type: 'Task', Resource: FUNCTIONS.job, Parameters: { Input: 1 } }),
    {
      output: { Input: 1 },
      events: [
        'ExecutionStarted<0',
        'TaskStateEntered<0',
        'TaskScheduled<2',
        'TaskStarted<3',
        'TaskSubmitted<4',
        'TaskSucceeded<5',
        'TaskStateExited<6',
        'ExecutionSucceeded<7',
      ],
      details: {
        3: {
          resource: 'startExecution.sync:2',
          resourceType: 'states',
          region: 'us-east-1',
          parameters: '{"Input":1}',
        },
      },
    },
  ),
  row(
    'test_dynamodb_put_get_item',
    'an SDK integration: its type has the second colon in it',
    one({ Type: 'Task', Resource: FUNCTIONS.put, Parameters: { T: 1 } }),
    {
      details: {
        3: {
          resource: 'putItem',
          resourceType: 'aws-sdk:dynamodb',
          region: 'us-east-1',
          parameters: '{"T":1}',
        },
      },
      events: [
        'ExecutionStarted<0',
        'TaskStateEntered<0',
        'TaskScheduled<2',
        'TaskStarted<3',
        'TaskSucceeded<4',
        'TaskStateExited<5',
        'ExecutionSucceeded<6',
      ],
    },
  ),
  row(
    'test_sync_with_task_token',
    'a job has a token too, and a report on it ends the task while the job goes on',
    one({ Type: 'Task', Resource: FUNCTIONS.slowJob, ResultSelector: { 'n.$': '$.n' } }),
    { output: { n: 1 } },
    { work: [{ output: { n: 1 } }] },
  ),
  row(
    'test_sqs_wait_for_task_token_no_token_parameter',
    'a task whose token is given to nobody runs into its timeout',
    one({ Type: 'Task', Resource: FUNCTIONS.ask, Parameters: {}, TimeoutSeconds: 5 }),
    { error: 'States.Timeout', seconds: 5 },
    { work: ['silence'] },
  ),
  row(
    'test_cross_account_states_start_sync_execution',
    'Credentials stand in the history, and change nothing else',
    one({
      Type: 'Task',
      Resource: FUNCTIONS.put,
      Parameters: {},
      Credentials: { 'RoleArn.$': "States.Format('arn:aws:iam::{}:role/r', $.id)" },
    }),
    {
      details: {
        3: {
          resource: 'putItem',
          resourceType: 'aws-sdk:dynamodb',
          region: 'us-east-1',
          parameters: '{}',
          taskCredentials: { roleArn: 'arn:aws:iam::7:role/r' },
        },
      },
    },
    { input: { id: 7 } },
  ),
  row(
    'test_cross_account_lambda_task',
    'of a function too, as an expression',
    jsonata({
      Type: 'Task',
      Resource: FUNCTIONS.echo,
      Credentials: { RoleArn: '{% $states.input.r %}' },
    }),
    {
      details: {
        3: {
          resource: FUNCTIONS.echo,
          input: '{"r":"role"}',
          inputDetails: { truncated: false },
          taskCredentials: { roleArn: 'role' },
        },
      },
    },
    { input: { r: 'role' } },
  ),
  row(
    'test_map_state_no_processor_config',
    'a Map without ProcessorConfig is inline',
    one({ Type: 'Map', ItemProcessor: states(P) }),
    { output: [1, 2] },
    { input: [1, 2] },
  ),
  row(
    'test_start_execution_sync',
    'TaskSubmitted has the answer of the call',
    one({ Type: 'Task', Resource: FUNCTIONS.job, Parameters: { Input: 1 } }),
    {
      details: {
        4: { resource: 'startExecution.sync:2', resourceType: 'states' },
        5: {
          resource: 'startExecution.sync:2',
          resourceType: 'states',
          output: '{"Input":1}',
          outputDetails: { truncated: false },
        },
      },
    },
  ),
  ...(
    [
      ['a text', 'role', {}],
      ['a path', undefined, { 'RoleArn.$': '$.r' }],
      ['a variable', undefined, { 'RoleArn.$': '$r' }],
    ] as const
  ).map(([kind, RoleArn, Credentials]) =>
    row(
      'test_cross_account_states_start_sync_execution',
      `the RoleArn of Credentials may be ${kind}`,
      {
        StartAt: 'S',
        States: {
          S: { Type: 'Pass', Assign: { r: 'role' }, Next: 'X' },
          X: {
            Type: 'Task',
            Resource: FUNCTIONS.echo,
            Parameters: 1,
            Credentials: { ...Credentials, ...(RoleArn && { RoleArn }) },
            End: true,
          },
        },
      },
      {
        details: {
          5: {
            resource: FUNCTIONS.echo,
            input: '1',
            inputDetails: { truncated: false },
            taskCredentials: { roleArn: 'role' },
          },
        },
      },
      { input: { r: 'role' } },
    ),
  ),
];
