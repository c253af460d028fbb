import { inX, pass, type MachineRow } from './row.js';

const FROM = 'AWS: Intrinsic functions for JSONPath states' as const;
const INPUT = { s: 'abc', n: 5, l: [1, 2, 3], o: { a: 1 }, p: { a: 2, b: 3 }, z: null, t: true };

const gives = (call: string, output: unknown, input: object = INPUT): MachineRow => ({
  does: `${call} is ${JSON.stringify(output)}`,
  from: FROM,
  machine: pass({ Parameters: { 'x.$': call } }),
  input,
  expect: { status: 'SUCCEEDED', output: { x: output } },
});

const splits = (text: string, by: string, output: string[]): MachineRow => ({
  ...gives('States.StringSplit($.text, $.by)', output, { text, by }),
  does: `${JSON.stringify(text)} split by ${JSON.stringify(by)} is ${JSON.stringify(output)}`,
  from: 'recorded: test_string_split',
});

const fails = (call: string, reason: string): MachineRow => ({
  does: `${call} fails`,
  from: FROM,
  machine: pass({ Parameters: { 'x.$': call } }),
  input: INPUT,
  expect: { status: 'FAILED', error: 'States.IntrinsicFailure', cause: inX(reason) },
});

const refused = (call: string): MachineRow => ({
  does: `${call} is refused when the machine is created`,
  from: 'recorded: test_illegal_escapes[ESCAPE_SEQUENCES_ILLEGAL_INTRINSIC_FUNCTION]',
  machine: pass({ Parameters: { 'x.$': call } }),
  expect: {
    refused:
      "SCHEMA_VALIDATION_FAILED: The value for the field 'x.$' must be a valid JSONPath or a valid intrinsic function call at /States/X/Parameters",
  },
});

