import { inX, jsonata, one, pass, WORK, type MachineRow, type Source } from './row.js';

/** The refusal of a machine, whole: each problem as `CODE: text at path`. */
const refused = (does: string, from: Source, machine: object, ...problems: string[]): MachineRow => ({
  does: `AWS refuses ${does}`,
  from,
  machine,
  expect: { refusal: problems.join(', ') },
});
const accepted = (does: string, from: Source, machine: object, input: unknown = {}): MachineRow => ({
  does: `AWS accepts ${does}`,
  from,
  machine,
  input,
  expect: { status: 'SUCCEEDED' },
});

/**
 * AWS refuses 509 expressions of jsonata-js' own suite for such a reference. So does the local service, of the suites of
 * v2.0.3 to v2.1.0; later ones have up to six more.
 */
const REFERENCES: Source = 'measured: floci-io/floci#2670';
const SYNTAX: Source = 'measured: floci-io/floci#2745';
const top = (name: string, at: string): string =>
  `UNSUPPORTED_JSONATA_EXPRESSION: Reference to '${name}' at the top level is not supported. at ${at}`;
const invalid = (text: string, at = '/States/X/Output'): string =>
  `INVALID_JSONATA_EXPRESSION: ${text} at ${at}`;
const output = (source: string): object => jsonata({ Type: 'Pass', Output: `{% ${source} %}` });
const query = (states: object): object => ({ QueryLanguage: 'JSONata', StartAt: 'E', States: states });
const END = { Type: 'Succeed' };
const task = (fields: object): object => ({ Type: 'Task', Resource: WORK, ...fields, Next: 'Z' });
const within = (state: object): object => ({ StartAt: 'I', States: { I: { ...state, End: true } } });

const references: MachineRow[] = [
  ...[
    ['phone', 'phone'],
    ['1 + phone', 'phone'],
    ['$map($states.input.a, function($x){ b })', 'b'],
    ['$.phone', '$'],
    ['$count(list)', 'list'],
  ].map(([source = '', name = '']) =>
    refused(`{% ${source} %}`, REFERENCES, output(source), top(name, '/States/X/Output')),
  ),
  refused(
    'each name once, in order',
    REFERENCES,
    output('aaa + bbb + aaa'),
    top('aaa', '/States/X/Output'),
    top('bbb', '/States/X/Output'),
  ),
  refused(
    '$$',
    SYNTAX,
    output('$$.a'),
    "UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$$' is not supported. at /States/X/Output",
  ),
  refused(
    '$states.errorOutput outside a Catch',
    SYNTAX,
    output('$states.errorOutput'),
    "UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.errorOutput' does not exist. at /States/X/Output",
  ),
  refused('a bare name as a key', REFERENCES, output('{aaa: 1}'), top('aaa', '/States/X/Output')),
  refused(
    'a bare name that an earlier Assign sets',
    REFERENCES,
    query({
      E: { Type: 'Pass', Assign: { phone: 1 }, Next: 'X' },
      X: { Type: 'Pass', Output: '{% phone %}', End: true },
    }),
    top('phone', '/States/X/Output'),
  ),
  {
    does: 'AWS accepts a variable that is never assigned, and fails when the state runs',
    from: REFERENCES,
    machine: output('$phone'),
    expect: {
      cause: inX(
        "The JSONata expression '$phone' specified for the field 'Output' returned nothing (undefined).",
      ),
    },
  },
  accepted('names in a transform', REFERENCES, output('$states.input ~> |items|{"b": c}|'), {
    items: [{ c: 1 }],
  }),
  accepted('a name in a predicate', REFERENCES, output('[$states.input.items[phone > 3]]'), {
    items: [{ phone: 4 }],
  }),
  accepted(
    'names in later steps and orders',
    REFERENCES,
    output('$states.input.items^(phone).{"a": phone}'),
    {
      items: [{ phone: 4 }, { phone: 3 }],
    },
  ),
  ...[
    ['a[1,2)', 'Expected "]", got ","'],
    ['"unterminated', 'String literal must be terminated by a matching quote'],
    ['1 +', 'Unexpected end of expression'],
    ['$x :=', 'Unexpected end of expression'],
    ['', 'Unexpected end of expression'],
    ['{"a":}', 'The symbol "}" cannot be used as a unary operator'],
    ['$match("a", /abc', 'No terminating / in regular expression'],
    ['phone %.other', 'The symbol "." cannot be used as a unary operator'],
    ['phone[1,2)', 'Expected "]", got ","'],
  ].map(([source = '', text = '']) => refused(`{% ${source} %}`, SYNTAX, output(source), invalid(text))),
];

