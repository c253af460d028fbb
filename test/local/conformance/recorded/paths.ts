import { one, pass, type MachineRow } from '../row.js';
import { row, type Recording } from './shapes.js';

const finds = (
  recording: Recording | undefined,
  path: string,
  input: unknown,
  output: unknown,
): MachineRow => ({
  does: `the path ${path} of ${JSON.stringify(input)}`,
  from: recording === undefined ? 'captured' : `recorded: ${recording}`,
  machine: pass({ Parameters: { 'x.$': path } }),
  input,
  expect: { output: { x: output } },
});
const PLACES = { l: [{ 'a b': 1, a: 2, c: 3 }], 'a b': 4, a: 5 };

/** JSONPath as Jayway evaluates it, and intrinsic functions. */
export const paths: MachineRow[] = [
  finds(
    'test_escape_sequence_parsing[ESCAPE_SEQUENCES_JSONPATH]',
    String.raw`$['Test\""Name"']`,
    { 'Test\\""Name"': 'v' },
    'v',
  ),
  finds('test_json_path_array_wildcard_or_slice_with_no_input', '$.item.items[1:5].itemValue', {}, []),
  finds('test_json_path_array_wildcard_or_slice_with_no_input', '$.item.items[*].itemValue', {}, []),
  finds(
    'test_state_pass_regex_json_path_base',
    '$.users[?(@.year==1997)]',
    { users: [{ year: 1997 }, { year: 1998 }] },
    [{ year: 1997 }],
  ),
  ...(
    [
      ['$.l.[0].a', 2],
      ["$.['a b']", 4],
      ["$.l.[0]['a b']", 1],
      ["$.l[*].['a', 'c']", [{ a: 2, c: 3 }]],
      ["$.['a','a b']", { a: 5, 'a b': 4 }],
      ["$['a','no']", { a: 5 }],
      ["$['a','b'].c", [7, 8], { a: { c: 7 }, b: { c: 8 } }],
      ['$.[0]', 5, [5]],
      ['$.[?(@.OU > 0)]', [{ OU: 1 }], [{ OU: 1 }, { OU: 0 }]],
      ["$.[*].['bucket', 'key']", [{ bucket: 1, key: 2 }], [{ bucket: 1, key: 2, more: 3 }]],
      ['$.Snapshots.[0].State', 's', { Snapshots: [{ State: 's' }] }],
      ['$.l[1:]', [2, 3], { l: [1, 2, 3] }],
      ['$.l[*].x', [1], { l: [{ x: 1 }] }],
      [
        '$.approaches[?(@.workerId == $.id)].approach',
        ['y'],
        {
          id: 2,
          approaches: [
            { workerId: 1, approach: 'x' },
            { workerId: 2, approach: 'y' },
          ],
        },
      ],
      ['$.l[?(@.a > 1)].c', [3]],
      ['$.l.[?(@.a > 1)].c', [3]],
      ['$.l[?(@.a == $.a)].c', []],
      ['$.l[?(@.a==es)].c', []],
    ] as const
  ).map(([path, output, input = PLACES]): MachineRow => ({
    ...finds(undefined, path, input, output),
    from: 'Jayway JsonPath, in published machines',
  })),
  row(
    'test_state_fail_intrinsic',
    'an intrinsic function may stand in ErrorPath and CausePath',
    one({ Type: 'Fail', ErrorPath: "States.Format('E{}', $.n)", CausePath: 'States.JsonToString($)' }),
    { error: 'E1', cause: '{"n":1}' },
    { input: { n: 1 } },
  ),
  row(
    'test_format_2',
    'States.Format shows an object as Java does',
    pass({ Parameters: { 'x.$': "States.Format('{} {} {}', $.o, $.n, $.s)" } }),
    { output: { x: '{Arg1=1, Arg2=[]} null t' } },
    { input: { o: { Arg1: 1, Arg2: [] }, n: null, s: 't' } },
  ),
  row(
    'test_string_to_json',
    'States.StringToJson of nothing is null',
    pass({ Parameters: { 'x.$': "States.StringToJson('')", 'y.$': "States.StringToJson('  ')" } }),
    { output: { x: null, y: null } },
  ),
  row(
    'test_escape_sequence_parsing[ESCAPE_SEQUENCES_STRING_LITERALS]',
    'a call in a Result is a text',
    pass({ Result: { 'x.$': "States.Format('{}', 1)" } }),
    { output: { 'x.$': "States.Format('{}', 1)" } },
  ),
  ...(
    [
      [-1.5, 0, -1],
      [-2.5, 0, -2],
      [1.5, 1.5, 4],
    ] as const
  ).map(([a, b, sum]) =>
    row(
      'test_math_add',
      `States.MathAdd of ${a} and ${b}`,
      pass({ Parameters: { 'x.$': 'States.MathAdd($.a, $.b)' } }),
      { output: { x: sum } },
      { input: { a, b } },
    ),
  ),
  row(
    'test_context_json_path',
    'States.Format shows an object of the context object so too',
    pass({ Parameters: { 'x.$': "States.Format('{}', $$.Execution.Input)" } }),
    { output: { x: '{Arg1=1}' } },
    { input: { Arg1: 1 } },
  ),
  row(
    'test_math_random',
    'States.MathRandom rounds its arguments half up',
    pass({ Parameters: { 'x.$': 'States.MathRandom(1.5, 4.4)', 'y.$': 'States.MathRandom(-1.5, 1.4)' } }),
    { output: { x: 3, y: 0 } },
  ),
];
