import { pass, type MachineRow } from '../row.js';
import { INTRINSICS, example } from './pages.js';

const NINE = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const call = (text: string, input: unknown, output: unknown): MachineRow =>
  example(INTRINSICS, text, pass({ Parameters: { 'x.$': text } }), input, { output: { x: output } });

/** Intrinsic functions. */
export const intrinsicRows: MachineRow[] = [
  call('States.ArrayPartition($.inputArray,4)', { inputArray: NINE }, [[1, 2, 3, 4], [5, 6, 7, 8], [9]]),
  call('States.ArrayContains($.inputArray, $.lookingFor)', { inputArray: NINE, lookingFor: 5 }, true),
  call('States.ArrayRange(1, 9, 2)', {}, [1, 3, 5, 7, 9]),
  call('States.ArrayGetItem($.inputArray, $.index)', { inputArray: NINE, index: 5 }, 6),
  call('States.ArrayLength($.inputArray)', { inputArray: NINE }, 9),
  call('States.ArrayUnique($.inputArray)', { inputArray: [1, 2, 3, 3, 3, 3, 3, 3, 4] }, [1, 2, 3, 4]),
  call('States.Base64Encode($.input)', { input: 'Data to encode' }, 'RGF0YSB0byBlbmNvZGU='),
  call('States.Base64Decode($.base64)', { base64: 'RGVjb2RlZCBkYXRh' }, 'Decoded data'),
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
  call("States.StringSplit($.inputString, '.+,=')", { inputString: 'This.is+a,test=string' }, [
    'This',
    'is',
    'a',
    'test',
    'string',
  ]),
  call("States.ArrayLength(States.Array('a', States.UUID()))", {}, 2),
];