const BAD = '{% phone %}';
/** A machine in which one field holds a bare name, and the path of that field. */
const locations: [path: string, machine: object][] = [
  ['/States/E/Output/v', query({ E: { Type: 'Pass', Output: { v: BAD }, End: true } })],
  ['/States/E/Output/a/b[0]', query({ E: { Type: 'Pass', Output: { a: { b: [BAD] } }, End: true } })],
  ['/States/E/Assign/v', query({ E: { Type: 'Pass', Assign: { v: BAD }, End: true } })],
  ['/States/E/Assign/Next', query({ E: { Type: 'Pass', Assign: { Next: BAD }, End: true } })],
  [
    '/States/E/Choices[0]/Condition',
    query({ E: { Type: 'Choice', Choices: [{ Condition: BAD, Next: 'Z' }] }, Z: END }),
  ],
  ['/States/E/Seconds', query({ E: { Type: 'Wait', Seconds: BAD, End: true } })],
  ['/States/E/Cause', query({ E: { Type: 'Fail', Cause: BAD } })],
  [
    '/States/E/Items',
    query({ E: { Type: 'Map', Items: BAD, ItemProcessor: within({ Type: 'Pass' }), End: true } }),
  ],
  [
    '/States/E/ItemSelector/Next',
    query({
      E: { Type: 'Map', ItemSelector: { Next: BAD }, ItemProcessor: within({ Type: 'Pass' }), End: true },
    }),
  ],
  [
    '/States/E/ItemProcessor/States/I/Output/v',
    query({ E: { Type: 'Map', ItemProcessor: within({ Type: 'Pass', Output: { v: BAD } }), End: true } }),
  ],
  [
    '/States/E/Branches[0]/States/I/Output/v',
    query({ E: { Type: 'Parallel', Branches: [within({ Type: 'Pass', Output: { v: BAD } })], End: true } }),
  ],
  [
    '/States/E/Catch[0]/Output/v',
    query({
      E: task({ Catch: [{ ErrorEquals: ['States.ALL'], Output: { v: BAD }, Next: 'Z' }] }),
      Z: END,
    }),
  ],
  [
    '/States/E/Arguments/Payload/Comment',
    query({ E: task({ Arguments: { Payload: { Comment: BAD } } }), Z: END }),
  ],
];

/** A Distributed Map, E. */
const distributed = (fields: object): object =>
  query({
    E: {
      Type: 'Map',
      ...fields,
      ItemProcessor: { ...within({ Type: 'Pass' }), ProcessorConfig: { Mode: 'DISTRIBUTED' } },
      End: true,
    },
  });

