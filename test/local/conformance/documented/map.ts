import { FUNCTIONS, jsonata, one, type MachineRow } from '../row.js';
import { CONTEXT, ITEM_SELECTOR, ITEMS_PATH, MAP, example } from './pages.js';

const SHIPPED = [
  { prod: 'R31', 'dest-code': 9511, quantity: 1344 },
  { prod: 'S39', 'dest-code': 9511, quantity: 40 },
  { prod: 'R31', 'dest-code': 9833, quantity: 12 },
  { prod: 'R40', 'dest-code': 9860, quantity: 887 },
  { prod: 'R40', 'dest-code': 9511, quantity: 1220 },
];
const ORDER = {
  'ship-date': '2016-03-14T01:59:00Z',
  detail: { 'delivery-partner': 'UQS', shipped: SHIPPED },
};
const PARCELS = SHIPPED.map((parcel) => ({ parcel, courier: 'UQS' }));
const PEOPLE = [{ who: 'bob' }, { who: 'meg' }, { who: 'joe' }];
const ITEMS = { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } };

/** Map, in both languages. */
export const mapRows: MachineRow[] = [
  example(
    MAP,
    'each item of a field of a part of the input',
    one({
      Type: 'Map',
      InputPath: '$.detail',
      ItemsPath: '$.shipped',
      MaxConcurrency: 0,
      ResultPath: '$.detail.shipped',
      ItemProcessor: {
        ProcessorConfig: { Mode: 'INLINE' },
        StartAt: 'I',
        States: { I: { Type: 'Task', Resource: FUNCTIONS.echo, OutputPath: '$.quantity', End: true } },
      },
    }),
    ORDER,
    { output: { ...ORDER, detail: { ...ORDER.detail, shipped: [1344, 40, 12, 887, 1220] } } },
  ),
  ...['ItemSelector', 'Parameters'].map((field) =>
    example(
      MAP,
      `each item with the courier, by ${field}`,
      one({
        Type: 'Map',
        InputPath: '$.detail',
        ItemsPath: '$.shipped',
        MaxConcurrency: 0,
        ResultPath: '$.detail.shipped',
        [field]: { 'parcel.$': '$$.Map.Item.Value', 'courier.$': '$.delivery-partner' },
        ItemProcessor: ITEMS,
      }),
      ORDER,
      { output: { ...ORDER, detail: { ...ORDER.detail, shipped: PARCELS } } },
    ),
  ),
  {
    does: "the specification's example of a Map in JSONata: its items, with the courier, and how many they were",
    from: 'ASL: Map State',
    machine: {
      QueryLanguage: 'JSONata',
      StartAt: 'X',
      States: {
        X: {
          Type: 'Map',
          Items: '{% $states.input.detail.shipped %}',
          ItemSelector: {
            parcel: '{% $states.context.Map.Item.Value %}',
            courier: '{% $states.input.detail.`delivery-partner` %}',
          },
          MaxConcurrency: 0,
          ItemProcessor: ITEMS,
          Assign: { shipped: '{% $states.result %}' },
          Output: { numItemsProcessed: '{% $count($states.input.detail.shipped) %}' },
          Next: 'Y',
        },
        Y: {
          Type: 'Pass',
          Output: { n: '{% $states.input.numItemsProcessed %}', all: '{% $shipped %}' },
          End: true,
        },
      },
    },
    input: ORDER,
    expect: { output: { n: 5, all: PARCELS } },
  },
  example(
    ITEMS_PATH,
    'ItemsPath chooses one of two lists',
    one({ Type: 'Map', ItemsPath: '$.ThingsPiratesSay', ItemProcessor: ITEMS }),
    {
      ThingsPiratesSay: [{ say: 'Avast!' }, { say: 'Yar!' }, { say: 'Walk the Plank!' }],
      ThingsGiantsSay: [{ say: 'Fee!' }, { say: 'Fi!' }, { say: 'Fo!' }, { say: 'Fum!' }],
    },
    { output: [{ say: 'Avast!' }, { say: 'Yar!' }, { say: 'Walk the Plank!' }] },
  ),
  example(
    ITEM_SELECTOR,
    'ItemSelector with something written down',
    one({
      Type: 'Map',
      ItemSelector: { size: 10, 'value.$': '$$.Map.Item.Value' },
      ItemProcessor: ITEMS,
    }),
    [
      { resize: 'true', format: 'jpg' },
      { resize: 'false', format: 'png' },
    ],
    {
      output: [
        { size: 10, value: { resize: 'true', format: 'jpg' } },
        { size: 10, value: { resize: 'false', format: 'png' } },
      ],
    },
  ),
  ...[
    one({
      Type: 'Map',
      ItemSelector: {
        'ContextIndex.$': '$$.Map.Item.Index',
        'ContextValue.$': '$$.Map.Item.Value',
        'ContextSource.$': '$$.Map.Item.Source',
      },
      ItemProcessor: ITEMS,
    }),
    jsonata({
      Type: 'Map',
      ItemSelector: {
        ContextIndex: '{% $states.context.Map.Item.Index %}',
        ContextValue: '{% $states.context.Map.Item.Value %}',
        ContextSource: '{% $states.context.Map.Item.Source %}',
      },
      ItemProcessor: ITEMS,
    }),
  ].map((machine) =>
    example(
      CONTEXT,
      `the index, the value and the source of each item, in ${'QueryLanguage' in machine ? 'JSONata' : 'JSONPath'}`,
      machine,
      PEOPLE,
      {
        output: PEOPLE.map((who, index) => ({
          ContextIndex: index,
          ContextValue: who,
          ContextSource: 'STATE_DATA',
        })),
      },
    ),
  ),
];
