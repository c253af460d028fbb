import type { SequenceRow, Step } from './row.js';
import {
  alias,
  ARN,
  create,
  describe,
  failure,
  invalid,
  MACHINE,
  OTHER,
  PASS,
  publish,
  ROLE,
  route,
  sequence,
  step,
  update,
} from './versions.js';

const KEY = 'arn:aws:kms:us-east-1:123456789012:key/1';
const OWN_KEY = { type: 'CUSTOMER_MANAGED_KMS_KEY', kmsKeyId: KEY, kmsDataKeyReusePeriodSeconds: 900 };
const group = (logGroupArn: string): object => ({
  loggingConfiguration: { level: 'ALL', destinations: [{ cloudWatchLogsLogGroup: { logGroupArn } }] },
});
const encrypted = (encryptionConfiguration: object): object => ({ encryptionConfiguration });
const KEYLESS = 'Invalid Encryption Configuration: ';
const tagged = (key: string, gives: Step['gives']): Step => create({ tags: [{ key, value: '' }] }, gives);

const validate = (definition: object, more: object, gives: Step['gives']): Step =>
  step(
    'ValidateStateMachineDefinition',
    { definition: JSON.stringify(definition), ...more },
    { truncated: false, ...gives },
  );
const task = (Resource: string): object => ({ Type: 'Task', Resource, End: true });
const one = (state: object): object => ({ StartAt: 'X', States: { X: state } });
const diagnostic = (severity: string, code: string, message: string, location: string): object => ({
  severity,
  code,
  message,
  location,
});
const express = (resource: string, ...messages: string[]): Step =>
  validate(
    { StartAt: 'P', States: { P: { Type: 'Parallel', Branches: [one(task(resource))], End: true } } },
    { type: 'EXPRESS' },
    {
      result: messages.length === 0 ? 'OK' : 'FAIL',
      diagnostics: messages.map((message) =>
        diagnostic('ERROR', 'SCHEMA_VALIDATION_FAILED', message, '/States/P/Branches[0]/States/X/Resource'),
      ),
    },
  );
const QUEUE = 'arn:aws:states:::sqs:sendMessage';
const looksLike = (field: string): string =>
  `The value of '${field}' looks like a path or an intrinsic function, but the name of the field does not end with '.$'`;

