import { FUNCTIONS, jsonata, one, pass, WORK, type MachineRow, type Source } from './row.js';

const PATHS: Source = 'AWS: Using JSONPath paths';
const INTRINSICS: Source = 'AWS: Intrinsic functions for JSONPath states in Step Functions';
const JSONATA: Source = 'AWS: Transforming data with JSONata in Step Functions';
const ERRORS: Source = 'AWS: Handling errors in Step Functions workflows';

const example = (
  from: Source,
  does: string,
  machine: object,
  input: unknown,
  expect: MachineRow['expect'],
  more: Partial<MachineRow> = {},
): MachineRow => ({ does: `the page's example: ${does}`, from, machine, input, expect, ...more });

const FOO = { foo: 123, bar: ['a', 'b', 'c'], car: { cdr: true } };
const path = (text: string, output: unknown, input: unknown = FOO): MachineRow =>
  example(PATHS, text, pass({ InputPath: text }), input, { output });

const NINE = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const call = (text: string, input: unknown, output: unknown): MachineRow =>
  example(INTRINSICS, text, pass({ Parameters: { 'x.$': text } }), input, { output: { x: output } });

const retried = (does: string, retry: object[], errors: string[], expect: MachineRow['expect']): MachineRow =>
  example(
    ERRORS,
    does,
    {
      StartAt: 'X',
      States: {
        X: {
          Type: 'Task',
          Resource: WORK,
          Retry: retry,
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Z' }],
          Next: 'Y',
        },
        Y: { Type: 'Pass', Result: 'Y', End: true },
        Z: { Type: 'Pass', Result: 'Z', End: true },
      },
    },
    {},
    expect,
    { work: [...errors.map((error) => ({ error })), { output: 1 }] },
  );

/** The examples of the Developer Guide's pages, each with what the page says comes of it. */
export const documented: MachineRow[] = [
  path('$.foo', 123),
  path('$.bar', ['a', 'b', 'c']),
  path('$.car.cdr', true),
  path("$.abc.['def ghi']", 1, { abc: { 'def ghi': 1 } }),
  example(
    PATHS,
    'flattening an array of arrays',
    one({
      Type: 'Map',
      ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } },
      ResultSelector: { 'flattenArray.$': '$[*][*]' },
    }),
    [[1, 2], [3]],
    { output: { flattenArray: [1, 2, 3] } },
  ),
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
  ...(['JSONPath', 'JSONata'] as const).map((language) =>
    example(
      JSONATA,
      `the same template in ${language}`,
      {
        QueryLanguage: language,
        StartAt: 'S',
        States: {
          S: { Type: 'Pass', Assign: { customerName: 'María' }, Next: 'X' },
          X: {
            Type: 'Task',
            Resource: FUNCTIONS.echo,
            ...(language === 'JSONPath'
              ? {
                  Parameters: {
                    static: 'Hello',
                    'title.$': '$.title',
                    'name.$': '$customerName',
                    'not-evaluated': '$customerName',
                  },
                }
              : {
                  Arguments: {
                    static: 'Hello',
                    title: '{% $states.input.title %}',
                    name: '{% $customerName %}',
                    'not-evaluated': '$customerName',
                  },
                }),
            End: true,
          },
        },
      },
      { title: 'Doctor' },
      { output: { static: 'Hello', title: 'Doctor', name: 'María', 'not-evaluated': '$customerName' } },
    ),
  ),
  example(
    JSONATA,
    'input and output',
    jsonata({
      Type: 'Succeed',
      Output: {
        lastName: "{% 'Last=>' & $states.input.customer.lastName %}",
        orderValue: '{% $states.input.order.total %}',
      },
    }),
    { customer: { firstName: 'Martha', lastName: 'Rivera' }, order: { items: 7, total: 27.91 } },
    { output: { lastName: 'Last=>Rivera', orderValue: 27.91 } },
  ),
  example(
    JSONATA,
    'filtering',
    jsonata({ Type: 'Pass', Output: { dietProducts: '{% $states.input.products[calories=0] %}' } }),
    {
      products: [
        { calories: 140, name: 'Product-1' },
        { calories: 0, name: 'Product-2' },
        { calories: 0, name: 'Product-5' },
      ],
    },
    {
      output: {
        dietProducts: [
          { calories: 0, name: 'Product-2' },
          { calories: 0, name: 'Product-5' },
        ],
      },
    },
  ),
  retried(
    'two retries three seconds apart',
    [{ ErrorEquals: ['E'], IntervalSeconds: 3, MaxAttempts: 2, BackoffRate: 1 }],
    ['E', 'E'],
    { output: 'Y', seconds: 6 },
  ),
  retried(
    'three, at most five seconds apart',
    [{ ErrorEquals: ['E'], IntervalSeconds: 3, MaxAttempts: 3, BackoffRate: 2, MaxDelaySeconds: 5 }],
    ['E', 'E', 'E'],
    { output: 'Y', seconds: 13 },
  ),
  retried(
    'every error but States.Timeout',
    [{ ErrorEquals: ['States.Timeout'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }],
    ['E'],
    { output: 'Y', seconds: 1 },
  ),
  retried(
    'of two retriers each counts its own, and the Catch takes what is left',
    [
      { ErrorEquals: ['ErrorA', 'ErrorB'], IntervalSeconds: 1, BackoffRate: 2.0, MaxAttempts: 2 },
      { ErrorEquals: ['ErrorC'], IntervalSeconds: 5 },
    ],
    ['ErrorA', 'ErrorB', 'ErrorC', 'ErrorB'],
    { output: 'Z', seconds: 8 },
  ),
];
