import { pass, WORK, type Body, type Source, type Step, type SequenceRow } from './row.js';

const ARN = 'arn:aws:states:us-east-1:123456789012:';
const ROLE = 'arn:aws:iam::123456789012:role/any';
const CREATED = Date.UTC(2026, 0, 1) / 1000;
const SWF = 'com.amazonaws.swf.service.v2.model#';
const PASS = JSON.stringify(pass({}));
const TASK = JSON.stringify({ StartAt: 'X', States: { X: { Type: 'Task', Resource: WORK, End: true } } });

const machineArn = (name = 'M'): string => `${ARN}stateMachine:${name}`;
const executionArn = (name: string, machine = 'M'): string => `${ARN}execution:${machine}:${name}`;

const step = (operation: string, body: Body, gives?: Step['gives'], more: Partial<Step> = {}): Step => ({
  call: [operation, body],
  ...(gives && { gives }),
  ...more,
});
const create = (definition = PASS, name = 'M', gives?: Step['gives'], more: object = {}): Step =>
  step('CreateStateMachine', { name, definition, roleArn: ROLE, ...more }, gives);
const start = (name: string, gives?: Step['gives']): Step =>
  step('StartExecution', { stateMachineArn: machineArn(), name, input: '{}' }, gives);
const sequence = (from: Source, does: string, ...steps: Step[]): SequenceRow => ({
  does,
  from,
  calls: steps,
});

const summary = (name: string, status: string): object => ({
  executionArn: executionArn(name),
  stateMachineArn: machineArn(),
  name,
  status,
  startDate: CREATED,
  ...(status !== 'RUNNING' && { stopDate: CREATED }),
  redriveCount: 0,
});
const machineSummary = (name: string): object => ({
  stateMachineArn: machineArn(name),
  name,
  type: 'STANDARD',
  creationDate: CREATED,
});
const failure = (type: string, message: string): Step['gives'] => ({ __type: SWF + type, message });
const goesOn =
  (body: object, index: number): Body =>
  (answers) => ({
    ...body,
    nextToken: answers[index]?.['nextToken'],
  });

