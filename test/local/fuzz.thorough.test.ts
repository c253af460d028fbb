import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { HandClock } from '../../src/framework/testing/harness/hand-clock.js';
import { startLocalService, type LocalService } from 'stepwright/local';
import { jsonMistake } from '../../src/framework/asl/values/json-scan.js';
import { mulberry32 } from '../support/random.js';
import { branches } from './conformance/branches.js';
import { choices } from './conformance/choices.js';
import { data } from './conformance/data.js';
import { documented } from './conformance/documented.js';
import { errors } from './conformance/errors.js';
import { expressions } from './conformance/expressions.js';
import { intrinsics } from './conformance/intrinsics.js';
import { machines } from './conformance/machines.js';
import { recorded } from './conformance/recorded.js';
import { FUNCTIONS, WORK } from './conformance/row.js';
import { wrongCalls, wrongOperands } from './wrong-arguments.js';
import { oneOf, tries } from '../support/effort.js';

/** The runs of each test; `FUZZ_RUNS=20000` for the long run. The same seed gives the same run. */
const RUNS = tries(150);
/** One of so many wrong calls is tried. */
const SHARE = oneOf(2);
/** A run takes some milliseconds, and longer on a busy machine. */
const PATIENCE_MS = 600_000 + RUNS * 200;
const SEED = Number(process.env['FUZZ_SEED'] ?? 7);

const rows = [
  ...branches,
  ...choices,
  ...data,
  ...documented,
  ...errors,
  ...expressions,
  ...intrinsics,
  ...machines,
  ...recorded,
];
const seeds = rows.map(({ machine }) => JSON.stringify(machine));

const random = mulberry32(SEED);
const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];

const ODD: unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  1.5,
  '',
  '$',
  '$$',
  '$.a',
  '$..*',
  '$.a[?(@.b)]',
  '$x',
  '$[',
  "States.Format('{}', $)",
  'States.Array(',
  'States.UUID()',
  '{% $states.input %}',
  '{% 1 + %}',
  '{% $states %}',
  '{% $uuid() %}',
  '{%%}',
  '{% [1..9999999] %}',
  '{% $count($states.input.**.**) %}',
  "{% $pad('x', 400000000) %}",
  '{% $match($string($states.input), /(.+)+$/) %}',
  '{% ($f := function($x) { $f($x & $x) }; $f($string($states.input))) %}',
  '{% {"then": /x/} %}',
  '{% $states.input.constructor %}',
  '$..*..*..*',
  '$..[?(@..a)]',
  '$[?((((@.a)))]',
  "$.['a','b'].[0]",
  "States.Format('{}{}', $, $)",
  'States.Array(States.Array($, $), States.Array($, $))',
  'States.ArrayRange(1, 100000, 1)',
  'arn:aws:states:::aws-sdk:s3:getObject.waitForTaskToken',
  [],
  {},
  [[]],
  { '.$': '$' },
  { 'a.$': '$.a' },
  'X',
  'Y',
  'Pass',
  'Map',
  'Choice',
  'Parallel',
  'Task',
  'Wait',
  WORK,
  FUNCTIONS.echo,
  '\u0000',
  '\ud800',
  'x'.repeat(100),
  '2026-01-01T00:00:00Z',
  99_999_999,
  ['States.ALL'],
];
const KEYS = [
  'Type',
  'Next',
  'End',
  'Result',
  'Parameters',
  'InputPath',
  'OutputPath',
  'ResultPath',
  'Output',
  'Assign',
  'Items',
  'ItemsPath',
  'Retry',
  'Catch',
  'Choices',
  'Default',
  'Seconds',
  'QueryLanguage',
  'TimeoutSeconds',
  'StartAt',
  'States',
  '__proto__',
  'constructor',
  'a.$',
  'MaxConcurrency',
  'Condition',
  'Variable',
  'Not',
  'And',
  'toString',
];