const places: MachineRow[] = [
  ...locations.map(([path, machine]) =>
    refused(`a bare name at ${path}`, REFERENCES, machine, top('phone', path)),
  ),
  refused(
    'a bare name in a state with a slash in its name',
    REFERENCES,
    { QueryLanguage: 'JSONata', StartAt: 'a/b', States: { 'a/b': { Type: 'Pass', Output: BAD, End: true } } },
    top('phone', '/States/a/b/Output'),
  ),
  {
    does: 'AWS accepts $states.errorOutput in a Catch',
    from: SYNTAX,
    machine: query({
      E: task({
        Catch: [{ ErrorEquals: ['States.ALL'], Output: { e: '{% $states.errorOutput.Error %}' }, Next: 'Z' }],
      }),
      Z: END,
    }),
    work: [{ error: 'Mine', cause: 'c' }],
    expect: { status: 'SUCCEEDED', output: { e: 'Mine' } },
  },
  {
    does: 'AWS accepts $states.errorOutput in the Assign of a Catch',
    from: SYNTAX,
    machine: query({
      E: task({
        Catch: [{ ErrorEquals: ['States.ALL'], Assign: { e: '{% $states.errorOutput.Error %}' }, Next: 'Z' }],
      }),
      Z: { Type: 'Succeed', Output: '{% $e %}' },
    }),
    work: [{ error: 'Mine', cause: 'c' }],
    expect: { status: 'SUCCEEDED', output: 'Mine' },
  },
  refused(
    '$states.errorOutput in the Output of a state with a Catch',
    SYNTAX,
    query({
      E: task({
        Output: '{% $states.errorOutput.Error %}',
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Z' }],
      }),
      Z: END,
    }),
    "UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.errorOutput' does not exist. at /States/E/Output",
  ),
  refused(
    'an expression as a Next: it is a name',
    REFERENCES,
    query({ E: { Type: 'Pass', Next: BAD }, Z: END }),
    `MISSING_TRANSITION_TARGET: Missing 'Next' target: ${BAD} at /States/E/Next`,
    'MISSING_TRANSITION_TARGET: State "Z" is not reachable. at /States/Z',
  ),
  {
    does: 'AWS refuses a bare name in an ItemBatcher',
    from: REFERENCES,
    machine: distributed({ ItemBatcher: { BatchInput: { Comment: BAD } } }),
    expect: { refused: top('phone', '/States/E/ItemBatcher/BatchInput/Comment') },
  },
  {
    does: 'AWS refuses a bare name in the Arguments of an ItemReader, not in its CSVHeaders',
    from: REFERENCES,
    machine: distributed({
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'CSV', CSVHeaderLocation: 'GIVEN', CSVHeaders: [BAD] },
        Arguments: { Bucket: BAD },
      },
    }),
    expect: { refused: top('phone', '/States/E/ItemReader/Arguments/Bucket') },
  },
  {
    does: 'AWS accepts a text that looks like an expression in ErrorEquals',
    from: REFERENCES,
    machine: query({ E: task({ Catch: [{ ErrorEquals: [BAD], Next: 'Z' }] }), Z: END }),
    work: [{ output: 1 }],
    expect: { status: 'SUCCEEDED' },
  },
  accepted(
    'a text that looks like an expression in JSONPath',
    REFERENCES,
    pass({ Result: { Next: BAD }, Comment: BAD }),
  ),
  accepted(
    'a text that looks like an expression as a Comment',
    REFERENCES,
    jsonata({ Type: 'Pass', Comment: BAD }),
  ),
];

const LANGUAGES: Source = 'measured: floci-io/floci#2968';
const schema = (text: string, at: string): string => `SCHEMA_VALIDATION_FAILED: ${text} at ${at}`;
const foreign = (language: string, field: string, at = '/States/X'): string =>
  schema(
    `The QueryLanguage is set to '${language}', but field '${field}' is only supported for the '${language === 'JSONata' ? 'JSONPath' : 'JSONata'}' QueryLanguage`,
    at,
  );
const ENUM = 'Value should be one of the following: [JSONPath, JSONata]';
const map = (fields: object, inner: object = { Type: 'Pass' }): object => ({
  StartAt: 'M',
  States: { M: { Type: 'Map', ItemProcessor: within(inner), ...fields, End: true } },
});