/** State machines (7.12). */
const machines: SequenceRow[] = [
  sequence(
    'recorded: test_create_exact_duplicate_sm',
    'the same definition under the same name is the same machine',
    create(PASS, 'M', { stateMachineArn: machineArn(), creationDate: CREATED }),
    { ...create(PASS, 'M', { stateMachineArn: machineArn(), creationDate: CREATED }), afterSeconds: 5 },
  ),
  sequence(
    'AWS: CreateStateMachine',
    'another role and other tags under the same name are taken no notice of',
    create(),
    create(
      PASS,
      'M',
      { stateMachineArn: machineArn() },
      { roleArn: `${ROLE}2`, tags: [{ key: 'k', value: 'v' }] },
    ),
    step('DescribeStateMachine', { stateMachineArn: machineArn() }, { roleArn: ROLE }),
  ),
  sequence(
    'recorded: test_create_update_state_machine_base_definition',
    'a machine that was never updated has no revision',
    create(),
    step(
      'DescribeStateMachine',
      { stateMachineArn: machineArn() },
      {
        stateMachineArn: machineArn(),
        name: 'M',
        status: 'ACTIVE',
        definition: PASS,
        roleArn: ROLE,
        type: 'STANDARD',
        creationDate: CREATED,
        loggingConfiguration: { includeExecutionData: false, level: 'OFF' },
        tracingConfiguration: { enabled: false },
        encryptionConfiguration: { type: 'AWS_OWNED_KEY' },
        revisionId: undefined,
        variableReferences: undefined,
      },
    ),
  ),
  sequence(
    'recorded: test_list_sms_pagination',
    'machines are listed by name, by plain code units',
    ...['s_10_', 's_1_', 's_12_', 's_0_', 's_11_'].map((name) => create(PASS, name)),
    step(
      'ListStateMachines',
      { maxResults: 3 },
      { stateMachines: ['s_0_', 's_10_', 's_11_'].map(machineSummary) },
    ),
    step('ListStateMachines', goesOn({ maxResults: 3 }, 5), {
      stateMachines: ['s_12_', 's_1_'].map(machineSummary),
      nextToken: undefined,
    }),
  ),
  sequence(
    'recorded: test_list_sms',
    'what is deleted is not listed any more',
    create(PASS, 'a'),
    create(PASS, 'b'),
    step('ListStateMachines', {}, { stateMachines: ['a', 'b'].map(machineSummary) }),
    step('DeleteStateMachine', { stateMachineArn: machineArn('a') }),
    step('ListStateMachines', {}, { stateMachines: [machineSummary('b')], nextToken: undefined }),
  ),
  sequence(
    'AWS: DeleteStateMachine',
    'a machine that is deleted while it runs is DELETING and starts nothing',
    create(TASK),
    start('E'),
    step('DeleteStateMachine', { stateMachineArn: machineArn() }),
    step('DescribeStateMachine', { stateMachineArn: machineArn() }, { status: 'DELETING' }),
    start('F', { __type: `${SWF}StateMachineDeleting` }),
    create(PASS, 'M', { __type: `${SWF}StateMachineDeleting` }),
  ),
  sequence(
    'AWS: DeleteStateMachine',
    'its executions end at their next transition, and it goes with the last',
    create(
      JSON.stringify({
        StartAt: 'X',
        States: { X: { Type: 'Wait', Seconds: 5, Next: 'Y' }, Y: { Type: 'Pass', End: true } },
      }),
    ),
    start('E'),
    step('DeleteStateMachine', { stateMachineArn: machineArn() }),
    step(
      'DescribeExecution',
      { executionArn: executionArn('E') },
      { status: 'RUNNING' },
      { afterSeconds: 4 },
    ),
    step(
      'DescribeExecution',
      { executionArn: executionArn('E') },
      { status: 'ABORTED' },
      { afterSeconds: 1 },
    ),
    step(
      'DescribeStateMachine',
      { stateMachineArn: machineArn() },
      failure('StateMachineDoesNotExist', `State Machine Does Not Exist: '${machineArn()}'`),
    ),
  ),
];

const references = (
  from: Source,
  does: string,
  definition: object,
  variableReferences: unknown,
): SequenceRow =>
  sequence(
    from,
    does,
    create(JSON.stringify(definition)),
    step('DescribeStateMachine', { stateMachineArn: machineArn() }, { variableReferences }),
  );
const inner = { StartAt: 'I', States: { I: { Type: 'Pass', Parameters: { 'x.$': '$deep.v' }, End: true } } };

/** The variables that a machine's states read (7.12). */
const variables: SequenceRow[] = [
  references(
    'recorded: test_base_variable_references_in_assign_templates',
    'variableReferences name what each state reads, sorted; what is only set is none',
    {
      StartAt: 'S',
      States: {
        S: { Type: 'Pass', Assign: { z: 1, a: 2, deep: 3, list: [], n: 1 }, Next: 'A' },
        A: { Type: 'Pass', Assign: { 'b.$': '$z', 'c.$': 'States.Array($a, $z)' }, Next: 'C' },
        C: {
          Type: 'Choice',
          Choices: [{ Variable: '$z', NumericEqualsPath: '$a', Next: 'M' }],
          Default: 'W',
        },
        M: {
          Type: 'Map',
          ItemsPath: '$list',
          MaxConcurrencyPath: '$n',
          ItemSelector: { 'v.$': "States.Format('{}', $a)" },
          ItemProcessor: inner,
          Next: 'W',
        },
        W: { Type: 'Wait', SecondsPath: '$n', Next: 'F' },
        F: { Type: 'Fail', ErrorPath: '$z', CausePath: "States.Format('{}', $a)" },
      },
    },
    { A: ['a', 'z'], C: ['a', 'z'], M: ['a', 'list', 'n'], I: ['deep'], W: ['n'], F: ['a', 'z'] },
  ),
  references(
    'recorded: test_base_variable_references_in_jsonata_template',
    'what JSONata has of its own is none',
    {
      QueryLanguage: 'JSONata',
      StartAt: 'X',
      States: {
        X: { Type: 'Pass', Assign: { v: '{% $sum($states.input.l) + $uuid() %}' }, End: true },
      },
    },
    undefined,
  ),
];

