import { one, pass, type Body, type SequenceRow, type Source, type Step } from './row.js';

export const ARN = 'arn:aws:states:us-east-1:123456789012:';
export const ROLE = 'arn:aws:iam::123456789012:role/any';
const OTHER_ROLE = 'arn:aws:iam::123456789012:role/other';
const CREATED = Date.UTC(2026, 0, 1) / 1000;
const SWF = 'com.amazonaws.swf.service.v2.model#';
const INVALID = 'com.amazon.coral.validate#ValidationException';
export const MACHINE = `${ARN}stateMachine:M`;
export const PASS = JSON.stringify(pass({}));
export const OTHER = JSON.stringify(pass({ Result: 1 }));

export const step = (
  operation: string,
  body: Body,
  gives?: Step['gives'],
  more: Partial<Step> = {},
): Step => ({
  call: [operation, body],
  ...(gives && { gives }),
  ...more,
});
export const create = (more: object = {}, gives?: Step['gives']): Step =>
  step('CreateStateMachine', { name: 'M', definition: PASS, roleArn: ROLE, ...more }, gives);
export const update = (fields: object, gives?: Step['gives']): Step =>
  step('UpdateStateMachine', { stateMachineArn: MACHINE, ...fields }, gives);
export const publish = (fields: object = {}, gives?: Step['gives']): Step =>
  step('PublishStateMachineVersion', { stateMachineArn: MACHINE, ...fields }, gives);
export const describe = (arn: string, gives?: Step['gives']): Step =>
  step('DescribeStateMachine', { stateMachineArn: arn }, gives);
const versions = (...numbers: number[]): Step =>
  step(
    'ListStateMachineVersions',
    { stateMachineArn: MACHINE },
    {
      stateMachineVersions: numbers.map((number) => ({
        stateMachineVersionArn: `${MACHINE}:${number}`,
        creationDate: CREATED,
      })),
      nextToken: undefined,
    },
  );
export const route = (...weights: number[]): object[] =>
  weights.map((weight, i) => ({ stateMachineVersionArn: `${MACHINE}:${i + 1}`, weight }));
export const alias = (fields: object = {}, gives?: Step['gives']): Step =>
  step('CreateStateMachineAlias', { name: 'live', routingConfiguration: route(100), ...fields }, gives);
export const failure = (type: string, message: string): Step['gives'] => ({ __type: SWF + type, message });
export const invalid = (message: string): Step['gives'] => ({ __type: INVALID, message });
export const sequence = (from: Source, does: string, ...steps: Step[]): SequenceRow => ({
  does,
  from,
  calls: steps,
});