const languages: MachineRow[] = [
  ...['InputPath', 'OutputPath', 'ResultPath'].map((field) =>
    refused(
      `${field} in a JSONata state`,
      LANGUAGES,
      jsonata({ Type: 'Pass', [field]: '$' }),
      foreign('JSONata', field),
    ),
  ),
  ...['ResultSelector', 'Parameters', 'Result'].map((field) =>
    refused(
      `${field} in a JSONata state`,
      LANGUAGES,
      jsonata({ Type: 'Pass', [field]: {} }),
      foreign('JSONata', field),
    ),
  ),
  ...['ItemsPath', 'MaxConcurrencyPath'].map((field) =>
    refused(
      `${field} in a JSONata Map`,
      LANGUAGES,
      map({ QueryLanguage: 'JSONata', [field]: '$.a' }),
      foreign('JSONata', field, '/States/M'),
    ),
  ),
  ...['Output', 'Arguments'].map((field) =>
    refused(`${field} in a JSONPath state`, LANGUAGES, pass({ [field]: {} }), foreign('JSONPath', field)),
  ),
  refused(
    'Items in a JSONPath Map',
    LANGUAGES,
    map({ Items: [] }),
    foreign('JSONPath', 'Items', '/States/M'),
  ),
  refused(
    "a field of the Map's language in a state inside it",
    LANGUAGES,
    map({ QueryLanguage: 'JSONata' }, { Type: 'Pass', Output: {} }),
    foreign('JSONPath', 'Output', '/States/M/ItemProcessor/States/I'),
  ),
  accepted(
    "an explicit language inside a Map of the machine's",
    LANGUAGES,
    map({}, { Type: 'Pass', QueryLanguage: 'JSONata', Output: '{% 1 %}' }),
    [],
  ),
  refused(
    'QueryLanguage on an ItemProcessor',
    LANGUAGES,
    map({ ItemProcessor: { ...within({ Type: 'Pass' }), QueryLanguage: 'JSONPath' } }),
    schema("Field 'QueryLanguage' is not supported", '/States/M/ItemProcessor'),
  ),
  refused(
    'QueryLanguage on a branch',
    LANGUAGES,
    pass({ Type: 'Parallel', Branches: [{ ...within({ Type: 'Pass' }), QueryLanguage: 'JSONPath' }] }),
    schema("Field 'QueryLanguage' is not supported", '/States/X/Branches[0]'),
  ),
  refused(
    'a downgrade, and what else is wrong with the state',
    LANGUAGES,
    {
      QueryLanguage: 'JSONata',
      ...map({ QueryLanguage: 'JSONPath', ItemsPath: '$', MaxConcurrency: -1 }),
    },
    schema("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine", '/States/M'),
    schema('Minimum value is 0', '/States/M/MaxConcurrency'),
  ),
  refused(
    "a downgrade alone, with a field of the machine's language",
    LANGUAGES,
    jsonata({ Type: 'Pass', QueryLanguage: 'JSONPath', Output: {}, InputPath: '$' }),
    schema("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine", '/States/X'),
  ),
  refused(
    'a language that there is not in a JSONata machine, which is no downgrade',
    LANGUAGES,
    jsonata({ Type: 'Pass', QueryLanguage: 'jsonpath', InputPath: '$' }),
    foreign('JSONata', 'InputPath'),
    schema(ENUM, '/States/X/QueryLanguage'),
  ),
  refused(
    'QueryLanguage on an Iterator',
    LANGUAGES,
    one({ Type: 'Map', Iterator: { ...within({ Type: 'Pass' }), QueryLanguage: 'JSONata' } }),
    schema("Field 'QueryLanguage' is not supported", '/States/X/Iterator'),
  ),
  refused(
    'a language of the machine that is no text',
    LANGUAGES,
    { QueryLanguage: 5, ...pass({ InputPath: '$' }) },
    schema('Expected value of type [STRING]', '/QueryLanguage'),
    foreign('JSONata', 'InputPath'),
  ),
  refused(
    'a language that there is not, as JSONata',
    LANGUAGES,
    pass({ QueryLanguage: 'jsonpath', InputPath: '$' }),
    foreign('JSONata', 'InputPath'),
    schema(ENUM, '/States/X/QueryLanguage'),
  ),
  refused(
    'a language of the machine that there is not',
    LANGUAGES,
    { QueryLanguage: 'foo', ...pass({ InputPath: '$' }) },
    schema(ENUM, '/QueryLanguage'),
    foreign('JSONata', 'InputPath'),
  ),
  refused(
    'a language that is no text',
    LANGUAGES,
    pass({ QueryLanguage: 5 }),
    schema('Expected value of type [STRING]', '/States/X/QueryLanguage'),
  ),
];

const GRAPH: Source = 'measured: floci-io/floci#2735';
const FIELDS: Source = 'measured: floci-io/floci#2786';
const target = (name: string, at: string): string =>
  `MISSING_TRANSITION_TARGET: Missing 'Next' target: ${name} at ${at}`;
const unreached = (name: string, at = `/States/${name}`): string =>
  `MISSING_TRANSITION_TARGET: State "${name}" is not reachable. at ${at}`;
const NO_END = 'MISSING_END_STATE: Workflow has no terminal state at null';

/** A state of each type, in JSONata, that has all it needs. */
const STATES: Readonly<Record<string, object>> = {
  Pass: { Type: 'Pass', End: true },
  Wait: { Type: 'Wait', Seconds: 1, End: true },
  Succeed: END,
  Fail: { Type: 'Fail' },
  Choice: { Type: 'Choice', Choices: [{ Condition: true, Next: 'Z' }] },
  Map: { Type: 'Map', ItemProcessor: within({ Type: 'Pass' }), End: true },
  Parallel: { Type: 'Parallel', Branches: [within({ Type: 'Pass' })], End: true },
};