/** Every intrinsic function, and its failures. */
export const intrinsics: MachineRow[] = [
  gives("States.Format('Hello {}, {}', $.s, $.n)", 'Hello abc, 5'),
  gives("States.Format('no places')", 'no places'),
  gives("States.Format('{}{}{}', $.z, $.t, 1.5)", 'nulltrue1.5'),
  gives("States.Format('it\\'s \\{\\} {}', $.s)", "it's {} abc"),
  gives(String.raw`States.Format('C:\\tmp\\file {}', $.n)`, String.raw`C:\tmp\file 5`),
  gives(String.raw`States.Array('it\'s', '\{x\}', 'a\\b')`, ["it's", '{x}', String.raw`a\b`]),
  gives('States.Format($.f, 1)', '1!', { f: '{}!' }),
  gives('States.StringToJson(\'{"a": [1]}\')', { a: [1] }),
  gives('States.StringToJson($.j)', 7, { j: '7' }),
  gives('States.JsonToString($.o)', '{"a":1}'),
  gives('States.JsonToString($.s)', '"abc"'),
  gives('States.Array()', []),
  gives("States.Array('a', 1, null, true, $.l)", ['a', 1, null, true, [1, 2, 3]]),
  gives('States.ArrayPartition($.l, 2)', [[1, 2], [3]]),
  gives('States.ArrayPartition($.l, 5)', [[1, 2, 3]]),
  gives('States.ArrayContains($.l, 2)', true),
  gives('States.ArrayContains($.l, 9)', false),
  gives('States.ArrayContains(States.Array($.o), $.o)', true),
  gives("States.ArrayContains(States.StringToJson('[[-0]]'), States.StringToJson('[0]'))", true),
  gives('States.ArrayRange(1, 9, 2)', [1, 3, 5, 7, 9]),
  gives('States.ArrayRange(5, 1, -2)', [5, 3, 1]),
  gives('States.ArrayRange(1, 1, 1)', [1]),
  gives('States.ArrayRange(5, 1, 2)', []),
  gives('States.ArrayGetItem($.l, 0)', 1),
  gives('States.ArrayGetItem($.l, 2)', 3),
  gives('States.ArrayLength($.l)', 3),
  gives('States.ArrayLength(States.Array())', 0),
  gives('States.ArrayUnique(States.Array(1, 2, 1, 3, 2))', [1, 2, 3]),
  gives("States.ArrayUnique(States.Array(1, '1', 1))", [1, '1']),
  gives("States.Base64Encode('Data to encode')", 'RGF0YSB0byBlbmNvZGU='),
  gives("States.Base64Decode('RGVjb2RlZCBkYXRh')", 'Decoded data'),
  gives("States.Base64Decode(States.Base64Encode('ü€'))", 'ü€'),
  gives("States.Hash('input data', 'MD5')", '812f45842bc6d66ee14572ce20db8e86'),
  gives("States.Hash('input data', 'SHA-1')", 'aaff4a450a104cd177d28d18d74485e8cae074b7'),
  gives("States.Hash('', 'SHA-256')", 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'),
  gives('States.JsonMerge($.o, $.p, false)', { a: 2, b: 3 }),
  gives('States.JsonMerge($.p, $.o, false)', { a: 1, b: 3 }),
  gives('States.MathRandom(1, 9)', 5),
  gives('States.ArrayContains(States.ArrayRange(1, 8, 1), States.MathRandom(1, 9, 4))', true),
  gives('States.MathAdd($.n, -7)', -2),
  gives('States.MathAdd(1.4, 1.4)', 2),
  gives("States.StringSplit('1,2,3', ',')", ['1', '2', '3']),
  gives("States.ArrayLength(States.StringSplit(States.UUID(), '-'))", 5),
  gives('States.MathAdd(States.ArrayLength($.l), States.ArrayGetItem($.l, 1))', 5),
  gives("States.Format('{}', $$.State.Name)", 'X'),
  splits(' ', ',', [' ']),
  splits(' , ', ',', [' ', ' ']),
  splits(', , ,', ',', [' ', ' ']),
  splits(',,,,', ',', []),
  splits('This.is+a,test=string', '.+,=', ['This', 'is', 'a', 'test', 'string']),
  splits('split on T and \nnew line', 'T\n', ['split on ', ' and ', 'new line']),
  fails("States.Format('{} {}', 1)", "States.Format: there are more '{}' than values"),
  fails("States.Format('{}', 1, 2)", "States.Format: there are more values than '{}'"),
  fails("States.StringToJson('{')", 'States.StringToJson: the input is not valid JSON'),
  fails('States.StringToJson(7)', 'States.StringToJson: expected a string, got 7'),
  fails('States.ArrayPartition($.l, 0)', 'States.ArrayPartition: the size of a chunk must be 1 or more'),
  fails('States.ArrayPartition($.s, 1)', 'States.ArrayPartition: expected an array, got "abc"'),
  fails('States.ArrayRange(1, 5000, 1)', 'States.ArrayRange: the array would have more than 1000 items'),
  fails('States.ArrayRange(1, 5, 0)', 'States.ArrayRange: the step must not be 0'),
  fails('States.ArrayGetItem($.l, 3)', 'States.ArrayGetItem: the index 3 is out of range'),
  fails('States.ArrayLength($.o)', 'States.ArrayLength: expected an array, got {"a":1}'),
  fails("States.Base64Decode('%')", 'States.Base64Decode: the input is not Base64'),
  fails(
    "States.Hash('x', 'CRC')",
    'States.Hash: the algorithm must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512',
  ),
  fails(
    'States.JsonMerge($.o, $.p, true)',
    'States.JsonMerge: only shallow merging is supported, so the third argument must be false',
  ),
  fails('States.JsonMerge($.o, 1, false)', 'States.JsonMerge: expected an object, got 1'),
  fails('States.MathRandom(5, 5)', 'States.MathRandom: the end must be greater than the start'),
  fails('States.MathAdd(2147483647, 1)', 'States.MathAdd: the sum 2147483648 is out of range'),
  fails("States.MathAdd('1', 1)", 'States.MathAdd: expected a number, got "1"'),
  refused('States.Nope()'),
  refused('States.MathAdd(1)'),
  refused("States.Format('x'"),
  refused('States.Array(1,,2)'),
  refused(String.raw`States.StringToJson('{\"a\": 1}')`),
];