const published: SequenceRow[] = [
  sequence(
    'recorded: test_create_with_publish',
    'a machine is published as it is created',
    create({ publish: true }, { stateMachineArn: MACHINE, stateMachineVersionArn: `${MACHINE}:1` }),
    versions(1),
  ),
  sequence(
    'recorded: test_idempotent_publish',
    'a revision is published once',
    create(),
    publish({}, { stateMachineVersionArn: `${MACHINE}:1`, creationDate: CREATED }),
    publish({ description: 'again' }, { stateMachineVersionArn: `${MACHINE}:1` }),
    update({ definition: OTHER }),
    publish({}, { stateMachineVersionArn: `${MACHINE}:2` }),
    versions(2, 1),
  ),
  sequence(
    'recorded: test_publish_state_machine_version_no_such_machine',
    'a machine that is not there has no version',
    publish({}, failure('StateMachineDoesNotExist', `State Machine Does Not Exist: '${MACHINE}'`)),
  ),
  sequence(
    'recorded: test_version_ids_between_deletions',
    'the number of a deleted version is not used again',
    create({ publish: true }),
    update({ definition: OTHER, publish: true }),
    step('DeleteStateMachineVersion', { stateMachineVersionArn: `${MACHINE}:2` }),
    update({ definition: PASS, publish: true }, { stateMachineVersionArn: `${MACHINE}:3` }),
    versions(3, 1),
  ),
  sequence(
    'recorded: test_list_delete_version',
    'a version can be deleted twice',
    create({ publish: true }),
    step('DeleteStateMachineVersion', { stateMachineVersionArn: `${MACHINE}:1` }, { message: undefined }),
    step('DeleteStateMachineVersion', { stateMachineVersionArn: `${MACHINE}:1` }, { message: undefined }),
    versions(),
  ),
  sequence(
    'recorded: test_create_publish_describe_with_version_description',
    'a version is described by its own ARN, with its description',
    create({ publish: true, versionDescription: 'first' }),
    describe(`${MACHINE}:1`, {
      stateMachineArn: `${MACHINE}:1`,
      description: 'first',
      definition: PASS,
      revisionId: undefined,
    }),
    describe(MACHINE, { stateMachineArn: MACHINE, description: undefined }),
  ),
  sequence(
    'recorded: test_publish_state_machine_version',
    'a version keeps its definition',
    create({ publish: true }),
    update({ definition: OTHER, roleArn: OTHER_ROLE }),
    describe(`${MACHINE}:1`, { definition: PASS, roleArn: ROLE }),
    describe(MACHINE, { definition: OTHER, roleArn: OTHER_ROLE }),
  ),
  sequence(
    'recorded: test_start_version_execution',
    'an execution of a version shows the version',
    create({ publish: true }),
    step(
      'StartExecution',
      { stateMachineArn: `${MACHINE}:1`, name: 'E' },
      { executionArn: `${ARN}execution:M:E` },
    ),
    step(
      'DescribeExecution',
      { executionArn: `${ARN}execution:M:E` },
      { stateMachineArn: MACHINE, stateMachineVersionArn: `${MACHINE}:1`, stateMachineAliasArn: undefined },
    ),
  ),
];

const updates: SequenceRow[] = [
  sequence(
    'recorded: test_create_update_state_machine_base_update_none',
    'an update changes something',
    create(),
    update(
      {},
      failure(
        'MissingRequiredParameter',
        'Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified',
      ),
    ),
  ),
  sequence(
    'recorded: test_create_update_state_machine_base_definition',
    'the revision of the creation has no id',
    create(),
    describe(MACHINE, { revisionId: undefined }),
    update({ definition: PASS }, { revisionId: undefined, updateDate: CREATED }),
    describe(MACHINE, { definition: PASS, revisionId: undefined }),
  ),
  sequence(
    'recorded: test_empty_revision_with_publish_and_publish_on_creation',
    'an update to the same is the same version',
    create({ publish: true }),
    update(
      { definition: PASS, publish: true },
      { stateMachineVersionArn: `${MACHINE}:1`, revisionId: undefined },
    ),
  ),
  sequence(
    'recorded: test_update_state_machine',
    'a version cannot be updated',
    create({ publish: true }),
    step(
      'UpdateStateMachine',
      { stateMachineArn: `${MACHINE}:1`, definition: OTHER },
      failure('StateMachineDoesNotExist', `State Machine Does Not Exist: '${MACHINE}:1'`),
    ),
  ),
  sequence(
    'recorded: test_describe_state_machine_for_execution',
    "the machine of an execution is described as it was at the execution's start",
    create(),
    step('StartExecution', { stateMachineArn: MACHINE, name: 'E' }),
    update({ definition: OTHER }),
    step(
      'DescribeStateMachineForExecution',
      { executionArn: `${ARN}execution:M:E` },
      {
        stateMachineArn: MACHINE,
        name: 'M',
        definition: PASS,
        roleArn: ROLE,
        updateDate: CREATED,
        loggingConfiguration: { level: 'OFF', includeExecutionData: false },
        tracingConfiguration: { enabled: false },
        encryptionConfiguration: { type: 'AWS_OWNED_KEY' },
        status: undefined,
        type: undefined,
        creationDate: undefined,
      },
    ),
  ),
];

