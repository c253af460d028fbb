import { FUNCTIONS, one, pass, WORK, type MachineRow } from '../row.js';
import { IO, CONTEXT, example } from './pages.js';

const DATASETS = {
  comment: 'two',
  dataset1: { val1: 1, val2: 2, val3: 3 },
  dataset2: { val1: 'a', val2: 'b', val3: 'c' },
};
const PRODUCT = {
  comment: 'all of it',
  product: {
    details: { color: 'blue', size: 'small', material: 'cotton' },
    availability: 'in stock',
    sku: '2317',
    cost: '$23',
  },
};
const WHO = { comment: 'a test', details: 'an example', who: 'you' };
const HELLO = 'Hello, you!';

/** A task whose result is HELLO. */
const greeted = (fields: object, input: unknown, output: unknown, does: string): MachineRow =>
  example(
    IO,
    does,
    one({ Type: 'Task', Resource: WORK, ...fields }),
    input,
    { output },
    {
      work: [{ output: HELLO }],
    },
  );

/** Input and output, in JSONPath. */
export const dataRows: MachineRow[] = [
  example(IO, 'InputPath', pass({ InputPath: '$.dataset2' }), DATASETS, { output: DATASETS.dataset2 }),
  example(
    IO,
    'a path that yields a selection',
    pass({ InputPath: '$.a[0:2]' }),
    { a: [1, 2, 3, 4] },
    {
      output: [1, 2],
    },
  ),
  example(
    IO,
    'Parameters',
    pass({
      Parameters: {
        comment: 'what matters',
        MyDetails: {
          'size.$': '$.product.details.size',
          'exists.$': '$.product.availability',
          StaticValue: 'foo',
        },
      },
    }),
    PRODUCT,
    {
      output: {
        comment: 'what matters',
        MyDetails: { size: 'small', exists: 'in stock', StaticValue: 'foo' },
      },
    },
  ),
  example(
    IO,
    'ResultSelector, then ResultPath',
    one({
      Type: 'Task',
      Resource: WORK,
      ResultSelector: { 'ClusterId.$': '$.output.ClusterId', 'ResourceType.$': '$.resourceType' },
      ResultPath: '$.EMROutput',
    }),
    { OtherDataFromInput: {} },
    { output: { OtherDataFromInput: {}, EMROutput: { ClusterId: 'c', ResourceType: 'elasticmapreduce' } } },
    {
      work: [
        {
          output: {
            resourceType: 'elasticmapreduce',
            resource: 'createCluster.sync',
            output: { SdkHttpMetadata: { HttpStatusCode: 200 }, ClusterId: 'c' },
          },
        },
      ],
    },
  ),
  greeted({}, WHO, HELLO, 'no ResultPath replaces the input with the result'),
  greeted({ ResultPath: '$' }, WHO, HELLO, 'a ResultPath of $ does so too'),
  greeted({ ResultPath: null }, WHO, WHO, 'a ResultPath of null discards the result'),
  greeted(
    { ResultPath: '$.taskresult' },
    WHO,
    { ...WHO, taskresult: HELLO },
    'ResultPath includes the result with the input',
  ),
  greeted(
    { ResultPath: '$.strings.lambdaresult' },
    { comment: 'c', strings: { string1: 'foo', string2: 'bar', string3: 'baz' }, who: 'you' },
    {
      comment: 'c',
      strings: { string1: 'foo', string2: 'bar', string3: 'baz', lambdaresult: HELLO },
      who: 'you',
    },
    'ResultPath inserts it into a child',
  ),
  greeted({ ResultPath: '$.comment' }, WHO, { ...WHO, comment: HELLO }, 'ResultPath updates what is there'),
  greeted(
    { InputPath: '$.lambda', ResultPath: '$.data.lambdaresult', OutputPath: '$.data' },
    { comment: 'c', data: { val1: 23, val2: 17 }, extra: 'foo', lambda: { who: 'you' } },
    { val1: 23, val2: 17, lambdaresult: HELLO },
    'InputPath, ResultPath and OutputPath together',
  ),
  example(
    CONTEXT,
    'the id of the execution in Parameters, beside what is written down',
    one({
      Type: 'Task',
      Resource: FUNCTIONS.echo,
      Parameters: {
        QueueUrl: 'q',
        MessageBody: { From: 'YVR', To: 'SEA', 'Execution.$': '$$.Execution.Id' },
      },
      // The id differs each time, so it is compared by its parts.
      ResultSelector: {
        'to.$': '$.MessageBody.To',
        'id.$': "States.ArrayGetItem(States.StringSplit($.MessageBody.Execution, ':'), 5)",
      },
    }),
    {},
    { output: { to: 'SEA', id: 'execution' } },
  ),
];
