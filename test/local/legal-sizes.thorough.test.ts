import { spawn, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { endpointOf, killAll, stepwright } from '../support/cli.js';
import { jsonata } from './conformance/row.js';
import { oneOf, tries } from '../support/effort.js';

/** The times that each machine runs. In CI other tests keep the processors busy; more tries bring loops that do. */
const TIMES = tries(1);
/** One of so many machines runs. */
const SHARE = oneOf(2);
const LOOPS = TIMES > 1 ? availableParallelism() : 0;

const pass = (Output: unknown): object => jsonata({ Type: 'Pass', Output });
const rows = Array.from({ length: 1_000 }, (_, id) => ({ id, name: `row ${id}` }));
const items = Array.from({ length: 5_000 }, (_, i) => ({ id: (i * 7_919) % 5_000 }));
const fields = Array.from({ length: 500 }, (_, i) => [
  `f${i}`,
  `{% {"type": "string", "title": $states.input.title & ${i}} %}`,
]);

/** Machines that a user may well write. At AWS only the size of a value and of an expression's memory is limited. */
const legal: [what: string, machine: object, input: unknown, output: (value: unknown) => unknown][] = [
  [
    'a Map that looks up 1,000 items in a list of 1,000',
    jsonata({
      Type: 'Map',
      Items: '{% $states.input.ids %}',
      ItemSelector: { id: '{% $states.context.Map.Item.Value %}', rows: '{% $states.input.rows %}' },
      ItemProcessor: {
        StartAt: 'I',
        States: {
          I: { Type: 'Pass', Output: '{% $states.input.rows[id = $states.input.id].id %}', End: true },
        },
      },
    }),
    { ids: rows.map(({ id }) => id), rows },
    (value) => expect(value).toEqual(rows.map(({ id }) => id)),
  ],
  [
    'a join of 1,000 by 1,000',
    pass('{% $count($states.input.a.($i := id; $states.input.b[id = $i])) %}'),
    { a: rows, b: rows },
    (value) => expect(value).toBe(1_000),
  ],
  [
    'a sort of 5,000 objects by a comparator',
    pass('{% $sort($states.input, function($a, $b) { $a.id > $b.id }).id %}'),
    items,
    (value) => expect(value).toEqual(items.map((_, i) => i)),
  ],
  [
    'a loop that gathers 5,000 items',
    pass('{% $count($reduce([1..5000], function($list, $i) { $append($list, {"i": $i}) }, [])) %}'),
    {},
    (value) => expect(value).toBe(5_000),
  ],
  [
    'a sum over 200,000 numbers',
    pass('{% $sum($map([1..200000], function($v) { $v * 2 })) %}'),
    {},
    (value) => expect(value).toBe(40_000_200_000),
  ],
  [
    'a schema of 500 fields',
    pass({ type: 'object', properties: Object.fromEntries(fields) }),
    { title: 'field ' },
    (value) => expect(value).toMatchObject({ properties: { f499: { type: 'string', title: 'field 499' } } }),
  ],
];

let url = '';
const loops: ChildProcess[] = [];
beforeAll(async () => {
  url = await endpointOf(stepwright(['local', '--port', '0']));
  for (let n = 0; n < LOOPS; n++) loops.push(spawn(process.execPath, ['-e', 'for (;;);']));
});
afterAll(() => {
  for (const loop of loops) loop.kill('SIGKILL');
  killAll();
});

async function call(operation: string, body: object): Promise<Record<string, string>> {
  const headers = { 'x-amz-target': `AWSStepFunctions.${operation}` };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return (await response.json()) as Record<string, string>;
}

test.each(legal.filter((_, n) => n % SHARE === 0))(
  `%s succeeds ${TIMES} times of ${TIMES} on a busy machine`,
  async (_what, machine, input, check) => {
    const [name, roleArn] = [`M${performance.now()}`, 'arn:aws:iam::123456789012:role/any'];
    const { stateMachineArn } = await call('CreateStateMachine', {
      name,
      roleArn,
      definition: JSON.stringify(machine),
    });
    for (let n = 0; n < TIMES; n++) {
      const { executionArn } = await call('StartExecution', {
        stateMachineArn,
        input: JSON.stringify(input),
      });
      let end = await call('DescribeExecution', { executionArn });
      while (end['status'] === 'RUNNING') {
        await new Promise((resolve) => setTimeout(resolve, 50));
        end = await call('DescribeExecution', { executionArn });
      }
      expect([end['status'], end['cause']]).toEqual(['SUCCEEDED', undefined]);
      check(JSON.parse(end['output'] ?? ''));
    }
  },
  1_800_000,
);