const received = (...arns: string[]): string => `Received: [${arns.join(', ')}]`;

const aliases: SequenceRow[] = [
  sequence(
    'recorded: test_base_lifecycle_create_update_describe',
    'an alias is created, described and updated',
    create({ publish: true }),
    update({ definition: OTHER, publish: true }),
    alias({ description: 'd' }, { stateMachineAliasArn: `${MACHINE}:live`, creationDate: CREATED }),
    step(
      'UpdateStateMachineAlias',
      { stateMachineAliasArn: `${MACHINE}:live`, routingConfiguration: route(30, 70) },
      { updateDate: CREATED },
    ),
    step(
      'DescribeStateMachineAlias',
      { stateMachineAliasArn: `${MACHINE}:live` },
      {
        stateMachineAliasArn: `${MACHINE}:live`,
        name: 'live',
        description: 'd',
        routingConfiguration: route(30, 70),
        creationDate: CREATED,
        updateDate: CREATED,
      },
    ),
  ),
  sequence(
    'recorded: test_idempotent_create_alias',
    'the same alias again is the same alias',
    create({ publish: true }),
    alias(),
    alias({}, { stateMachineAliasArn: `${MACHINE}:live` }),
    alias(
      { description: 'another' },
      failure(
        'ConflictException',
        'Failed to create alias because an alias with the same name and a different routing configuration already exists.',
      ),
    ),
  ),
  sequence(
    'recorded: test_error_create_alias_invalid_router_configs',
    'the routes of an alias are versions, distinct, and all of it',
    create({ publish: true }),
    alias(
      { routingConfiguration: [{ stateMachineVersionArn: MACHINE, weight: 100 }] },
      invalid(`Routing configuration must contain state machine version ARNs. ${received(MACHINE)}`),
    ),
    alias(
      {
        routingConfiguration: [
          { stateMachineVersionArn: `${MACHINE}:1`, weight: 50 },
          { stateMachineVersionArn: `${MACHINE}:1`, weight: 50 },
        ],
      },
      invalid(
        `Routing configuration must contain distinct state machine version ARNs. ${received(`${MACHINE}:1`, `${MACHINE}:1`)}`,
      ),
    ),
    alias(
      { routingConfiguration: route(70, 29) },
      invalid('Sum of routing configuration weights must equal 100. Received: [70, 29]'),
    ),
    alias(
      { routingConfiguration: route(101) },
      invalid(
        "1 validation error detected: Value '101' at 'routingConfiguration.1.member.weight' failed to satisfy constraint: Member must have value less than or equal to 100",
      ),
    ),
  ),
  sequence(
    'recorded: test_error_create_alias_invalid_name',
    'the name of an alias is no number',
    create({ publish: true }),
    alias(
      { name: '123' },
      invalid(
        "1 validation error detected: Value '123' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$",
      ),
    ),
  ),
  sequence(
    'recorded: test_update_no_such_alias_arn',
    'an alias that is not there cannot be updated',
    create({ publish: true }),
    step(
      'UpdateStateMachineAlias',
      { stateMachineAliasArn: `${MACHINE}:live`, description: 'd' },
      failure('ResourceNotFound', 'Request references a resource that does not exist.'),
    ),
  ),
  sequence(
    'recorded: test_delete_no_such_alias_arn',
    'an alias that is not there can be deleted',
    create(),
    step('DeleteStateMachineAlias', { stateMachineAliasArn: `${MACHINE}:live` }, { message: undefined }),
  ),
  sequence(
    'recorded: test_delete_version_with_alias',
    'a version that an alias names cannot be deleted',
    create({ publish: true }),
    alias(),
    step(
      'DeleteStateMachineVersion',
      { stateMachineVersionArn: `${MACHINE}:1` },
      failure(
        'ConflictException',
        'Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [live]',
      ),
    ),
    step('DeleteStateMachineAlias', { stateMachineAliasArn: `${MACHINE}:live` }),
    step('DeleteStateMachineVersion', { stateMachineVersionArn: `${MACHINE}:1` }, { message: undefined }),
  ),
  sequence(
    'recorded: test_base_lifecycle_create_invoke_describe_list',
    'an execution of an alias shows the alias and the version',
    create({ publish: true }),
    alias(),
    step('StartExecution', { stateMachineArn: `${MACHINE}:live`, name: 'E' }),
    step(
      'DescribeExecution',
      { executionArn: `${ARN}execution:M:E` },
      {
        stateMachineArn: MACHINE,
        stateMachineVersionArn: `${MACHINE}:1`,
        stateMachineAliasArn: `${MACHINE}:live`,
      },
    ),
  ),
  sequence(
    'recorded: test_base_lifecycle_create_delete_list',
    'aliases are listed in the order of their creation',
    create({ publish: true }),
    alias({ name: 'b' }),
    alias({ name: 'a' }),
    step(
      'ListStateMachineAliases',
      { stateMachineArn: MACHINE },
      {
        stateMachineAliases: ['b', 'a'].map((name) => ({
          stateMachineAliasArn: `${MACHINE}:${name}`,
          creationDate: CREATED,
        })),
        nextToken: undefined,
      },
    ),
  ),
];

