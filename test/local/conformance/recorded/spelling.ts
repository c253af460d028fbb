import { jsonata, one, pass, WORK, type MachineRow } from '../row.js';
import { map, row, type Recording } from './shapes.js';

const shows = (
  recording: Recording,
  does: string,
  machine: object,
  output: string,
  input: unknown = {},
): MachineRow =>
  row(
    recording,
    does,
    machine,
    { details: { 3: { name: 'X', output, outputDetails: { truncated: false } } } },
    { input },
  );

/** Keys in the order of a Java HashMap. */
const THIRTEEN = [
  'redrive',
  'role',
  'start',
  'execution_name',
  'machine_id',
  'entered',
  'context_object_content',
  'token',
  'execution_id',
  'input',
  'machine',
  'state',
  'retry',
];

/** The spelling of texts, keys and numbers. */
export const spelling: MachineRow[] = [
  row(
    'test_map_state_label',
    'the input is compact from the first state on, however it was sent',
    map({ Type: 'Pass' }),
    {
      details: {
        2: { name: 'X', input: '[1,2]', inputDetails: { truncated: false } },
        13: { name: 'X', output: '[1,2]', outputDetails: { truncated: false } },
      },
    },
    { inputText: '[1,  2]' },
  ),
  shows(
    'test_lambda_service_invoke_with_retry_extended_input',
    'the keys of a template: the constant ones, then those that are worked out, in the order of a hash table',
    pass({
      Parameters: {
        'original_input.$': '$',
        'iteration_input_value.$': '$',
        'iteration_index.$': '$',
        'from_input_constant.$': '$',
        fixed: { 'z.$': '$', a: 1 },
      },
    }),
    '{"fixed":{"a":1,"z":0},"iteration_input_value":0,"from_input_constant":0,"iteration_index":0,"original_input":0}',
    0,
  ),
  shows(
    'test_base_cases',
    'objects of JSONata keep the order in which they are written',
    jsonata({ Type: 'Pass', Output: { z: '{% 1 %}', a: '{% 2 %}', m: '{% {"y": 1, "b": 2} %}' } }),
    '{"z":1,"a":2,"m":{"y":1,"b":2}}',
  ),
  shows(
    'test_query_runtime_memory',
    'the context object has its keys in an order of its own',
    jsonata({
      Type: 'Pass',
      Output:
        '{% [$keys($states.context), $keys($states.context.Execution), $keys($states.context.StateMachine)] %}',
    }),
    '["Execution","StateMachine","State","Id","Input","StartTime","Name","RoleArn","RedriveCount","Id","Name"]',
  ),
  shows(
    'test_query_context_object_values',
    'thirteen keys of a template use a table of 32 slots',
    pass({ Parameters: Object.fromEntries(THIRTEEN.toSorted().map((key) => [`${key}.$`, '$'])) }),
    `{${THIRTEEN.map((key) => `"${key}":0`).join(',')}}`,
    0,
  ),
  row(
    'test_map_state_item_selector',
    'of an ItemSelector too: first the constant keys and those with an object below, as written',
    one({
      Type: 'Map',
      ItemsPath: '$.l',
      ItemSelector: { 'state.$': '$$.State.Name', z: 1, 'input.$': '$.a', o: { 'v.$': '$$.Map.Item.Value' } },
      ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } },
    }),
    {
      details: {
        5: {
          name: 'I',
          input: '{"z":1,"o":{"v":9},"input":2,"state":"X"}',
          inputDetails: { truncated: false },
        },
      },
    },
    { input: { a: 2, l: [9] } },
  ),
  row(
    'test_base_lambda',
    'Arguments of JSONata keep their order',
    jsonata({ Type: 'Task', Resource: WORK, Arguments: { z: '{% 1 %}', a: 2, m: '{% 3 %}' } }),
    {
      details: {
        3: { resource: WORK, input: '{"z":1,"a":2,"m":3}', inputDetails: { truncated: false } },
      },
    },
    { work: [{ output: 1 }] },
  ),
  shows(
    'test_query_context_object_values',
    'the context object counts how often the execution was redriven',
    pass({ Parameters: { 'n.$': '$$.Execution.RedriveCount' } }),
    '{"n":0}',
  ),
];