const PAGES = { stateMachineArn: machineArn() };

/** Executions, and their pages (7.12). */
const executions: SequenceRow[] = [
  sequence(
    'recorded: test_list_executions_pagination',
    'executions are listed the newest first; a size of 0 is the default',
    create(TASK),
    ...['a', 'b', 'c'].map((name) => start(name)),
    step(
      'ListExecutions',
      { ...PAGES, maxResults: 2 },
      {
        executions: ['c', 'b'].map((name) => summary(name, 'RUNNING')),
      },
    ),
    step('ListExecutions', goesOn({ ...PAGES, maxResults: 2 }, 4), {
      executions: [summary('a', 'RUNNING')],
      nextToken: undefined,
    }),
    step(
      'ListExecutions',
      { ...PAGES, maxResults: 0 },
      {
        executions: ['c', 'b', 'a'].map((name) => summary(name, 'RUNNING')),
        nextToken: undefined,
      },
    ),
  ),
  sequence(
    'recorded: test_state_machine_status_filter',
    'a status filters them',
    create(PASS),
    start('a'),
    ...[
      ['SUCCEEDED', [summary('a', 'SUCCEEDED')]],
      ['RUNNING', []],
    ].map(([statusFilter, found]) =>
      step('ListExecutions', { ...PAGES, statusFilter }, { executions: found }),
    ),
  ),
  sequence(
    'recorded: test_global_timeout',
    'an execution that timed out has no error and no cause, and no reason beside REDRIVABLE',
    create(JSON.stringify({ ...(JSON.parse(TASK) as object), TimeoutSeconds: 5 })),
    start('E'),
    step(
      'DescribeExecution',
      { executionArn: executionArn('E') },
      {
        executionArn: executionArn('E'),
        stateMachineArn: machineArn(),
        name: 'E',
        status: 'TIMED_OUT',
        startDate: CREATED,
        stopDate: CREATED + 5,
        input: '{}',
        inputDetails: { included: true },
        redriveCount: 0,
        redriveStatus: 'REDRIVABLE',
        redriveStatusReason: undefined,
        error: undefined,
        cause: undefined,
        output: undefined,
      },
      { afterSeconds: 5 },
    ),
  ),
  sequence(
    'recorded: test_stop_execution',
    'an execution that is stopped without a word ends with an event without details that points to none',
    create(TASK),
    start('E'),
    step(
      'StopExecution',
      { executionArn: executionArn('E') },
      { stopDate: CREATED + 1 },
      { afterSeconds: 1 },
    ),
    step(
      'GetExecutionHistory',
      { executionArn: executionArn('E'), reverseOrder: true, maxResults: 1 },
      {
        events: [
          {
            timestamp: CREATED + 1,
            type: 'ExecutionAborted',
            id: 4,
            previousEventId: 0,
            executionAbortedEventDetails: {},
          },
        ],
      },
    ),
    step(
      'DescribeExecution',
      { executionArn: executionArn('E') },
      {
        status: 'ABORTED',
        redriveStatus: 'REDRIVABLE',
        redriveStatusReason: undefined,
        error: undefined,
        cause: undefined,
      },
    ),
  ),
];

/** Sequences of calls, and their answers. */
export const sequences: SequenceRow[] = [...machines, ...variables, ...executions];
