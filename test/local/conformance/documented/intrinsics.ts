import { pass, type MachineRow } from '../row.js';
import { INTRINSICS, example } from './pages.js';

const NINE = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const call = (text: string, input: unknown, output: unknown): MachineRow =>
  example(INTRINSICS, `${text} of ${JSON.stringify(input)}`, pass({ Parameters: { 'x.$': text } }), input, {
    output: { x: output },
  });

/** Intrinsic functions. */
export const intrinsicRows: MachineRow[] = [
  call('States.ArrayPartition($.inputArray,4)', { inputArray: NINE }, [[1, 2, 3, 4], [5, 6, 7, 8], [9]]),
  call('States.ArrayContains($.inputArray, $.lookingFor)', { inputArray: NINE, lookingFor: 5 }, true),
  call('States.ArrayRange(1, 9, 2)', {}, [1, 3, 5, 7, 9]),
  call('States.ArrayGetItem($.inputArray, $.index)', { inputArray: NINE, index: 5 }, 6),
  call('States.ArrayLength($.inputArray)', { inputArray: NINE }, 9),
  call('States.ArrayUnique($.inputArray)', { inputArray: [1, 2, 3, 3, 3, 3, 3, 3, 4] }, [1, 2, 3, 4]),
  call('States.Base64Encode($.input)', { input: 'Data to encode' }, 'RGF0YSB0byBlbmNvZGU='),
  // The page's own result is 'Decoded data', which its input does not encode.
  call('States.Base64Decode($.base64)', { base64: 'RGF0YSB0byBlbmNvZGU=' }, 'Data to encode'),
  call(
    'States.Hash($.Data, $.Algorithm)',
    { Data: 'input data', Algorithm: 'SHA-1' },
    'aaff4a450a104cd177d28d18d74485e8cae074b7',
  ),
  call(
    'States.JsonMerge($.json1, $.json2, false)',
    { json1: { a: { a1: 1, a2: 2 }, b: 2 }, json2: { a: { a3: 1, a4: 2 }, c: 3 } },
    { a: { a3: 1, a4: 2 }, b: 2, c: 3 },
  ),
  call('States.StringToJson($.escapedJsonString)', { escapedJsonString: '{"foo": "bar"}' }, { foo: 'bar' }),
  call('States.JsonToString($.unescapedJson)', { unescapedJson: { foo: 'bar' } }, '{"foo":"bar"}'),
  call('States.MathAdd($.value1, $.step)', { value1: 111, step: -1 }, 110),
  call('States.StringSplit($.inputString, $.splitter)', { inputString: '1,2,3,4,5', splitter: ',' }, [
    '1',
    '2',
    '3',
    '4',
    '5',
  ]),
  call('States.Array($.Id)', { Id: 123456 }, [123456]),
  call("States.Format('Hello, my name is {}.', $.name)", { name: 'A' }, 'Hello, my name is A.'),
  call(
    'States.Format($.template, $.name)',
    { name: 'A', template: 'Hello, my name is {}.' },
    'Hello, my name is A.',
  ),
  call('States.MathRandom($.start, $.end)', { start: 1, end: 999 }, 500),
  call(
    'States.StringSplit($.inputString, $.splitter)',
    { inputString: 'This.is+a,test=string', splitter: '.+,=' },
    ['This', 'is', 'a', 'test', 'string'],
  ),
  call('States.UUID()', {}, '88888888-8888-4888-a888-888888888888'),
  // The page writes a third '{}', without an argument for it.
  call(
    "States.Format('{}.{}', States.ArrayGetItem(States.StringSplit(States.ArrayGetItem(States.StringSplit($.ImageRecipe.Arn, '/'), 2), '.'), 0), States.ArrayGetItem(States.StringSplit(States.ArrayGetItem(States.StringSplit($.ImageRecipe.Arn, '/'), 2), '.'), 1))",
    { ImageRecipe: { Arn: 'arn:aws:imagebuilder:us-east-1:123456789012:image-recipe/r/1.0.3' } },
    '1.0',
  ),
  ...[
    ["'", "\\'"],
    ['{', '\\{'],
    ['}', '\\}'],
    ['\\', '\\\\'],
  ].map(([shown = '', written = '']) => call(`States.Format('${written}')`, {}, shown)),
  call("States.ArrayLength($.abc.['def ghi'])", { abc: { 'def ghi': [1, 2] } }, 2),
  call('States.ArrayPartition($.inputArray,3.6)', { inputArray: [1, 2, 3, 4, 5] }, [[1, 2, 3, 4], [5]]),
  call('States.ArrayRange(1.4, 9, 2)', {}, [1, 3, 5, 7, 9]),
];