const graphs: MachineRow[] = [
  refused(
    'a missing target and a state that nothing leads to, joined',
    'measured: localstack/localstack#11978',
    {
      StartAt: 'pass1',
      States: { pass1: { Type: 'Pass', Next: 'pass3' }, pass2: { Type: 'Pass', End: true } },
    },
    target('pass3', '/States/pass1/Next'),
    unreached('pass2'),
  ),
  accepted(
    'a loop without an end inside a Map',
    GRAPH,
    map({
      ItemsPath: '$.l',
      ItemProcessor: {
        StartAt: 'A',
        States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } },
      },
    }),
    { l: [] },
  ),
  refused(
    'a loop without an end',
    GRAPH,
    { StartAt: 'A', States: { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } } },
    NO_END,
  ),
  refused(
    'a target that is missing, where nothing ends the machine',
    GRAPH,
    { StartAt: 'A', States: { A: { Type: 'Pass', Next: 'NOPE' } } },
    target('NOPE', '/States/A/Next'),
    NO_END,
  ),
  refused(
    'a loop beside an end that nothing leads to',
    GRAPH,
    { StartAt: 'A', States: { A: { Type: 'Pass', Next: 'A' }, C: { Type: 'Succeed' } } },
    unreached('C'),
  ),
  refused(
    'each state where StartAt leads nowhere',
    GRAPH,
    { StartAt: 'Q', States: { A: { Type: 'Pass', Next: 'B' }, B: END } },
    target('Q', '/StartAt'),
    unreached('A'),
    unreached('B'),
  ),
  ...(
    [
      [
        '/States/E/Default',
        { E: { Type: 'Choice', Choices: [{ Condition: true, Next: 'Z' }], Default: 'N' } },
      ],
      [
        '/States/E/Choices[0]/Next',
        { E: { Type: 'Choice', Choices: [{ Condition: true, Next: 'N' }], Default: 'Z' } },
      ],
      ['/States/E/Catch[0]/Next', { E: task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'N' }] }) }],
      [
        '/States/E/ItemProcessor/StartAt',
        { E: { Type: 'Map', ItemProcessor: { StartAt: 'N', States: {} }, Next: 'Z' } },
      ],
    ] as [string, object][]
  ).map(([path, states]) =>
    refused(`a target that is missing at ${path}`, GRAPH, query({ ...states, Z: END }), target('N', path)),
  ),
  refused(
    'a state in a branch that nothing leads to',
    GRAPH,
    query({
      E: {
        Type: 'Parallel',
        Branches: [{ StartAt: 'I', States: { I: END, Ghost: END } }],
        End: true,
      },
    }),
    unreached('Ghost', '/States/E/Branches[0]/States/Ghost'),
  ),
  ...['Pass', 'Wait', 'Succeed', 'Map', 'Parallel', 'Choice', 'Fail'].map((type) =>
    refused(
      `TimeoutSeconds on a ${type}`,
      FIELDS,
      query({ E: { ...STATES[type], TimeoutSeconds: 5 }, ...(type === 'Choice' && { Z: END }) }),
      schema("Field 'TimeoutSeconds' is not supported", '/States/E'),
    ),
  ),
  ...['TimeoutSeconds', 'Catch', 'Retry'].map((field) =>
    refused(
      `${field} on a Pass in JSONPath`,
      FIELDS,
      pass({ [field]: field === 'TimeoutSeconds' ? 5 : [] }),
      schema(`Field '${field}' is not supported`, '/States/X'),
    ),
  ),
  ...['Catch', 'Retry'].flatMap((field) =>
    ['Pass', 'Wait', 'Succeed', 'Choice', 'Fail'].map((type) =>
      refused(
        `${field} on a ${type}`,
        FIELDS,
        query({ E: { ...STATES[type], [field]: [] }, ...(type === 'Choice' && { Z: END }) }),
        schema(`Field '${field}' is not supported`, '/States/E'),
      ),
    ),
  ),
];

/** JSONata, and the graph of states, as the live service checks them when a machine is created, measured by others. */
export const measuredCreation: MachineRow[] = [...references, ...places, ...languages, ...graphs];