/** Each setting of a request is checked, kept, and given back. */
export const requests: SequenceRow[] = [
  sequence(
    'measured: aws/amazon-sagemaker-examples#2432',
    'a role is the ARN of a role, at the creation and at an update',
    create(
      { roleArn: '<execution-role-arn>' },
      failure('InvalidArn', "Invalid Role Arn: '<execution-role-arn>'"),
    ),
    create(),
    update({ roleArn: KEY }, failure('InvalidArn', `Invalid Role Arn: '${KEY}'`)),
    describe(MACHINE, { roleArn: ROLE }),
    step(
      'TestState',
      { definition: JSON.stringify({ Type: 'Pass', End: true }), roleArn: 'me' },
      failure('InvalidArn', "Invalid Role Arn: 'me'"),
    ),
  ),
  sequence(
    'measured: hashicorp/terraform-provider-aws#17683',
    'the ARN of a group of logs ends in a star',
    create(
      group('arn:aws:logs:us-east-1:123456789012:log-group:g'),
      failure(
        'InvalidLoggingConfiguration',
        "Invalid Logging Configuration: Log Group ARN must be provided with '*' qualifier.",
      ),
    ),
  ),
  sequence(
    'AWS: InvalidTracingConfiguration',
    'a tracing configuration says whether it is enabled',
    create(
      { tracingConfiguration: {} },
      failure(
        'InvalidTracingConfiguration',
        "Invalid Tracing Configuration: 'enabled' must be true or false.",
      ),
    ),
    create({ tracingConfiguration: { enabled: true } }),
    describe(MACHINE, { tracingConfiguration: { enabled: true } }),
  ),
  sequence(
    'AWS: InvalidEncryptionConfiguration',
    'a key of its own is named, and no other has one',
    create(
      encrypted({ type: 'CUSTOMER_MANAGED_KMS_KEY' }),
      failure(
        'InvalidEncryptionConfiguration',
        `${KEYLESS}'kmsKeyId' must be given for the type 'CUSTOMER_MANAGED_KMS_KEY'.`,
      ),
    ),
    step(
      'CreateActivity',
      { name: 'A', ...encrypted({ type: 'AWS_OWNED_KEY', kmsKeyId: KEY }) },
      failure(
        'InvalidEncryptionConfiguration',
        `${KEYLESS}'kmsKeyId' and 'kmsDataKeyReusePeriodSeconds' can't be given for the type 'AWS_OWNED_KEY'.`,
      ),
    ),
  ),
  sequence(
    'AWS: EncryptionConfiguration',
    'a key of its own is given back: of a machine, of its version, of an execution, of an activity',
    create({ publish: true, ...encrypted(OWN_KEY) }),
    describe(MACHINE, encrypted(OWN_KEY) as Step['gives']),
    update(encrypted({ type: 'AWS_OWNED_KEY' })),
    describe(MACHINE, encrypted({ type: 'AWS_OWNED_KEY' }) as Step['gives']),
    describe(`${MACHINE}:1`, encrypted(OWN_KEY) as Step['gives']),
    step('StartExecution', { stateMachineArn: `${MACHINE}:1`, name: 'E' }),
    step(
      'DescribeStateMachineForExecution',
      { executionArn: `${ARN}execution:M:E` },
      encrypted(OWN_KEY) as Step['gives'],
    ),
    step('CreateActivity', { name: 'A', ...encrypted(OWN_KEY) }),
    step('DescribeActivity', { activityArn: `${ARN}activity:A` }, encrypted(OWN_KEY) as Step['gives']),
  ),
  sequence(
    'AWS: PublishStateMachineVersion',
    'the revision of the creation is called INITIAL',
    create(),
    publish(
      { revisionId: 'other' },
      failure(
        'ConflictException',
        'Failed to publish the State Machine version for revision other. The current State Machine revision is INITIAL.',
      ),
    ),
    publish({ revisionId: 'INITIAL' }, { stateMachineVersionArn: `${MACHINE}:1` }),
    update({ definition: OTHER }),
    publish({ revisionId: 'INITIAL' }, { __type: 'com.amazonaws.swf.service.v2.model#ConflictException' }),
  ),
  sequence(
    'AWS: DescribeExecution',
    'the trace header of an execution is given back',
    create(),
    step('StartExecution', { stateMachineArn: MACHINE, name: 'E', traceHeader: 'Root=1-2-3' }),
    step('DescribeExecution', { executionArn: `${ARN}execution:M:E` }, { traceHeader: 'Root=1-2-3' }),
    step(
      'StartExecution',
      { stateMachineArn: MACHINE, traceHeader: 'é' },
      invalid(
        "1 validation error detected: Value 'é' at 'traceHeader' failed to satisfy constraint: Member must satisfy regular expression pattern: \\p{ASCII}*",
      ),
    ),
  ),
  sequence(
    'AWS: DescribeStateMachine',
    'the ARN of a Map in a machine is refused with its reason, and metadata has no definition',
    create(),
    describe(`${MACHINE}/Label`, { reason: 'API_DOES_NOT_SUPPORT_LABELED_ARNS' }),
    update({ stateMachineArn: `${MACHINE}/L` }, { reason: 'API_DOES_NOT_SUPPORT_LABELED_ARNS' }),
    step(
      'DescribeStateMachine',
      { stateMachineArn: MACHINE, includedData: 'METADATA_ONLY' },
      { definition: '{}' },
    ),
    step(
      'DescribeStateMachine',
      { stateMachineArn: MACHINE, includedData: 'ALL_DATA' },
      { definition: PASS },
    ),
  ),
  sequence(
    'AWS: UpdateStateMachineAlias',
    'an update of an alias changes its description or its routes',
    create({ publish: true }),
    alias({ description: 'd' }),
    step(
      'UpdateStateMachineAlias',
      { stateMachineAliasArn: `${MACHINE}:live` },
      { reason: 'MISSING_REQUIRED_PARAMETER' },
    ),
    step('UpdateStateMachineAlias', { stateMachineAliasArn: `${MACHINE}:live`, description: '' }),
    step(
      'DescribeStateMachineAlias',
      { stateMachineAliasArn: `${MACHINE}:live` },
      { description: '', routingConfiguration: route(100) },
    ),
  ),
  sequence(
    'AWS: RoutingConfigurationListItem',
    'an alias has a route, each with a version and a weight from 0 to 100',
    create({ publish: true }),
    alias(
      { routingConfiguration: [] },
      invalid(
        "1 validation error detected: Value '[]' at 'routingConfiguration' failed to satisfy constraint: Member must have length greater than or equal to 1",
      ),
    ),
    alias(
      { routingConfiguration: [{ weight: -1 }] },
      invalid(
        "2 validation errors detected: Value null at 'routingConfiguration.1.member.stateMachineVersionArn' failed to satisfy constraint: Member must not be null; Value '-1' at 'routingConfiguration.1.member.weight' failed to satisfy constraint: Member must have value greater than or equal to 0",
      ),
    ),
    alias({ routingConfiguration: route(99) }, { reason: 'INVALID_ROUTING_CONFIGURATION' }),
  ),
  sequence(
    'AWS: TagResource',
    'a tag has a key of letters, digits and a few signs that is not reserved',
    tagged(
      'a!',
      invalid(
        "1 validation error detected: Value 'a!' at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: ^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$",
      ),
    ),
    tagged(
      'aws:a',
      invalid(
        "1 validation error detected: Value 'aws:a' at 'tags.1.member.key' failed to satisfy constraint: Member must not begin with 'aws:'",
      ),
    ),
    tagged('größe: _./=+-@', { message: undefined }),
    step(
      'UntagResource',
      { resourceArn: MACHINE },
      { __type: 'com.amazon.coral.validate#ValidationException' },
    ),
    step(
      'UntagResource',
      { resourceArn: MACHINE, tagKeys: ['größe: _./=+-@', ''] },
      invalid(
        "1 validation error detected: Value '[größe: _./=+-@, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]",
      ),
    ),
  ),
  sequence(
    'AWS: TooManyTags',
    'a resource has 50 tags at most, at its creation and after it',
    create(
      { tags: Array.from({ length: 51 }, (_, i) => ({ key: `k${i}`, value: '' })) },
      { __type: 'com.amazonaws.swf.service.v2.model#TooManyTags', resourceName: 'M' },
    ),
    create({ tags: Array.from({ length: 50 }, (_, i) => ({ key: `k${i}`, value: '' })) }),
    step(
      'TagResource',
      { resourceArn: MACHINE, tags: [{ key: 'more', value: '' }] },
      { __type: 'com.amazonaws.swf.service.v2.model#TooManyTags', resourceName: MACHINE },
    ),
    step(
      'TagResource',
      { resourceArn: MACHINE, tags: [{ key: 'k7', value: 'new' }] },
      { message: undefined },
    ),
  ),
  sequence(
    'recorded: test_validate_state_machine_definition_type_express',
    'a definition is validated for the type that was named, in its branches too',
    express(QUEUE),
    express(
      `${QUEUE}.waitForTaskToken`,
      "Express state machine does not support '.waitForTaskToken' service integration ",
    ),
    express(
      'arn:aws:states:::states:startExecution.sync:2',
      "Express state machine does not support '.sync' service integration",
    ),
    express(`${ARN}activity:Work`, 'Express state machine does not support Activity ARN'),
    validate(one(task(`${QUEUE}.waitForTaskToken`)), {}, { result: 'OK', diagnostics: [] }),
  ),
  sequence(
    'AWS: ValidateStateMachineDefinitionDiagnostic',
    'warnings are told where they are asked for, and are no failure',
    validate(
      {
        StartAt: 'X',
        States: {
          X: {
            Type: 'Map',
            ItemSelector: { 'fine.$': '$.a', list: ['$.b', 'plain $.c'] },
            ItemProcessor: {
              StartAt: 'P',
              States: { P: { Type: 'Pass', Result: { deep: ["States.Format('{}', 1)"] }, End: true } },
            },
            Next: 'F',
          },
          F: { Type: 'Fail', Comment: '$.none', Error: '$.error', CausePath: '$.cause' },
        },
      },
      { severity: 'WARNING' },
      {
        result: 'OK',
        diagnostics: [
          diagnostic('WARNING', 'NO_DOLLAR', looksLike('list'), '/States/X/ItemSelector/list[0]'),
          diagnostic(
            'WARNING',
            'PASS_RESULT_IS_STATIC',
            'The Result of a Pass state is static: a path in it is not evaluated',
            '/States/X/ItemProcessor/States/P/Result',
          ),
          diagnostic(
            'WARNING',
            'NO_PATH',
            "The value of 'Error' looks like a path, but the name of the field does not end with 'Path'",
            '/States/F/Error',
          ),
        ],
      },
    ),
    validate(
      { QueryLanguage: 'JSONata', ...one({ Type: 'Pass', Output: '$.a', End: true }) },
      { severity: 'WARNING' },
      { result: 'OK', diagnostics: [] },
    ),
    validate(one({ Type: 'Pass', Result: '$.a', End: true }), {}, { result: 'OK', diagnostics: [] }),
  ),
  sequence(
    'AWS: ListStateMachineAliases',
    'the aliases of a version are listed, and those of no version are not there',
    create({ publish: true }),
    update({ definition: OTHER, publish: true }),
    alias({ name: 'a' }),
    alias({ name: 'b', routingConfiguration: route(60, 40) }),
    ...[1, 2].map((version) =>
      step(
        'ListStateMachineAliases',
        { stateMachineArn: `${MACHINE}:${version}`, maxResults: 0 },
        {
          stateMachineAliases: (version === 1 ? ['a', 'b'] : ['b']).map((name) => ({
            stateMachineAliasArn: `${MACHINE}:${name}`,
            creationDate: Date.UTC(2026, 0, 1) / 1000,
          })),
        },
      ),
    ),
    step(
      'ListStateMachineAliases',
      { stateMachineArn: `${MACHINE}:3` },
      failure('ResourceNotFound', 'Request references a resource that does not exist.'),
    ),
  ),
  sequence(
    'AWS: ListExecutions',
    'executions are those of a machine or of a map run, and one of the two is named',
    step('ListExecutions', {}, { reason: 'MISSING_REQUIRED_PARAMETER' }),
    step(
      'ListExecutions',
      { mapRunArn: `${ARN}mapRun:M/L:1` },
      failure('ResourceNotFound', `Resource not found: '${ARN}mapRun:M/L:1'`),
    ),
    create(),
    step(
      'ListExecutions',
      { stateMachineArn: MACHINE, mapRunArn: `${ARN}mapRun:M/L:1` },
      invalid("'mapRunArn' cannot be given together with 'stateMachineArn'."),
    ),
    step(
      'ListExecutions',
      { stateMachineArn: MACHINE, redriveFilter: 'REDRIVEN' },
      invalid("'redriveFilter' cannot be given together with 'stateMachineArn'."),
    ),
  ),
];