const tags: SequenceRow[] = [
  sequence(
    'recorded: test_tag_state_machine',
    'tags are kept in the order in which they were given, and those of the creation',
    create({ tags: [{ key: 'a', value: '' }] }),
    step('TagResource', { resourceArn: MACHINE, tags: [] }, { message: undefined }),
    step('TagResource', {
      resourceArn: MACHINE,
      tags: [
        { key: 'b', value: '1' },
        { key: 'b', value: '2' },
      ],
    }),
    step(
      'ListTagsForResource',
      { resourceArn: MACHINE },
      {
        tags: [
          { key: 'a', value: '' },
          { key: 'b', value: '2' },
        ],
      },
    ),
  ),
  sequence(
    'recorded: test_untag_state_machine',
    'tags are taken away, and unknown ones too',
    create({ tags: [{ key: 'a', value: '1' }] }),
    step('UntagResource', { resourceArn: MACHINE, tagKeys: ['a', 'q'] }, { message: undefined }),
    step('ListTagsForResource', { resourceArn: MACHINE }, { tags: [] }),
  ),
  sequence(
    'recorded: test_tag_state_machine_version',
    'a version has no tags',
    create({ publish: true }),
    step(
      'TagResource',
      { resourceArn: `${MACHINE}:1`, tags: [{ key: 'a', value: '1' }] },
      failure('ResourceNotFound', `Resource not found: '${MACHINE}:1'`),
    ),
  ),
];

const LOGS = { cloudWatchLogsLogGroup: { logGroupArn: 'arn:aws:logs:us-east-1:123456789012:log-group:g:*' } };
const OFF = 'Invalid Logging Configuration: Must specify exactly one Log Destination.';

const settings: SequenceRow[] = [
  sequence(
    'recorded: test_logging_configuration',
    'a logging configuration is described as it was given',
    create({ loggingConfiguration: { level: 'ALL', includeExecutionData: true, destinations: [LOGS] } }),
    describe(MACHINE, {
      loggingConfiguration: { level: 'ALL', includeExecutionData: true, destinations: [LOGS] },
    }),
  ),
  sequence(
    'recorded: test_update_logging_configuration',
    'another logging configuration is another revision, the same one is none',
    create(),
    ...[1, 1, 2].flatMap((number) => [
      update({ loggingConfiguration: { level: number === 1 ? 'FATAL' : 'ALL', destinations: [LOGS] } }),
      step(
        'PublishStateMachineVersion',
        (answers) => ({ stateMachineArn: MACHINE, revisionId: answers.at(-1)?.['revisionId'] ?? 'none' }),
        { stateMachineVersionArn: `${MACHINE}:${number}` },
      ),
    ]),
  ),
  sequence(
    'recorded: test_incomplete_logging_configuration',
    'an incomplete logging configuration is completed',
    create({ loggingConfiguration: { destinations: [] } }),
    describe(MACHINE, {
      loggingConfiguration: { destinations: [], includeExecutionData: false, level: 'OFF' },
    }),
  ),
  sequence(
    'recorded: test_invalid_logging_configuration',
    'a level needs a destination',
    create({ loggingConfiguration: { level: 'ALL' } }, failure('InvalidLoggingConfiguration', OFF)),
  ),
  sequence(
    'recorded: test_multiple_destinations',
    'there is one destination at most',
    create(
      { loggingConfiguration: { level: 'ALL', destinations: [LOGS, LOGS] } },
      failure('InvalidLoggingConfiguration', OFF),
    ),
  ),
];

