/** A body that asks for far more than its call should cost. */
export interface HostileBody {
  readonly does: string;
  readonly operation: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  /** The type of the error that answers it, or one of these types; undefined where it succeeds. */
  readonly error: string | readonly string[] | undefined;
}

const ARN = 'arn:aws:states:us-east-1:123456789012:';
const ACTIVITY = `${ARN}activity:Other`;
const MACHINE = `${ARN}stateMachine:Other`;
const ROLE = 'arn:aws:iam::123456789012:role/any';
const PASS = '{"StartAt":"X","States":{"X":{"Type":"Pass","End":true}}}';
/** A little less than a body may have. */
const FULL = 4_190_000;

const raw = (
  does: string,
  operation: string,
  body: HostileBody['body'],
  error: HostileBody['error'],
): HostileBody => ({ does, operation, body, error });
const body = (does: string, operation: string, fields: object, error: HostileBody['error']): HostileBody =>
  raw(does, operation, JSON.stringify(fields), error);

const INVALID = 'ValidationException';
const UNREAD = 'SerializationException';
const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

/** Calls that are as hostile as the expressions. */
export const bodies: HostileBody[] = [
  // A small heap may have no room for so many values.
  raw('brackets and nothing else', 'CreateActivity', '['.repeat(FULL), [
    UNREAD,
    'ServiceUnavailableException',
  ]),
  raw('lists in lists', 'CreateActivity', `{"name":${deep(FULL / 2 - 10)}}`, UNREAD),
  raw('objects in objects', 'CreateActivity', '{"a":'.repeat(FULL / 6) + '1' + '}'.repeat(FULL / 6), UNREAD),
  raw('numbers as a name', 'CreateActivity', `{"name":[${'1e9,'.repeat(400_000)}1]}`, UNREAD),
  raw('a body that ends in the middle of a text', 'CreateActivity', `{"name":"${'x'.repeat(FULL)}`, UNREAD),
  raw('bytes that are no text', 'CreateActivity', new Uint8Array(FULL).fill(0xff), UNREAD),
  raw(
    'very many fields',
    'ListActivities',
    `{${Array.from({ length: 100_000 }, (_, i) => `"f${i}":0`).join(',')}}`,
    undefined,
  ),
  raw(
    'many prototypes',
    'ListActivities',
    `{${'"__proto__":{"maxResults":1},'.repeat(40_000)}"nextToken":null}`,
    undefined,
  ),
  body('a name of four million characters', 'CreateActivity', { name: 'x'.repeat(FULL) }, INVALID),
  body('a name of nothing that can be seen', 'CreateActivity', { name: '\u0000'.repeat(80) }, 'InvalidName'),
  body('an ARN of colons', 'DescribeActivity', { activityArn: ':'.repeat(FULL) }, INVALID),
  body('an ARN of as many parts as fit', 'DescribeActivity', { activityArn: ':'.repeat(256) }, 'InvalidArn'),
  body('a page token of megabytes', 'ListStateMachines', { nextToken: 'A'.repeat(FULL) }, INVALID),
  body(
    'a page token that is an endless number',
    'GetExecutionHistory',
    {
      executionArn: `${ARN}execution:Other:x`,
      nextToken: Buffer.from(`page ${'9'.repeat(2_000)}`).toString('base64url'),
    },
    'ExecutionDoesNotExist',
  ),
  body('a size beyond all numbers', 'ListActivities', { maxResults: 1e308 }, INVALID),
  body(
    'an input that is too large',
    'StartExecution',
    { stateMachineArn: MACHINE, input: 'x'.repeat(FULL) },
    INVALID,
  ),
  body(
    'an input as large as it may be, of brackets',
    'StartExecution',
    { stateMachineArn: MACHINE, input: deep(131_072) },
    'InvalidExecutionInput',
  ),
  body(
    'an input of blanks with a mistake at its end',
    'StartExecution',
    { stateMachineArn: MACHINE, input: `${' '.repeat(262_000)}{` },
    'InvalidExecutionInput',
  ),
  body(
    'an input of digits',
    'StartExecution',
    { stateMachineArn: MACHINE, input: `${'9'.repeat(262_000)}x` },
    'InvalidExecutionInput',
  ),
  body(
    'an input of escapes that lead nowhere',
    'StartExecution',
    { stateMachineArn: MACHINE, input: `"${'\\u005c'.repeat(40_000)}` },
    'InvalidExecutionInput',
  ),
  body(
    'an output for nobody, of megabytes',
    'SendTaskSuccess',
    { taskToken: 'x', output: deep(FULL / 2 - 30) },
    INVALID,
  ),
  body('a cause of megabytes', 'SendTaskFailure', { taskToken: 'x', cause: 'x'.repeat(FULL) }, INVALID),
  body('a token of megabytes', 'SendTaskHeartbeat', { taskToken: 'x'.repeat(FULL) }, INVALID),
  body('a token of percent signs', 'SendTaskHeartbeat', { taskToken: '%'.repeat(2_048) }, 'InvalidToken'),
  body(
    'a worker name of megabytes',
    'GetActivityTask',
    { activityArn: ACTIVITY, workerName: 'x'.repeat(FULL) },
    INVALID,
  ),
  body(
    'a hundred thousand tags',
    'CreateStateMachine',
    {
      name: 'Tagged',
      definition: PASS,
      roleArn: ROLE,
      tags: Array.from({ length: 100_000 }, (_, i) => ({ key: `k${i}`, value: 'v' })),
    },
    INVALID,
  ),
  body(
    'a definition beyond a megabyte',
    'CreateStateMachine',
    { name: 'Large', definition: `${PASS}${' '.repeat(1_048_577)}`, roleArn: ROLE },
    INVALID,
  ),
  body(
    'a definition of blanks, as large as it may be',
    'CreateStateMachine',
    { name: 'Blank', definition: `${' '.repeat(1_048_000)}x`, roleArn: ROLE },
    'InvalidDefinition',
  ),
  body('an operation of four million characters, nearly', 'X'.repeat(8_000), {}, 'UnsupportedOperation'),
];
