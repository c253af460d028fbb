import { FUNCTIONS, jsonata, one, type MachineRow } from '../row.js';
import { P, row, states } from './shapes.js';

/** JSONata as the service runs it (7.10). */
export const expressions: MachineRow[] = [
  row(
    'test_base_cases[BASE_LITERALS]',
    'a text with blanks around the marks is a text',
    jsonata({ Type: 'Pass', Output: ' {% $states.input %} ' }),
    { output: ' {% $states.input %} ' },
  ),
  row(
    'test_base_cases[BASE_LAMBDA_LITERALS]',
    'so it is in Arguments',
    jsonata({ Type: 'Task', Resource: FUNCTIONS.echo, Arguments: { a: ' {% 1 %} ', b: [' {% 2 %} '] } }),
    { output: { a: ' {% 1 %} ', b: [' {% 2 %} '] } },
  ),
  row(
    'test_base_cases[BASE_LITERALS]',
    'what JSONPath would look up is a text in JSONata',
    jsonata({ Type: 'Pass', Output: { a: '$.x', b: '$$', c: "States.Format('x')", 'd.$': '$.x' } }),
    { output: { a: '$.x', b: '$$', c: "States.Format('x')", 'd.$': '$.x' } },
  ),
  row(
    'test_array_range',
    'a $range of one number is that number',
    jsonata({ Type: 'Pass', Output: { one: '{% $range(1, 9, 9) %}', more: '{% $range(1, 9, 4) %}' } }),
    { output: { one: 1, more: [1, 5, 9] } },
  ),
  row(
    'test_array_partition',
    'a $partition of one chunk stays a list',
    jsonata({ Type: 'Pass', Output: '{% $partition([0], 1) %}' }),
    { output: [[0]] },
  ),
  ...['1 ?? 2', '1 ?: 2'].map((source): MachineRow => ({
    does: `JSONata 2.0.6 has no ${source}`,
    from: 'AWS: Transforming data with JSONata in Step Functions',
    machine: jsonata({ Type: 'Pass', Output: `{% ${source} %}` }),
    expect: { refused: 'INVALID_JSONATA_EXPRESSION: ' },
  })),
  row(
    'test_validate_state_machine_definition_type_standard[VALID_QUERY_LANGUAGE_PASS]',
    'a Map in JSONata inside a JSONPath machine may hold states in JSONPath',
    one({
      Type: 'Map',
      QueryLanguage: 'JSONata',
      Items: '{% [1, 2] %}',
      ItemProcessor: states({ ...P, Parameters: { 'v.$': '$' } }),
    }),
    { output: [{ v: 1 }, { v: 2 }] },
  ),
];