/** Returns a copy with a few changed values. */
function mutate(value: unknown, chance: number): unknown {
  if (random() < chance) return pick(ODD);
  if (Array.isArray(value)) {
    const items = value.map((item) => mutate(item, chance));
    return random() < chance ? [...items, pick(ODD)] : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(() => random() > chance / 2)
    .map(([key, inner]): [string, unknown] => [
      random() < chance ? (pick(KEYS) ?? key) : key,
      mutate(inner, chance),
    ]);
  if (random() < chance) entries.push([pick(KEYS) ?? '', pick(ODD)]);
  return Object.fromEntries(entries);
}

/** Returns a copy of a text with a few characters more or fewer. */
function garble(text: string): string {
  const at = Math.floor(random() * text.length);
  return (
    text.slice(0, at) +
    (random() < 0.5 ? '' : (pick(['"', '{', ']', '\\', '\u0000', 'e9']) ?? '')) +
    text.slice(at + 1)
  );
}

let service: LocalService;
const clock = new HandClock();
beforeAll(async () => {
  service = await startLocalService({
    port: 0,
    clock,
    random,
    keptExecutions: 10,
    mocks: {
      [FUNCTIONS.echo]: (input) => input,
      [FUNCTIONS.fail]: { error: 'E' },
      [FUNCTIONS.ask]: { output: 1 },
    },
  });
  service.seedActivity(WORK);
});
afterAll(() => service.close());

async function call(
  operation: string,
  body: string,
): Promise<{ status: number; answer: Record<string, unknown> }> {
  const headers = { 'x-amz-target': `AWSStepFunctions.${operation}` };
  const response = await fetch(service.url, { method: 'POST', headers, body });
  return { status: response.status, answer: JSON.parse(await response.text()) as Record<string, unknown> };
}

/** Throws for an answer that the service should never give. */
async function answered(operation: string, body: string): Promise<Record<string, unknown>> {
  const { status, answer } = await call(operation, body);
  if (status === 200) return answer;
  const type = answer['__type'];
  if (status === 400 && typeof type === 'string' && /^com\.amazon.+#[A-Za-z]+$/.test(type)) return answer;
  throw new Error(`${operation} ${body.slice(0, 500)} was answered ${status} ${JSON.stringify(answer)}`);
}

const STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT'];

async function runOne(definition: string, input: string): Promise<'refused' | 'run'> {
  const roleArn = 'arn:aws:iam::123456789012:role/any';
  const created = await answered('CreateStateMachine', JSON.stringify({ name: 'F', definition, roleArn }));
  const { stateMachineArn } = created;
  if (stateMachineArn === undefined) return 'refused';
  const { executionArn } = await answered('StartExecution', JSON.stringify({ stateMachineArn, input }));
  await clock.settle(() => true);
  for (let step = 0; step < 3; step++) {
    const { next } = clock;
    const { status } = await answered('DescribeExecution', JSON.stringify({ executionArn }));
    if (!STATUSES.includes(String(status)))
      throw new Error(`the status of ${definition} is ${String(status)}`);
    if (status !== 'RUNNING' || next === undefined) break;
    await clock.advance(next - clock.now());
  }
  await answered('GetExecutionHistory', JSON.stringify({ executionArn, maxResults: 1000 }));
  await answered('StopExecution', JSON.stringify({ executionArn }));
  await answered('DeleteStateMachine', JSON.stringify({ stateMachineArn }));
  return 'run';
}

test(
  `${RUNS} random definitions and inputs end in an answer of the right class`,
  async () => {
    const counts = { refused: 0, run: 0 };
    for (let i = 0; i < RUNS; i++) {
      const seed = pick(seeds) ?? '{}';
      const definition = random() < 0.1 ? garble(seed) : JSON.stringify(mutate(JSON.parse(seed), 0.02));
      const input = JSON.stringify(mutate({ a: 1, l: [1, 'x', null], o: { k: [{ v: 1 }] } }, 0.2)) ?? 'null';
      counts[await runOne(definition, input)]++;
    }
    expect(counts.refused).toBeGreaterThan(RUNS / 10);
    expect(counts.run).toBeGreaterThan(RUNS / 10);
    expect(clock.pending).toBe(0);
  },
  PATIENCE_MS,
);

test(
  `${RUNS} random bodies and tokens end in an answer of the right class`,
  async () => {
    const operations = [
      'CreateActivity',
      'DescribeActivity',
      'ListActivities',
      'SendTaskSuccess',
      'SendTaskFailure',
      'SendTaskHeartbeat',
      'CreateStateMachine',
      'DescribeStateMachine',
      'ListStateMachines',
      'StartExecution',
      'DescribeExecution',
      'ListExecutions',
      'StopExecution',
      'GetExecutionHistory',
      'DeleteActivity',
      'DeleteStateMachine',
      'Nope',
      '',
    ];
    const body = {
      name: 'n',
      activityArn: `${WORK}9`,
      taskToken: 'AAAAKgAAAAIAAAAA'.repeat(20),
      output: '1',
      error: 'E',
      cause: 'c',
      stateMachineArn: 'arn:aws:states:us-east-1:123456789012:stateMachine:F',
      definition: seeds[0],
      roleArn: 'r',
      executionArn: 'arn:aws:states:us-east-1:123456789012:execution:F:x',
      maxResults: 10,
      nextToken: 'cGFnZSAx',
      input: '{}',
    };
    for (let i = 0; i < RUNS; i++) {
      const text = JSON.stringify(mutate(body, 0.1)) ?? '';
      await answered(pick(operations) ?? '', random() < 0.2 ? garble(text) : text);
    }
    expect(clock.pending).toBe(0);
  },
  PATIENCE_MS,
);

/** The tail of a cause that the service may show for an expression that fails. */
const REASON =
  /^(?:returned nothing \(undefined\)\.|returned an unsupported result type\.|threw an internal error during evaluation\. [0-9a-f-]{36}|threw an error during evaluation(?:\. [DST]\d{4}: .*|: Expression evaluation memory limit exceeded: Check for excessive memory usage))$/s;
/** Words of JavaScript's engine, and of the library's own objects. */
const ENGINE =
  /\b(?:Type|Range|Syntax|Reference|URI)Error\b|Cannot (?:read|set|convert|mix)|is not (?:a function|iterable|defined)|Maximum call stack|Invalid (?:array|string|count|time|date|code)|URI malformed|_jsonata_|\[object /;

let wrongMachines = 0;
/** Runs expressions in one execution, each in a Task of its own. Resolves with the causes of those that fail. */
async function causesOf(sources: readonly string[]): Promise<string[]> {
  const next = (i: number): string => (i + 1 < sources.length ? `S${i + 1}` : 'End');
  const states = sources.map((source, i) => {
    const Catch = [{ ErrorEquals: ['States.ALL'], Output: 0, Next: next(i) }];
    const Resource = FUNCTIONS.echo;
    return [
      `S${i}`,
      { Type: 'Task', Resource, Arguments: `{% ${source} %}`, Output: 0, Catch, Next: next(i) },
    ];
  });
  const definition = JSON.stringify({
    QueryLanguage: 'JSONata',
    StartAt: 'S0',
    States: Object.fromEntries([...states, ['End', { Type: 'Succeed' }]]) as object,
  });
  const stateMachineArn = service.seedMachine({ name: `Wrong${wrongMachines++}`, definition });
  const { executionArn } = await answered('StartExecution', JSON.stringify({ stateMachineArn }));
  for (;;) {
    const { status } = await answered('DescribeExecution', JSON.stringify({ executionArn }));
    if (status === 'SUCCEEDED') break;
    expect(status).toBe('RUNNING');
    await clock.settle();
  }
  const causes: string[] = [];
  let nextToken: unknown;
  do {
    const page = await answered(
      'GetExecutionHistory',
      JSON.stringify({ executionArn, maxResults: 1000, nextToken }),
    );
    for (const { evaluationFailedEventDetails: details } of page['events'] as {
      evaluationFailedEventDetails?: { cause: string };
    }[])
      if (details) causes.push(details.cause);
    ({ nextToken } = page);
  } while (nextToken !== undefined);
  return causes;
}

test(
  "no text of JavaScript's engine reaches the cause of an expression with wrong arguments",
  async () => {
    const all = [...wrongCalls, ...wrongOperands, '-($sum)', '(null)()'];
    const sources = all.filter((_, n) => n % SHARE === 0);
    let failed = 0;
    for (let from = 0; from < sources.length; from += 1500) {
      const causes = await causesOf(sources.slice(from, from + 1500));
      failed += causes.length;
      for (const cause of causes) {
        expect(cause).not.toMatch(ENGINE);
        const [, reason] = /specified for the field 'Arguments' (.*)$/s.exec(cause) ?? [];
        expect(reason).toMatch(REASON);
      }
    }
    expect(failed).toBeGreaterThan(100);
  },
  PATIENCE_MS,
);

test.each(['x', '\\n', '\\u00e9'])('a string with millions of %j is JSON', (text) => {
  expect(jsonMistake(`"${text.repeat(9_000_000)}"`)).toBeUndefined();
});

test('a text is refused as JSON exactly if it is none, in no words of the JavaScript engine', () => {
  const random = mulberry32(7);
  const pick = (text: string): string => text.charAt(Math.floor(random() * text.length));
  const ODD = '{}[],:"\\ -+.eE019\n\tntfux\u2028';
  const texts = [
    '{"a":[1,-0.5e+3,"x\\n\\u00e9",{"b":null,"c":[]}],"d":{},"e":true}',
    '[[],[{}],"\\"",false]',
  ];
  let broken = 0;
  for (let run = 0; run < 4_000; run++) {
    const text = texts[run % texts.length] ?? '';
    const at = Math.floor(random() * (text.length + 1));
    const changed = text.slice(0, at) + pick(ODD) + text.slice(at + Math.floor(random() * 2));
    const mistake = jsonMistake(changed);
    let isJson = true;
    try {
      JSON.parse(changed);
    } catch {
      isJson = false;
    }
    expect([changed, mistake === undefined]).toEqual([changed, isJson]);
    if (!isJson) broken++;
    expect(mistake?.end ?? 0).toBeLessThanOrEqual(changed.length);
  }
  expect(broken).toBeGreaterThan(1_000);
});
