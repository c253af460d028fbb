import { jsonata, one, type MachineRow } from '../row.js';
import { MAP, CONTEXT, example } from './pages.js';

const SHIPPED = [
  { prod: 'R31', 'dest-code': 9511, quantity: 1344 },
  { prod: 'S39', 'dest-code': 9511, quantity: 40 },
];
const ORDER = {
  'ship-date': '2016-03-14T01:59:00Z',
  detail: { 'delivery-partner': 'UQS', shipped: SHIPPED },
};
const PARCELS = SHIPPED.map((parcel) => ({ parcel, courier: 'UQS' }));
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
      ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', OutputPath: '$.quantity', End: true } } },
    }),
    ORDER,
    { output: { ...ORDER, detail: { ...ORDER.detail, shipped: [1344, 40] } } },
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
  example(
    MAP,
    'the same in JSONata',
    jsonata({
      Type: 'Map',
      Items: '{% $states.input.detail.shipped %}',
      ItemSelector: {
        parcel: '{% $states.context.Map.Item.Value %}',
        courier: '{% $states.input.detail.`delivery-partner` %}',
      },
      MaxConcurrency: 0,
      ItemProcessor: ITEMS,
      Output: '{% $states.input ~> |$.detail|{"shipped": $states.result}| %}',
    }),
    ORDER,
    { output: { ...ORDER, detail: { ...ORDER.detail, shipped: PARCELS } } },
  ),
  example(
    MAP,
    'ItemsPath chooses one of two lists',
    one({ Type: 'Map', ItemsPath: '$.ThingsPiratesSay', ItemProcessor: ITEMS }),
    { ThingsPiratesSay: [{ say: 'Avast!' }, { say: 'Yar!' }], ThingsGiantsSay: [{ say: 'Fee!' }] },
    { output: [{ say: 'Avast!' }, { say: 'Yar!' }] },
  ),
  example(
    MAP,
    'ItemSelector with something written down',
    one({
      Type: 'Map',
      ItemSelector: { size: 10, 'value.$': '$$.Map.Item.Value' },
      ItemProcessor: ITEMS,
    }),
    [{ resize: 'true' }, { resize: 'false' }],
    {
      output: [
        { size: 10, value: { resize: 'true' } },
        { size: 10, value: { resize: 'false' } },
      ],
    },
  ),
  example(
    CONTEXT,
    'the index and the value of each item',
    one({
      Type: 'Map',
      ItemSelector: { 'ContextIndex.$': '$$.Map.Item.Index', 'ContextValue.$': '$$.Map.Item.Value' },
      ItemProcessor: ITEMS,
    }),
    [{ who: 'bob' }, { who: 'meg' }],
    {
      output: [
        { ContextValue: { who: 'bob' }, ContextIndex: 0 },
        { ContextValue: { who: 'meg' }, ContextIndex: 1 },
      ],
    },
  ),
];
