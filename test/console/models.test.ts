import { describe, expect, test } from '@jest/globals';
import { readCause } from '../../src/console/model/cause.js';
import { execFileSync } from 'node:child_process';
import { copiesOfExecution } from '../../src/console/model/copy-as.js';
import { completeDefinition } from '../../src/console/model/complete-definition.js';
import { conditionText } from '../../src/console/model/condition.js';
import { readDefinition } from '../../src/console/model/definition.js';
import { locatePath, pretty } from '../../src/console/model/json-text.js';
import { END, type Box, type Drawing } from '../../src/console/model/drawing/drawing.js';
import { layOut } from '../../src/console/model/drawing/layout.js';
import { neighbour } from '../../src/console/model/drawing/neighbours.js';
import { duration, wholeSeconds } from '../../src/console/model/format.js';
import { problemsIn } from '../../src/framework/asl/machine.js';
import { KINDS } from '../../src/framework/asl/kinds.js';
import { ORDER } from './scene.js';

describe('JSON as it is shown', () => {
  test.each([
    ['{"a":[1,{"b":null}],"c":{}}', '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": {}\n}'],
    // Parsed and written again, it would be another number, and another order.
    ['{"2":12345678901234567890.10,"1":1e400}', '{\n  "2": 12345678901234567890.10,\n  "1": 1e400\n}'],
    ['{"{\\"}":"[,:]"}', '{\n  "{\\"}": "[,:]"\n}'],
    ['[]', '[]'],
    ['no JSON {', 'no JSON {'],
  ])('%s is spaced out and nothing else', (text, spaced) => expect(pretty(text)).toBe(spaced));

  test.each([
    ['/States/A/Type', '"Type"'],
    ['/States/A/Choices[1]/Not', '"Not"'],
    ['/States/A/Choices[0]', '{'],
    ['/States/A/Missing/Deeper', '"A"'],
    ['/', '{'],
  ])('the place %s is found', (path, found) => {
    const text = '{"States":{"A":{"Type":"Choice","Choices":[{"Next":"X"},{"Not":1, "Next":"Y"}]},"Ab":1}}';
    const { from, to } = locatePath(text, path);
    expect(text.slice(from, to)).toBe(found);
  });
});

test.each<[rule: object, text: string]>([
  [{ Variable: '$.n', NumericGreaterThan: 3, Next: 'X' }, '$.n > 3'],
  [{ Variable: '$.s', StringEqualsPath: '$.t', Next: 'X' }, '$.s == $.t'],
  [{ Variable: '$.s', IsPresent: false, Next: 'X' }, '$.s is not present'],
  [{ Not: { Variable: '$.s', StringMatches: 'a*' }, Next: 'X' }, 'not ($.s matches "a*")'],
  [
    {
      And: [
        { Variable: '$.a', BooleanEquals: true },
        {
          Or: [
            { Variable: '$.b', IsNull: true },
            { Variable: '$.c', TimestampLessThan: 'x' },
          ],
        },
      ],
      Next: 'X',
    },
    '$.a == true and ($.b is null or $.c < "x")',
  ],
  [{ Condition: '{% $n > 3 %}', Next: 'X' }, '$n > 3'],
])('a rule is said as %j', (rule, text) => expect(conditionText(rule as Record<string, unknown>)).toBe(text));

test('a cause is read where it has a shape, and is a text where it has none', () => {
  expect(
    readCause('{"errorType":"A","errorMessage":"b","violations":[{"path":"p","rule":"r","message":"m"},7]}'),
  ).toMatchObject({
    errorMessage: 'b',
    violations: [{ path: 'p', rule: 'r', message: 'm' }],
  });
  for (const text of ['no JSON', '"text"', '{"other":1}', 'null']) expect(readCause(text)).toBeUndefined();
});

test.each([
  [340, '340 ms'],
  [3_210, '3.2 s'],
  [59_999, '59 s'],
  [245_000, '4 min 5 s'],
  [7_260_000, '2 h 1 min'],
  [-5, '0 ms'],
])('%d ms is said as %s', (ms, said) => expect(duration(ms)).toBe(said));

test.each([
  [-5, '0 s'],
  [999, '0 s'],
  [9_999, '9 s'],
  [60_000, '1 min'],
  [245_900, '4 min 5 s'],
])('%d ms that grow are said as %s', (ms, said) => expect(wholeSeconds(ms)).toBe(said));