const validate = (definition: string, gives: Step['gives']): Step =>
  step('ValidateStateMachineDefinition', { definition }, gives);
const diagnostic = (code: string, message: string, location?: string): object => ({
  severity: 'ERROR',
  code,
  message,
  ...(location !== undefined && { location }),
});
const found = (...diagnostics: object[]): Step['gives'] => ({
  result: 'FAIL',
  diagnostics,
  truncated: false,
});
const TOKEN =
  "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
const SOURCE = '[Source: (String)"not a definition"; line: 1, column: 4]';

const WAITS = JSON.stringify(
  one({ Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken', Parameters: {} }),
);
const LACKS = "Express state machine does not support '.waitForTaskToken' service integration ";

const validation: SequenceRow[] = [
  sequence(
    'recorded: test_validate_state_machine_definition_not_a_definition',
    'a text is validated that is no definition',
    ...['', ' '].map((text) =>
      validate(text, found(diagnostic('SCHEMA_VALIDATION_FAILED', 'Definition must be a valid JSON object'))),
    ),
    validate(
      'not a definition',
      found(diagnostic('INVALID_JSON_DESCRIPTION', `${TOKEN}\n at ${SOURCE}`, SOURCE)),
    ),
    validate(
      '{}',
      found(diagnostic('SCHEMA_VALIDATION_FAILED', 'These fields are required: [States, StartAt]', '/')),
    ),
  ),
  sequence(
    'recorded: test_validate_state_machine_definition_type_standard',
    'a definition is valid',
    validate(PASS, { result: 'OK', diagnostics: [], truncated: false }),
  ),
  sequence(
    'recorded: test_illegal_callbacks[WAIT_FOR_TASK_TOKEN]',
    'an EXPRESS machine is created whose definition it can not have',
    create(
      { type: 'EXPRESS', definition: WAITS },
      failure(
        'InvalidDefinition',
        `Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: ${LACKS} at /States/X/Resource'`,
      ),
    ),
  ),
  sequence(
    'measured: floci-io/floci#2735',
    'a machine without an end is told without a place',
    validate(
      JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'NOPE' } } }),
      found(
        diagnostic('MISSING_TRANSITION_TARGET', "Missing 'Next' target: NOPE", '/States/A/Next'),
        diagnostic('MISSING_END_STATE', 'Workflow has no terminal state'),
      ),
    ),
  ),
  sequence(
    'AWS: ValidateStateMachineDefinition',
    'no more diagnostics are told than were asked for',
    step(
      'ValidateStateMachineDefinition',
      {
        definition: JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'NOPE' } } }),
        maxResults: 1,
      },
      {
        diagnostics: [
          diagnostic('MISSING_TRANSITION_TARGET', "Missing 'Next' target: NOPE", '/States/A/Next'),
        ],
        truncated: true,
      },
    ),
  ),
];

/** Versions, aliases, tags, settings and validation of machines (7.12, 7.14, 8.4). */
export const versionRows: SequenceRow[] = [
  ...published,
  ...updates,
  ...aliases,
  ...tags,
  ...settings,
  ...validation,
];
