import { FUNCTIONS, jsonata, WORK, type MachineRow } from '../row.js';
import { JSONATA, example } from './pages.js';

const evaluates = (expression: string, input: unknown, output: unknown): MachineRow =>
  example(JSONATA, `{% ${expression} %}`, jsonata({ Type: 'Pass', Output: `{% ${expression} %}` }), input, {
    output,
  });

/** A JSONata state that reads a variable. */
const withVariable = (
  name: string,
  value: unknown,
  state: object,
  input: unknown,
  expect: MachineRow['expect'],
): MachineRow =>
  example(
    JSONATA,
    `${JSON.stringify(state)} where $${name} is ${JSON.stringify(value)}`,
    {
      QueryLanguage: 'JSONata',
      StartAt: 'S',
      States: {
        S: { Type: 'Pass', Assign: { [name]: value }, Next: 'X' },
        X: { Type: 'Pass', ...state, End: true },
      },
    },
    input,
    expect,
  );
const FAILED: MachineRow['expect'] = { error: 'States.QueryEvaluationError' };

/** JSONata. */
export const jsonataRows: MachineRow[] = [
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
        { calories: 160, name: 'Product-3' },
        { calories: 100, name: 'Product-4' },
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
  evaluates('$partition([1, 2, 3, 4], $states.input.chunkSize)', { chunkSize: 3 }, [[1, 2, 3], [4]]),
  evaluates('$range(0, 10, 2)', {}, [0, 2, 4, 6, 8, 10]),
  withVariable(
    'hashAlgorithmName',
    'SHA-1',
    { Output: '{% $hash($states.input.content, $hashAlgorithmName) %}' },
    { content: 'input data' },
    { output: 'aaff4a450a104cd177d28d18d74485e8cae074b7' },
  ),
  evaluates('$parse($states.input.json_string)', { json_string: '{"fname":"S"}' }, { fname: 'S' }),
  evaluates('$random()', {}, 0.5),
  evaluates('$uuid()', {}, '36537691-8399-4522-ae70-cf31711b1c70'),
  // The page says that numbers which must be whole are rounded down.
  evaluates('$partition([1,2,3,4], 2.9)', {}, [
    [1, 2],
    [3, 4],
  ]),
  evaluates('$range(0.5, 10.9, 2.7)', {}, [0, 2, 4, 6, 8, 10]),
  evaluates('$random(1.5) = $random(1)', {}, true),
  example(JSONATA, '$eval is not there', jsonata({ Type: 'Pass', Output: `{% $eval('1') %}` }), {}, FAILED),
  ...[true, 42].map((output) =>
    example(JSONATA, `an Output of ${output}`, jsonata({ Type: 'Pass', Output: output }), {}, { output }),
  ),
  evaluates('$random($states.input.seed) = $random($states.input.seed)', { seed: 42 }, true),
  example(
    JSONATA,
    'the input, the result and the context of one state',
    jsonata({
      Type: 'Task',
      Resource: WORK,
      Output: {
        in: '{% $states.input.a %}',
        out: '{% $states.result.b %}',
        name: '{% $states.context.State.Name %}',
      },
    }),
    { a: 1 },
    { output: { in: 1, out: 2, name: 'X' } },
    { work: [{ output: { b: 2 } }] },
  ),
  withVariable('x', 'one', { Output: '{% $x + 1 %}' }, {}, FAILED),
  ...['ten', -1].map((timeout) =>
    withVariable(
      'timeout',
      timeout,
      { Type: 'Task', Resource: WORK, TimeoutSeconds: '{% $timeout %}' },
      {},
      FAILED,
    ),
  ),
  withVariable('data', {}, { Output: '{% $data.thisFieldDoesNotExist %}' }, {}, FAILED),
  withVariable(
    'two',
    2,
    {
      Type: 'Map',
      Items: [1, '{% $two %}', 3],
      ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } },
    },
    {},
    { output: [1, 2, 3] },
  ),
  ...(['JSONPath', 'JSONata'] as const).map((language) =>
    example(
      JSONATA,
      `a price that is checked in ${language}`,
      {
        QueryLanguage: language,
        StartAt: 'S',
        States: {
          S: { Type: 'Pass', Assign: { current_price: 9 }, Next: 'Check Price' },
          'Check Price': {
            Type: 'Choice',
            Default: 'Pause',
            Choices: [
              {
                ...(language === 'JSONPath'
                  ? {
                      Variable: '$.current_price.current_price',
                      NumericLessThanEqualsPath: '$.desired_price',
                    }
                  : { Condition: '{% $current_price <= $states.input.desired_price %}' }),
                Next: 'Send Notification',
              },
            ],
          },
          Pause: { Type: 'Succeed' },
          'Send Notification': { Type: 'Succeed' },
        },
      },
      { current_price: { current_price: 9 }, desired_price: 10 },
      { path: ['S', 'Check Price', 'Send Notification'] },
    ),
  ),
  ...['{% $states.input', '{% $states.input %} ', '$states.input %}', ' {% $states.input %}'].map((text) =>
    example(
      JSONATA,
      `an expression that is opened or closed badly is refused: ${JSON.stringify(text)}`,
      jsonata({ Type: 'Pass', Output: { a: [text] } }),
      {},
      { refused: 'must begin with {% and end with %}' },
    ),
  ),
];
