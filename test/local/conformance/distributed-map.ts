import { inX, jsonata, one, type Expected, type MachineRow, type Source } from './row.js';

/** The files of the bucket `bucket`, by their keys. */
export const FILES: Readonly<Record<string, string>> = {
  'file.json': '[ {"b": 1, "a": "x, ]"}, [2],\n "th\\"ree" ]',
  'object.json': '{"a": [1, 2], "b": {"k": 1, "l": [2]}}',
  'file.jsonl': '{"a": 1}\n\n[2]\r\n3',
  'file.csv': "Col1,Col2,Col3\nValue1,Value2,Value3\n,,\ntrue,1,'HelloWorld'\nNull,None,\n   \n",
  'typed.csv': '0,True,{}\nValue4,Value5,Value6\n,,\n',
  'extra.csv': 'H1,\nValue4,Value5,Value6\n',
  'garbage.csv.gz': 'n,t\n1,2\n',
  'mac.csv': 'n,t\r1,"a\rb"\r2,c\r',
  'paths.csv': 'path,size\nC:\\\\a.exe,1\n"a \\"b\\", c",2\na\\,b\\c,3\n',
  'pipes.csv': 'n|t\r\n1|"a ""|"" b\nc"\r\n2|d\r\n',
  'open.csv': 'a\n"b\nc\n',
  'data/1.csv': 'a\n1\n2\n',
  'data/2.csv': 'a\n3\n',
  'inventory.json': JSON.stringify({
    destinationBucket: 'arn:aws:s3:::bucket',
    fileFormat: 'CSV',
    fileSchema: 'Bucket, Key, Size',
    files: [{ key: 'inventory/1.csv' }],
  }),
  'inventory/1.csv': '"b","one.txt","3"\n"b","two.txt","4"\n',
  'athena.csv': '"s3://bucket/data/2.csv"\n"s3://bucket/data/1.csv"\n',
};

