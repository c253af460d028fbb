import { FUNCTIONS, jsonata, WORK, type MachineRow } from '../row.js';
import { JSONATA, example } from './pages.js';

const evaluates = (expression: string, input: unknown, output: unknown): MachineRow =>
  example(JSONATA, `{% ${expression} %}`, jsonata({ Type: 'Pass', Output: `{% ${expression} %}` }), input, {
    output,
  });

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
  evaluates('$range(0, $states.input.max, $states.input.step)', { max: 10, step: 5 }, [0, 5, 10]),
  evaluates(
    '$hash($states.input.content, $states.input.hashAlgorithmName)',
    { content: 'input data', hashAlgorithmName: 'SHA-1' },
    'aaff4a450a104cd177d28d18d74485e8cae074b7',
  ),
  evaluates('$parse($states.input.jsonString)', { jsonString: '{"fname":"S"}' }, { fname: 'S' }),
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
  example(
    JSONATA,
    'a type that does not fit',
    jsonata({ Type: 'Task', Resource: WORK, TimeoutSeconds: "{% 'x' %}" }),
    {},
    { error: 'States.QueryEvaluationError' },
  ),
  example(
    JSONATA,
    'a value out of range',
    jsonata({ Type: 'Task', Resource: WORK, TimeoutSeconds: '{% -1 %}' }),
    {},
    { error: 'States.QueryEvaluationError' },
  ),
  example(
    JSONATA,
    'nothing, which is no JSON',
    jsonata({ Type: 'Pass', Output: '{% $states.input.no %}' }),
    {},
    { error: 'States.QueryEvaluationError' },
  ),
];
