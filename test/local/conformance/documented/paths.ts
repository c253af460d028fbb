import { one, pass, type MachineRow } from '../row.js';
import { PATHS, example } from './pages.js';

const FOO = { foo: 123, bar: ['a', 'b', 'c'], car: { cdr: true } };
const path = (text: string, output: unknown, input: unknown = FOO): MachineRow =>
  example(PATHS, text, pass({ InputPath: text }), input, { output });

/** Paths. */
export const pathRows: MachineRow[] = [
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
];