describe('the drawing of a machine', () => {
  const group = readDefinition(ORDER);
  const drawing: Drawing = layOut(group ?? { startAt: '', states: [] });
  const box = (name: string): Box => {
    const found = drawing.boxes.find((each) => each.name === name);
    if (!found) throw new Error(`${name} is not drawn`);
    return found;
  };
  const isIn = (inner: Box, outer: Box): boolean =>
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height;

  test('has every state, those of branches inside their own', () => {
    expect(
      drawing.boxes
        .filter(({ node }) => node)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual([
      'Ask for another card',
      'Charge card',
      'Check stock',
      'For each parcel',
      'In stock?',
      'Pay and pack',
      'Print by hand',
      'Print label',
      'Refuse',
      'Render invoice',
      'Shipped',
      'Wait for stock',
    ]);
    for (const [inner, outer] of [
      ['Charge card', 'Pay and pack'],
      ['For each parcel', 'Pay and pack'],
      ['Print label', 'For each parcel'],
    ] as const)
      expect(isIn(box(inner), box(outer))).toBe(true);
  });

  test('lays no two states over each other', () => {
    const states = drawing.boxes.filter(({ kind }) => kind !== 'container');
    for (const [i, a] of states.entries())
      for (const b of states.slice(i + 1)) {
        const apart =
          a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect([a.name, b.name, apart]).toEqual([a.name, b.name, true]);
      }
  });

  test('has a line for each way, with what it is taken for', () => {
    const lines = drawing.lines.map(({ from, to, kind, label }) => `${from} -> ${to}: ${kind} ${label}`);
    expect(lines).toContain('In stock? -> Pay and pack: choice $.inStock == true');
    expect(lines).toContain('In stock? -> Refuse: default otherwise');
    expect(lines).toContain('Charge card -> Ask for another card: catch PaymentDeclined');
    expect(lines).toContain('Pay and pack -> Refuse: catch any error');
    for (const { points } of drawing.lines) expect(points.length).toBeGreaterThan(1);
  });

  test('is walked with arrow keys: along lines, into containers and out of them', () => {
    const walk = (from: string, ...keys: string[]): string | undefined =>
      keys.reduce<string | undefined>((at, key) => at && neighbour(drawing, at, `Arrow${key}`), from);
    expect(walk('Check stock', 'Down')).toBe('In stock?');
    expect(walk('In stock?', 'Down')).toBe('Pay and pack');
    expect(walk('Pay and pack', 'Down')).toBe('Charge card');
    expect(walk('Charge card', 'Up')).toBe('Pay and pack');
    expect(walk('Charge card', 'Right')).toBe('For each parcel');
    expect(walk('For each parcel', 'Down', 'Up')).toBe('For each parcel');
    expect(walk('Check stock', 'Left')).toBe('Wait for stock');
    expect(walk('Shipped', 'Down')).toBeUndefined();
  });

  test.each(['no JSON', '[]', '{}', '{"States":{"A":7,"B":{"Next":"Nowhere","Branches":[{}]}}}'])(
    'is drawn as far as it goes of %s',
    (definition) => {
      const read = readDefinition(definition);
      expect(() => read && layOut(read)).not.toThrow();
    },
  );
});

test('an execution is copied as commands that a shell takes apart as they are meant', () => {
  const input = `{"a":"it's $HOME \\\\ \`date\` \\n!","b":"\u{1F600}"}`;
  const arn = 'arn:aws:states:eu-west-1:123456789012:execution:M:x';
  const machine = { arn: 'arn:aws:states:eu-west-1:123456789012:stateMachine:M' };
  const copies = copiesOfExecution({ arn, machine, input }, 'http://127.0.0.1:8083');
  expect(copies[0]).toEqual({ name: 'ARN', text: arn });
  const wordsOf = (text = ''): string[] =>
    execFileSync('sh', ['-c', `set -- ${text}; printf '%s\\0' "$@"`])
      .toString()
      .split('\0');
  for (const { text } of copies.slice(1))
    expect(wordsOf(text)).toEqual(expect.arrayContaining([machine.arn, input, 'http://127.0.0.1:8083']));

  // One that began in a state: another begins there too, which the AWS CLI can't do.
  const startedFrom = { state: "Pay 'n", executionArn: `${arn}0` };
  const [, command, ...others] = copiesOfExecution(
    { arn, machine, input, startedFrom },
    'http://127.0.0.1:8083',
  );
  expect(others).toEqual([]);
  const flags = ['execute', '--from', "Pay 'n", '--of', arn, '--input', input];
  expect(wordsOf(command?.text)).toEqual([
    'npx',
    'stepwright',
    ...flags,
    '--endpoint',
    'http://127.0.0.1:8083',
    '',
  ]);
});

const INHERITED = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
test('names that JavaScript objects inherit are ordinary names of states', () => {
  const states = INHERITED.map((name, i) => {
    const next = INHERITED[i + 1];
    return `"${name}":{"Type":"Pass",${next === undefined ? '"End":true' : `"Next":"${next}"`}}`;
  });
  const text = `{"StartAt":"__proto__","States":{${states.join()}}}`;
  const { boxes, lines } = layOut(readDefinition(text) ?? { startAt: '', states: [] });
  expect(boxes.filter(({ node }) => node).map(({ name }) => name)).toEqual(INHERITED);
  expect(lines.map(({ to }) => to)).toEqual([...INHERITED, END]);
  const tops = boxes.filter(({ node }) => node).map(({ y }) => y);
  expect(new Set(tops).size).toBe(INHERITED.length);
});

test.each(INHERITED)('a definition is completed where a state has the Type %s', (type) => {
  const text = `{"StartAt":"A","States":{"A":{"Type":"${type}",}}}`;
  expect(completeDefinition(text, text.length - 3, [])?.options).toContain('"Comment": ');
  const states = `{"StartAt":"","States":{"${type}":{"Type":"Pass"}}}`;
  expect(completeDefinition(states, '{"StartAt":"'.length, [])?.options).toEqual([`"${type}"`]);
});

test.each(Object.keys(KINDS))('a field that is offered of a %s is one that it can have', (Type) => {
  const text = `{"States":{"A":{"Type":"${Type}",}}}`;
  const { options = [] } = completeDefinition(text, text.length - 3, []) ?? {};
  const fields = options.map((option) => option.replace(/^"|": $/g, ''));
  expect(fields.length).toBeGreaterThan(3);
  const refused = (QueryLanguage: string, field: string): boolean => {
    const A = { Type, [field]: {} };
    const problems = problemsIn(JSON.stringify({ QueryLanguage, StartAt: 'A', States: { A } }));
    return problems.some(
      (each) => each.text.includes(`'${field}'`) && /not supported|only|belongs to JSONPath/.test(each.text),
    );
  };
  expect(fields.filter((each) => refused('JSONPath', each) && refused('JSONata', each))).toEqual([]);
  expect(refused('JSONPath', 'Nothing') && refused('JSONata', 'Nothing')).toBe(true);
});