const PASS = { P: { Type: 'Pass', End: true } };
const CONFIG = { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' };
const processor = (states: object = PASS): object => ({
  ProcessorConfig: CONFIG,
  StartAt: Object.keys(states)[0],
  States: states,
});
const map = (fields: object = {}, states?: object): object => ({
  Type: 'Map',
  ItemProcessor: processor(states),
  ...fields,
});
const read = (Key: string, ReaderConfig: object, more: object = {}): object =>
  map({
    ItemReader: {
      Resource: 'arn:aws:states:::s3:getObject',
      Parameters: { Bucket: 'bucket', Key },
      ReaderConfig,
    },
    ...more,
  });
const list = (Parameters: object, more: object = {}, ReaderConfig?: object): object =>
  map({
    ItemReader: {
      Resource: 'arn:aws:states:::s3:listObjectsV2',
      Parameters: { Bucket: 'bucket', ...Parameters },
      ...(ReaderConfig && { ReaderConfig }),
    },
    ...more,
  });
const csv = (key: string, more: object = {}): object =>
  read(key, { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW', ...more });

const SUCCEEDS = [
  'ExecutionStarted<0',
  'MapStateEntered<0',
  'MapStateStarted<2',
  'MapRunStarted<3',
  'MapRunSucceeded<4',
  'MapStateSucceeded<5',
  'MapStateExited<4',
  'ExecutionSucceeded<7',
];
const FAILS = [...SUCCEEDS.slice(0, 4), 'MapRunFailed<4', 'MapStateFailed<5', 'ExecutionFailed<6'];
/** A mistake in the fields fails the state before the map run. */
const WRONG = [...SUCCEEDS.slice(0, 3), 'ExecutionFailed<3'];

const row = (
  from: Source,
  does: string,
  machine: object,
  expect: Expected,
  input: unknown = {},
): MachineRow => ({ does: `Distributed Map: ${does}`, from, machine, input, expect });
const succeeds = (output: unknown, length = 0): Expected => ({
  status: 'SUCCEEDED',
  output,
  events: SUCCEEDS,
  details: { 3: { length } },
});
const fails = (error: string, cause: string): Expected => ({
  status: 'FAILED',
  error,
  cause,
  events: FAILS,
  details: { 5: { error, cause }, 7: { error, cause } },
});
const unread = (cause: string): Expected => fails('States.ItemReaderFailed', cause);
const wrong = (reason: string): Expected => ({
  status: 'FAILED',
  error: 'States.Runtime',
  cause: inX(reason),
  events: WRONG,
});

const overInput: MachineRow[] = [
  row(
    'recorded: test_map_state_config_distributed_parameters',
    'the older Parameters select the input of each child',
    one(map({ Parameters: { 'v.$': '$$.Map.Item.Value', 'all.$': '$', c: 'd' } })),
    succeeds(
      [
        { c: 'd', v: 'Hello', all: ['Hello', 'World'] },
        { c: 'd', v: 'World', all: ['Hello', 'World'] },
      ],
      2,
    ),
    ['Hello', 'World'],
  ),
  row(
    'recorded: test_map_state_legacy_config_distributed',
    'it may stand in the older Iterator',
    one({ Type: 'Map', MaxConcurrency: 1, Iterator: processor() }),
    succeeds(['Hello', 'World'], 2),
    ['Hello', 'World'],
  ),
  row(
    'recorded: test_map_state_nested_config_distributed_no_max_max_concurrency',
    'a child may itself have one',
    one(map({ ItemsPath: '$.outer' }, { Inner: { ...map({ ItemsPath: '$.inner' }), End: true } })),
    succeeds([[0, 1], [2]], 2),
    { outer: [{ inner: [0, 1] }, { inner: [2] }] },
  ),
  row(
    'recorded: test_map_state_config_distributed_reentrant',
    'each visit of the state is a new map run',
    {
      StartAt: 'X',
      States: {
        X: { ...map({ ItemsPath: '$.items', ResultPath: '$.items' }, PASS), Next: 'C' },
        C: { Type: 'Choice', Choices: [{ Variable: '$.n', NumericEquals: 0, Next: 'X' }], Default: 'Z' },
        Z: { Type: 'Succeed' },
      },
    },
    { status: 'SUCCEEDED', output: { n: 1, items: [1] }, path: ['X', 'C', 'Z'] },
    { n: 1, items: [1] },
  ),
  row(
    'recorded: test_map_state_failure_count',
    'a failed child without tolerance fails it by that name, and a Catch takes it',
    {
      StartAt: 'X',
      States: {
        X: {
          ...map({}, { F: { Type: 'Fail', Error: 'E', Cause: 'c' } }),
          Catch: [{ ErrorEquals: ['States.ExceedToleratedFailureThreshold'], Next: 'Z' }],
          End: true,
        },
        Z: { Type: 'Succeed' },
      },
    },
    {
      status: 'SUCCEEDED',
      output: {
        Error: 'States.ExceedToleratedFailureThreshold',
        Cause: 'The specified tolerated failure threshold was exceeded',
      },
    },
    [1],
  ),
  ...(
    [
      [{}, 'The ToleratedFailureCountPath field refers to value "{}" which is not a valid integer: $.t'],
      ['No', 'The ToleratedFailureCountPath field refers to value "No" which is not a valid integer: $.t'],
      [-1, 'ToleratedFailureCount cannot be negative.'],
    ] as const
  ).map(([t, reason]) =>
    row(
      'recorded: test_map_state_tolerated_failure_count_path',
      `a ToleratedFailureCountPath to ${JSON.stringify(t)}`,
      one(map({ ItemsPath: '$.i', ToleratedFailureCountPath: '$.t' })),
      wrong(reason),
      { i: [0], t },
    ),
  ),
  ...(
    [
      ['No', 'The ToleratedFailurePercentagePath field refers to value "No" which is not a valid float: $.t'],
      [-1.1, 'ToleratedFailurePercentage must be between 0 and 100.'],
      [100.1, 'ToleratedFailurePercentage must be between 0 and 100.'],
    ] as const
  ).map(([t, reason]) =>
    row(
      'recorded: test_map_state_tolerated_failure_percentage_path',
      `a ToleratedFailurePercentagePath to ${JSON.stringify(t)}`,
      one(map({ ItemsPath: '$.i', ToleratedFailurePercentagePath: '$.t' })),
      wrong(reason),
      { i: [0], t },
    ),
  ),
  row(
    'recorded: test_map_state_tolerated_failure_percentage_path',
    'a ToleratedFailurePercentagePath to 1.1',
    one(map({ ItemsPath: '$.i', ToleratedFailurePercentagePath: '$.t' })),
    succeeds([0], 1),
    { i: [0], t: 1.1 },
  ),
  row(
    'AWS: ItemsPath (Map, JSONPath only)',
    'the items may be those of an object, with their keys in the context object',
    one(
      map({
        ItemSelector: { 'k.$': '$$.Map.Item.Key', 'v.$': '$$.Map.Item.Value', 's.$': '$$.Map.Item.Source' },
      }),
    ),
    succeeds([{ k: 'a', v: 1, s: 'STATE_DATA' }], 1),
    { a: 1 },
  ),
  row(
    'AWS: ItemsPath (Map, JSONPath only)',
    'the input of a child is the pair of an object',
    one(map()),
    succeeds([{ Key: 'a', Value: 1 }], 1),
    { a: 1 },
  ),
  row(
    'AWS: Using Map state in Distributed mode to process data in parallel',
    'a child reads no variables of its parent',
    {
      StartAt: 'A',
      States: {
        A: { Type: 'Pass', Assign: { x: 1 }, Next: 'M' },
        M: { ...map({}, { P: { Type: 'Pass', Parameters: { 'v.$': '$x' }, End: true } }), End: true },
      },
    },
    { status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' },
    [1],
  ),
];

const reading: MachineRow[] = [
  row(
    'recorded: test_map_item_reader_base_json',
    'a JSON array in a file',
    one(read('file.json', { InputType: 'JSON' })),
    succeeds([{ b: 1, a: 'x, ]' }, [2], 'th"ree']),
  ),
  row(
    'recorded: test_map_item_reader_base_json_with_items_path',
    'an ItemsPath beside an ItemReader changes nothing',
    one(read('file.json', { InputType: 'JSON', MaxItems: 1 }, { ItemsPath: '$.no' })),
    succeeds([{ b: 1, a: 'x, ]' }]),
  ),
  row(
    'recorded: test_map_item_reader_json_no_json_list_object',
    'a JSON file without an array',
    one(read('object.json', { InputType: 'JSON' })),
    unread('Attempting to map over non-iterable node.'),
  ),
  row(
    'recorded: test_map_item_reader_base_csv_headers_first_line',
    'CSV: each value is a string, and a short row is filled',
    one(csv('file.csv')),
    succeeds([
      { Col1: 'Value1', Col2: 'Value2', Col3: 'Value3' },
      { Col1: '', Col2: '', Col3: '' },
      { Col1: 'true', Col2: '1', Col3: "'HelloWorld'" },
      { Col1: 'Null', Col2: 'None', Col3: '' },
      { Col1: '   ', Col2: '', Col3: '' },
    ]),
  ),
  row(
    'recorded: test_map_item_reader_csv_headers_first_row_typed_headers',
    'CSV: the keys have the order of a Java HashMap',
    one({
      ...csv('typed.csv'),
      ResultSelector: { 'keys.$': 'States.JsonToString($[0])' },
    }),
    { output: { keys: '{"0":"Value4","{}":"Value6","True":"Value5"}' } },
  ),
  row(
    'recorded: test_map_item_reader_csv_headers_decl_extra_fields',
    'CSV: given headers make the first row an item, and cells without a header are dropped',
    one(csv('typed.csv', { CSVHeaderLocation: 'GIVEN', CSVHeaders: ['H1'] })),
    succeeds([{ H1: '0' }, { H1: 'Value4' }, { H1: '' }]),
  ),
  row(
    'recorded: test_map_item_reader_csv_first_row_extra_fields',
    'CSV: a header may be empty',
    one(csv('extra.csv')),
    succeeds([{ H1: 'Value4', '': 'Value5' }]),
  ),
  row(
    'recorded: test_map_item_reader_csv_headers_decl_duplicate_headers',
    'CSV: no header may be there twice',
    one(csv('file.csv', { CSVHeaderLocation: 'GIVEN', CSVHeaders: ['H1', 'H1'] })),
    unread('CSV headers cannot contain duplicates.'),
  ),
  row(
    'recorded: test_map_item_reader_csv_max_items_paths[-1]',
    'a negative MaxItemsPath fails the run',
    one(csv('file.csv', { MaxItemsPath: '$.n' })),
    unread('field MaxItems must be positive'),
    { n: -1 },
  ),
  row(
    'recorded: test_map_item_reader_csv_max_items_paths[1.5]',
    'a MaxItemsPath to a fraction fails the state',
    one(csv('file.csv', { MaxItemsPath: '$.n' })),
    wrong('The MaxItemsPath field refers to value "1.5" which is not a valid integer: $.n'),
    { n: 1.5 },
  ),
  row(
    'recorded: test_map_item_reader_csv_max_items_paths[2]',
    'MaxItemsPath leads to the number of items',
    one(csv('typed.csv', { MaxItemsPath: '$.n' })),
    succeeds([{ 0: 'Value4', True: 'Value5', '{}': 'Value6' }]),
    { n: '1' },
  ),
  row(
    'recorded: test_map_item_reader_base_list_objects_v2',
    'the objects of a listing, in the order of their keys',
    one(
      list(
        { Prefix: 'data/' },
        { ItemSelector: { 'k.$': '$$.Map.Item.Value.Key', 's.$': '$$.Map.Item.Source' } },
      ),
    ),
    succeeds([
      { k: 'data/1.csv', s: 's3://bucket' },
      { k: 'data/2.csv', s: 's3://bucket' },
    ]),
  ),
  row(
    'recorded: test_map_item_batching_base_json_max_per_batch_jsonata',
    'an ItemBatcher groups what MaxItems leaves, in JSONata',
    jsonata({
      ...map(),
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        Arguments: { Bucket: '{% "bucket" %}', Key: '{% $states.input.Key %}' },
        ReaderConfig: { InputType: 'JSON', MaxItems: '{% 1 + 1 %}' },
      },
      ItemBatcher: {
        MaxItemsPerBatch: '{% $states.input.Most %}',
        MaxInputBytesPerBatch: 150_000,
        BatchInput: { name: '{% $states.context.State.Name %}' },
      },
    }),
    succeeds([{ BatchInput: { name: 'X' }, Items: [{ b: 1, a: 'x, ]' }, [2]] }]),
    { Key: 'file.json', Most: 2 },
  ),
  row(
    'recorded: test_reference_in_map_state_max_items_path',
    'MaxItemsPerBatchPath and MaxItemsPath may lead to a number in a string',
    one(
      read(
        'file.json',
        { InputType: 'JSON', MaxItemsPath: '$.m' },
        { ItemBatcher: { MaxItemsPerBatchPath: '$.b' } },
      ),
    ),
    succeeds([{ Items: [{ b: 1, a: 'x, ]' }] }, { Items: [[2]] }]),
    { m: '2', b: '1' },
  ),
];

const ITEM_READER = 'AWS: ItemReader (Map)';
const documented: MachineRow[] = [
  row(
    ITEM_READER,
    'JSON Lines',
    one(read('file.jsonl', { InputType: 'JSONL' })),
    succeeds([{ a: 1 }, [2], 3]),
  ),
  row(
    ITEM_READER,
    'an ItemsPointer leads to an array in a JSON file',
    one(read('object.json', { InputType: 'JSON', ItemsPointer: '/b/l' })),
    succeeds([2]),
  ),
  row(
    ITEM_READER,
    'CSV: another delimiter, quotes, and a line break in a cell',
    one(csv('pipes.csv', { CSVDelimiter: 'PIPE' })),
    succeeds([
      { n: '1', t: 'a "|" b\nc' },
      { n: '2', t: 'd' },
    ]),
  ),
  row(
    ITEM_READER,
    'CSV: line breaks may be carriage returns',
    one(csv('mac.csv')),
    succeeds([
      { n: '1', t: 'a\nb' },
      { n: '2', t: 'c' },
    ]),
  ),
  row(
    'AWS: How Step Functions parses input CSV files',
    'CSV: a character behind a backslash stands for itself',
    one(csv('paths.csv')),
    succeeds([
      { path: 'C:\\a.exe', size: '1' },
      { path: 'a "b", c', size: '2' },
      { path: 'a,bc', size: '3' },
    ]),
  ),
  row(
    ITEM_READER,
    'CSV: a quote that nothing closes',
    one(csv('open.csv')),
    unread('The data that the ItemReader reads is not valid CSV.'),
  ),
  row(
    ITEM_READER,
    'an object that ends in .gz, but is not compressed',
    one(csv('garbage.csv.gz')),
    unread("The object 'garbage.csv.gz' can not be read as gzip: incorrect header check"),
  ),
  row(
    ITEM_READER,
    'LOAD_AND_FLATTEN reads each object of a listing',
    one(
      list(
        { Prefix: 'data/' },
        { ItemSelector: { 'a.$': '$$.Map.Item.Value.a', 's.$': '$$.Map.Item.Source' } },
        { InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW', Transformation: 'LOAD_AND_FLATTEN' },
      ),
    ),
    succeeds([
      { a: '1', s: 's3://bucket/data/1.csv' },
      { a: '2', s: 's3://bucket/data/1.csv' },
      { a: '3', s: 's3://bucket/data/2.csv' },
    ]),
  ),
  row(
    ITEM_READER,
    'the rows of an inventory of Amazon S3',
    one(read('inventory.json', { InputType: 'MANIFEST' })),
    succeeds([
      { Bucket: 'b', Key: 'one.txt', Size: '3' },
      { Bucket: 'b', Key: 'two.txt', Size: '4' },
    ]),
  ),
  row(
    ITEM_READER,
    'the files that a manifest of Athena names',
    one(
      read('athena.csv', { ManifestType: 'ATHENA_DATA', InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' }),
    ),
    succeeds([{ a: '3' }, { a: '1' }, { a: '2' }]),
  ),
  row(
    'AWS: ItemBatcher (Map)',
    'a batch has at most MaxInputBytesPerBatch bytes, BatchInput included',
    one(map({ ItemBatcher: { MaxInputBytesPerBatch: 38, BatchInput: 'abcd' } })),
    succeeds(
      [
        { BatchInput: 'abcd', Items: [11, 22] },
        { BatchInput: 'abcd', Items: [33] },
      ],
      3,
    ),
    [11, 22, 33],
  ),
  row(
    'AWS: ResultWriter (Map)',
    'FLATTEN puts the items of lists into the result',
    one(map({ ResultWriter: { WriterConfig: { Transformation: 'FLATTEN', OutputType: 'JSON' } } })),
    succeeds([1, 2, { a: 3 }], 2),
    [[1, 2], { a: 3 }],
  ),
  row(
    'AWS: ResultWriter (Map)',
    'OutputType JSONL makes a line of each result',
    one(map({ ResultWriter: { WriterConfig: { OutputType: 'JSONL' } } })),
    succeeds('[1]\n2\n', 2),
    [[1], 2],
  ),
  row(
    'AWS: Step Functions service quotas',
    'results of more than 256 KiB fail the state',
    one(map({}, { P: { Type: 'Pass', Result: 'x'.repeat(100_000), End: true } })),
    {
      status: 'FAILED',
      error: 'States.DataLimitExceeded',
      events: [...SUCCEEDS.slice(0, 5), 'MapStateFailed<5', 'ExecutionFailed<6'],
    },
    [1, 2, 3],
  ),
];

const refused: MachineRow[] = [
  ...(
    [
      ['a Label of 41 characters', { Label: 'x'.repeat(41) }, 'A Label has 1 to 40 characters'],
      ['a blank in a Label', { Label: 'a b' }, 'A Label must not contain " "'],
      ['an ItemBatcher without a size', { ItemBatcher: { BatchInput: 1 } }, 'must have'],
      ['an empty ResultWriter', { ResultWriter: {} }, "must have 'Resource' or 'WriterConfig'"],
      [
        'another action in an ItemReader',
        { ItemReader: { Resource: 'arn:aws:states:::s3:putObject', Parameters: {} } },
        "The Resource 'arn:aws:states:::s3:putObject' is not supported here",
      ],
      [
        'an InputType that does not exist',
        { ItemReader: { Resource: 'arn:aws:states:::s3:getObject', ReaderConfig: { InputType: 'XML' } } },
        'Value should be one of the following: [CSV, JSON, JSONL, PARQUET, MANIFEST]',
      ],
    ] as const
  ).map(([what, fields, text]) =>
    row('AWS: Using Map state in Distributed mode to process data in parallel', what, one(map(fields)), {
      refused: text,
    }),
  ),
  row(
    'AWS: CreateStateMachine',
    'one Label twice',
    one({
      Type: 'Parallel',
      Branches: ['A', 'B'].map((name) => ({
        StartAt: name,
        States: { [name]: { ...map({ Label: 'L' }, { [`${name}P`]: PASS.P }), End: true } },
      })),
    }),
    { refused: "The Label 'L' appears more than once" },
  ),
];

/** Maps in distributed mode. */
export const distributedMaps: MachineRow[] = [...overInput, ...reading, ...documented, ...refused];
