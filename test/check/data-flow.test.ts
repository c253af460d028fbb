import { IsArray, IsBoolean, IsIn, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import { describe, expect, test } from '@jest/globals';
import { Activity, Handle } from 'stepwright';
import { checkMachines } from '../../src/framework/check/check-machines.js';
import { locationOf, messageOf } from '../../src/framework/check/finding.js';
import { machineSource } from '../../src/framework/check/source/machine-source.js';
import { arnOf, checkedHandlers } from './machines.js';

class Line {
  @IsString() sku!: string;
  @IsInt() count!: number;
}
class Order {
  @IsString() id!: string;
  @IsInt() cents!: number;
  @IsOptional() @IsBoolean() express?: boolean;
  @IsOptional() @IsIn(['small', 'large']) size?: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Line) lines!: Line[];
}
class Quote {
  @IsString() id!: string;
  @IsInt() cents!: number;
  @IsOptional() @IsString() note?: string;
  @IsString({ each: true }) tags!: string[];
}

@Activity(arnOf('Quote'))
class Quoting {
  @Handle({ input: 'any', output: Quote }) quote(_input: unknown): Quote {
    return new Quote();
  }
}
@Activity(arnOf('Place'))
class Placing {
  @Handle() place(_order: Order): void {}
}

const handlers = checkedHandlers([Quoting, Placing]);

/** Returns the findings about data, each as `line:column state: message | fix`. */
function found(machine: object): string[] {
  const text = JSON.stringify(machine, null, 2);
  return checkMachines({ machines: [machineSource('M', 'm', text, {})], handlers, errorNames: [] })
    .filter(
      ({ code }) => code === 'PAYLOAD_MISFIT' || code === 'PATH_LEADS_NOWHERE' || code === 'MACHINE_INVALID',
    )
    .map((each) => {
      const line = text.split('\n')[(each.line ?? 0) - 1]?.trim() ?? '';
      return `${locationOf(each).split(':').length === 3 ? line : '?'} ${messageOf(each)} | ${each.fix}`;
    });
}

const quote = (more: object = {}): object => ({
  Type: 'Task',
  Resource: arnOf('Quote'),
  Next: 'Place',
  ...more,
});
/** Two ways that lead to the same Task, with different results. */
const twoWays = (first: object, second: object, payload: object): object => ({
  StartAt: 'C',
  States: {
    C: { Type: 'Choice', Choices: [{ Variable: '$.a', IsPresent: true, Next: 'A' }], Default: 'B' },
    A: { Type: 'Pass', Next: 'Place', Result: first },
    B: { Type: 'Pass', Next: 'Place', Result: second },
    Place: parameters(payload),
  },
});
const pass = (more: object): object => ({ Type: 'Pass', Next: 'Place', ...more });
const place = (more: object = {}): object => ({ Type: 'Task', Resource: arnOf('Place'), End: true, ...more });

/** A machine in JSONPath: a state before the task, and the task. */
const paths = (first: object, task: object = place(), others: object = {}): object => ({
  StartAt: 'First',
  States: { First: first, Place: task, ...others },
});
/** The same in JSONata. */
const jsonata = (first: object, task: object = place(), others: object = {}): object => ({
  QueryLanguage: 'JSONata',
  ...paths(first, task, others),
});
const GIVEN = { id: 'o', cents: 1, lines: [] };
/** Sound Parameters, but for these. */
const parameters = (fields: object): object => {
  const given = Object.entries(GIVEN).filter(([key]) => !Object.hasOwn(fields, `${key}.$`));
  return place({ Parameters: { ...Object.fromEntries(given), ...fields } });
};
const args = (fields: object): object => place({ Arguments: { ...GIVEN, ...fields } });
const start = (task: object): object => ({ StartAt: 'Place', States: { Place: task } });
const startJsonata = (task: object): object => ({ QueryLanguage: 'JSONata', ...start(task) });

type Planted = readonly [what: string, machine: object, line: string, message: string];

const PLANTED: readonly Planted[] = [
  // JSONPath: the type of a computed value.
  [
    'a text made by States.Format',
    start(parameters({ 'cents.$': "States.Format('{}', $.cents)" })),
    '"cents.$"',
    "'cents' in Parameters must be a whole number, and is a text",
  ],
  [
    'a number made by States.MathAdd',
    start(parameters({ 'id.$': 'States.MathAdd($.a, 1)' })),
    '"id.$"',
    "'id' in Parameters must be a text, and is a number",
  ],
  [
    'a number made by States.ArrayLength',
    start(parameters({ 'lines.$': 'States.ArrayLength($.l)' })),
    '"lines.$"',
    "'lines' in Parameters must be a list, and is a number",
  ],
  [
    'a list made by States.StringSplit',
    start(parameters({ 'id.$': "States.StringSplit($.x, ',')" })),
    '"id.$"',
    "'id' in Parameters must be a text, and is a list",
  ],
  [
    'a list of texts in place of objects',
    start(parameters({ 'lines.$': "States.StringSplit($.x, ',')" })),
    '"lines.$"',
    "'lines' in Parameters must be an object, and is a text",
  ],
  [
    'true or false made by States.ArrayContains',
    start(parameters({ 'id.$': 'States.ArrayContains($.l, 1)' })),
    '"id.$"',
    'must be a text, and is true or false',
  ],
  [
    'a text made by States.UUID',
    start(parameters({ 'express.$': 'States.UUID()' })),
    '"express.$"',
    'must be true or false, and is a text',
  ],
  [
    'the name of the execution',
    start(parameters({ 'cents.$': '$$.Execution.Name' })),
    '"cents.$"',
    'must be a whole number, and is a text',
  ],
  [
    'the number of retries',
    start(parameters({ 'id.$': '$$.State.RetryCount' })),
    '"id.$"',
    'must be a text, and is a number',
  ],
  // JSONPath: what earlier states have made.
  [
    'a result of another type',
    paths(pass({ Result: { id: 7, cents: 1, lines: [] } })),
    'Resource',
    "'id' in its input must be a text, and is 7",
  ],
  [
    'a result without a field',
    paths(pass({ Result: { id: 'o', lines: [] } })),
    'Resource',
    "its input lacks 'cents'",
  ],
  ['a result that is no object', paths(pass({ Result: 'o' })), 'Resource', 'its input must be an object'],
  [
    'a path that the result does not have',
    paths(pass({ Result: { order: { id: 'o' } } }), parameters({ 'id.$': '$.order.idd' })),
    '"id.$"',
    "$.order.idd leads nowhere: there is never a 'idd'",
  ],
  [
    'a field of another type in an output',
    paths(quote(), parameters({ 'id.$': '$.cents' })),
    '"id.$"',
    "'id' in Parameters must be a text, and is a number",
  ],
  [
    'a field that an output does not have',
    paths(quote(), parameters({ 'id.$': '$.quoteId' })),
    '"id.$"',
    "$.quoteId leads nowhere: there is never a 'quoteId'",
  ],
  [
    'an output at ResultPath',
    paths(quote({ ResultPath: '$.quote' }), parameters({ 'cents.$': '$.quote.id' })),
    '"cents.$"',
    'must be a whole number, and is a text',
  ],
  [
    'a field that a ResultSelector drops',
    paths(quote({ ResultSelector: { 'name.$': '$.id' } }), parameters({ 'id.$': '$.id' })),
    '"id.$"',
    '$.id leads nowhere',
  ],
  [
    'a ResultSelector that reads what is not there',
    paths(quote({ ResultSelector: { 'name.$': '$.nam' } }), parameters({})),
    '"name.$"',
    '$.nam leads nowhere',
  ],
  [
    'an OutputPath that leads nowhere',
    paths(quote({ OutputPath: '$.tag' }), parameters({})),
    '"OutputPath"',
    '$.tag leads nowhere',
  ],
  [
    'an InputPath that leads nowhere',
    paths(quote(), place({ InputPath: '$.order' })),
    '"InputPath"',
    '$.order leads nowhere',
  ],
  [
    'an InputPath to a value of another type',
    paths(quote(), place({ InputPath: '$.tags' })),
    'Resource',
    'its input must be an object, and is a list',
  ],
  ['an output whole', paths(quote()), 'Resource', "its input lacks 'lines'"],
  [
    'an element of a list of texts',
    paths(quote(), parameters({ 'cents.$': '$.tags[0]' })),
    '"cents.$"',
    'must be a whole number, and is a text',
  ],
  [
    'a failure that a Catch passes on',
    {
      StartAt: 'First',
      States: {
        First: quote({ End: true, Next: undefined, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Place' }] }),
        Place: parameters({ 'id.$': '$.error' }),
      },
    },
    '"id.$"',
    "$.error leads nowhere: there is never a 'error'",
  ],
  [
    'a failure whole',
    {
      StartAt: 'First',
      States: {
        First: quote({ End: true, Next: undefined, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Place' }] }),
        Place: place(),
      },
    },
    'Resource',
    "its input lacks 'id'",
  ],
  [
    'the index of a Map',
    {
      StartAt: 'M',
      States: {
        M: {
          Type: 'Map',
          ItemSelector: { 'id.$': '$$.Map.Item.Index', cents: 1, lines: [] },
          ItemProcessor: { StartAt: 'Place', States: { Place: place() } },
          End: true,
        },
      },
    },
    'Resource',
    "'id' in its input must be a text, and is a number",
  ],
  [
    'the items of a Map',
    paths(quote({ Next: 'M' }), place(), {
      M: {
        Type: 'Map',
        ItemsPath: '$.tags',
        ItemProcessor: { StartAt: 'In', States: { In: place() } },
        Next: 'Place',
      },
    }).valueOf(),
    'Resource',
    'its input must be an object, and is a text',
  ],
  [
    'an ItemSelector without a field',
    {
      StartAt: 'M',
      States: {
        M: {
          Type: 'Map',
          ItemSelector: { 'id.$': '$$.Map.Item.Value.id', lines: [] },
          ItemProcessor: { StartAt: 'Place', States: { Place: place() } },
          End: true,
        },
      },
    },
    'Resource',
    "its input lacks 'cents'",
  ],
  [
    'a branch of a Parallel',
    {
      StartAt: 'P',
      States: {
        P: {
          Type: 'Parallel',
          Branches: [{ StartAt: 'Q', States: { Q: quote({ Next: undefined, End: true }) } }],
          Next: 'Place',
        },
        Place: parameters({ 'cents.$': '$[0].id' }),
      },
    },
    '"cents.$"',
    'must be a whole number, and is a text',
  ],
  [
    'a value that all ways agree on',
    {
      StartAt: 'C',
      States: {
        C: { Type: 'Choice', Choices: [{ Variable: '$.a', IsPresent: true, Next: 'A' }], Default: 'B' },
        A: pass({ Result: { v: 1 } }),
        B: pass({ Result: { v: 2 } }),
        Place: parameters({ 'id.$': '$.v' }),
      },
    },
    '"id.$"',
    'must be a text, and is a number',
  ],
  // JSONata.
  [
    'a text made by &',
    startJsonata(args({ cents: "{% $states.input.a & '' %}" })),
    '"cents"',
    "'cents' in Arguments must be a whole number, and is a text",
  ],
  [
    'a number made by +',
    startJsonata(args({ id: '{% $states.input.a + 1 %}' })),
    '"id"',
    "'id' in Arguments must be a text, and is a number",
  ],
  [
    'true or false made by a comparison',
    startJsonata(args({ id: '{% $states.input.a > 1 %}' })),
    '"id"',
    'must be a text, and is true or false',
  ],
  [
    'a text made by $string',
    startJsonata(args({ cents: '{% $string($states.input.a) %}' })),
    '"cents"',
    'must be a whole number, and is a text',
  ],
  [
    'a number made by $count',
    startJsonata(args({ lines: '{% $count($states.input.l) %}' })),
    '"lines"',
    'must be a list, and is a number',
  ],
  [
    'both sides of a condition',
    startJsonata(args({ cents: "{% $states.input.a ? 'x' : 'y' %}" })),
    '"cents"',
    'must be a whole number, and is a text',
  ],
  [
    'an object without a field',
    startJsonata(place({ Arguments: "{% { 'id': $states.input.id, 'lines': [] } %}" })),
    '"Arguments"',
    "Arguments lacks 'cents'",
  ],
  [
    'the name of the execution in JSONata',
    startJsonata(args({ cents: '{% $states.context.Execution.Name %}' })),
    '"cents"',
    'must be a whole number, and is a text',
  ],
  [
    'a field of another type in an output, in JSONata',
    jsonata(quote(), args({ id: '{% $states.input.cents %}' })),
    '"id"',
    'must be a text, and is a number',
  ],
  [
    'a field that an output does not have, in JSONata',
    jsonata(quote(), args({ id: '{% $states.input.quoteId %}' })),
    '"id"',
    "$states.input.quoteId leads nowhere: there is never a 'quoteId'",
  ],
  [
    'a variable of another type',
    jsonata(quote({ Assign: { price: '{% $states.result.cents %}' } }), args({ id: '{% $price %}' })),
    '"id"',
    'must be a text, and is a number',
  ],
  [
    'a field that a variable does not have',
    jsonata(quote({ Assign: { quote: '{% $states.result %}' } }), args({ id: '{% $quote.ident %}' })),
    '"id"',
    '$quote.ident leads nowhere',
  ],
  [
    'an Output without a field',
    jsonata(quote({ Output: { id: '{% $states.result.id %}', lines: [] } })),
    'Resource',
    "its input lacks 'cents'",
  ],
  [
    'an Output that reads what is not there',
    jsonata(quote({ Output: { id: '{% $states.result.idd %}' } }), args({})),
    '"id"',
    '$states.result.idd leads nowhere',
  ],
  [
    'a failure in JSONata',
    {
      QueryLanguage: 'JSONata',
      StartAt: 'First',
      States: {
        First: quote({
          Next: undefined,
          End: true,
          Catch: [
            {
              ErrorEquals: ['States.ALL'],
              Output: { why: '{% $states.errorOutput.Error %}' },
              Next: 'Place',
            },
          ],
        }),
        Place: args({ cents: '{% $states.input.why %}' }),
      },
    },
    '"cents"',
    'must be a whole number, and is a text',
  ],
  [
    'the items of a Map in JSONata',
    jsonata(quote({ Next: 'M' }), place(), {
      M: {
        Type: 'Map',
        Items: '{% $states.input.tags %}',
        ItemProcessor: { StartAt: 'In', States: { In: place() } },
        Next: 'Place',
      },
    }),
    'Resource',
    'its input must be an object, and is a text',
  ],
  [
    'an ItemSelector in JSONata',
    startJsonata({
      Type: 'Map',
      Items: '{% $states.input.l %}',
      ItemSelector: { id: '{% $states.context.Map.Item.Index %}', cents: 1, lines: [] },
      ItemProcessor: { StartAt: 'In', States: { In: place() } },
      End: true,
    }),
    'Resource',
    "'id' in its input must be a text, and is a number",
  ],
  [
    'a value that two ways make, each of another wrong type',
    twoWays({ v: 'yes' }, { v: 1 }, { 'express.$': '$.v' }),
    '"express.$"',
    'must be true or false, and is 1 (number)',
  ],
  [
    'a value that two ways make, each of a text that the class does not list',
    twoWays({ v: 'a' }, { v: 'b' }, { 'size.$': '$.v' }),
    '"size.$"',
    'must be one of "small", "large"',
  ],
  [
    'a field that neither of two ways makes',
    twoWays({ v: 'a' }, { w: 'b' }, { 'id.$': '$.x' }),
    '"id.$"',
    "there is never a 'x'",
  ],
];

describe('data that a handler would refuse, or a path that leads nowhere, is an error at its place', () => {
  test.each(PLANTED)('%s', (_what, machine, line, message) => {
    const all = found(machine);
    expect(all).toContainEqual(expect.stringContaining(message));
    const own = all.find((each) => each.includes(message)) ?? '';
    expect(own).toMatch(new RegExp(`^"?${line.replaceAll(/[$."]/g, '\\$&')}`));
  });

  test('the fix names the field that was meant, or those that there are', () => {
    expect(found(paths(quote(), parameters({ 'id.$': '$.idd' })))[0]).toContain("| did you mean 'id'?");
    expect(found(paths(quote(), parameters({ 'id.$': '$.customer' })))[0]).toContain(
      '| there are: id, cents, note, tags',
    );
  });
});

const SOUND: readonly (readonly [what: string, machine: object])[] = [
  ['a path into the input of the execution', start(parameters({ 'id.$': '$.a.b', 'lines.$': '$.l[*]' }))],
  ['the right types', paths(quote(), parameters({ 'id.$': '$.id', 'cents.$': '$.cents', express: false }))],
  ['a field that may be absent', paths(quote(), parameters({ 'id.$': '$.note' }))],
  [
    'an intrinsic function whose result depends on its arguments',
    start(parameters({ 'cents.$': 'States.ArrayGetItem($.l, 0)', 'lines.$': 'States.StringToJson($.t)' })),
  ],
  [
    'a result beside an unknown input',
    paths(pass({ Result: 1, ResultPath: '$.n' }), parameters({ 'id.$': '$.other.id', 'cents.$': '$.n' })),
  ],
  ['a value that two ways make differently', twoWays({ v: 1 }, { v: 'x' }, { 'id.$': '$.v' })],
  ['a field that one of two ways makes', twoWays({ v: 'x' }, { w: 'x' }, { 'id.$': '$.v' })],
  ['values of which one way makes the right one', twoWays({ v: 'large' }, { v: 'b' }, { 'size.$': '$.v' })],
  [
    'an object that two ways make',
    twoWays({ v: { id: 'a' } }, { v: { id: 'b', x: 1 } }, { 'id.$': '$.v.id' }),
  ],
  [
    'a loop that adds to its input',
    {
      StartAt: 'A',
      States: {
        A: { Type: 'Pass', Parameters: { 'before.$': '$' }, Next: 'C' },
        C: { Type: 'Choice', Choices: [{ Variable: '$.x', IsPresent: true, Next: 'A' }], Default: 'Place' },
        Place: parameters({ 'id.$': '$.before.before.id' }),
      },
    },
  ],
  [
    'a loop that counts',
    {
      StartAt: 'Z',
      States: {
        Z: { Type: 'Pass', Result: { n: 0 }, Next: 'A' },
        A: { Type: 'Pass', Parameters: { 'n.$': 'States.MathAdd($.n, 1)' }, Next: 'C' },
        C: {
          Type: 'Choice',
          Choices: [{ Variable: '$.n', NumericLessThan: 3, Next: 'A' }],
          Default: 'Place',
        },
        Place: parameters({ 'cents.$': '$.n' }),
      },
    },
  ],
  [
    'the output of a handler that declares none',
    {
      StartAt: 'First',
      States: {
        First: place({ Next: 'Place', End: undefined }),
        Place: parameters({ 'id.$': '$.anything' }),
      },
    },
  ],
  [
    'a JSONata path over a list',
    jsonata(quote(), args({ id: '{% $states.input.tags[0] %}', cents: '{% $count($states.input.tags) %}' })),
  ],
  [
    'a JSONata path that may lead nowhere inside an expression',
    jsonata(quote(), args({ id: "{% $states.input.quoteId ? 'a' : 'b' %}" })),
  ],
  [
    'a variable that another way does not assign',
    {
      QueryLanguage: 'JSONata',
      StartAt: 'C',
      States: {
        C: {
          Type: 'Choice',
          Choices: [{ Condition: '{% $states.input.a %}', Next: 'Place', Assign: { v: 1 } }],
          Default: 'Place',
        },
        Place: args({ id: '{% $v %}' }),
      },
    },
  ],
  [
    'a Map over a list of unknown items',
    {
      StartAt: 'M',
      States: {
        M: {
          Type: 'Map',
          ItemsPath: '$.l',
          ItemProcessor: { StartAt: 'Place', States: { Place: place() } },
          End: true,
        },
      },
    },
  ],
  ...(
    [
      ['its ResultWriter', { ResultWriter: { WriterConfig: { Transformation: 'FLATTEN' } } }, '$[0].key'],
      ['the failures that it tolerates', { ToleratedFailureCount: 1 }, '$[0].Error'],
    ] as const
  ).map(([what, fields, path]): [string, object] => [
    `the result of a Distributed Map with ${what}`,
    {
      StartAt: 'M',
      States: {
        M: {
          Type: 'Map',
          ...fields,
          ItemProcessor: {
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
            StartAt: 'P',
            States: { P: { Type: 'Pass', Result: [{ key: 1 }], End: true } },
          },
          Next: 'Read',
        },
        Read: { Type: 'Pass', Parameters: { 'a.$': path }, End: true },
      },
    },
  ]),
  [
    'a state that nothing leads to',
    { StartAt: 'Place', States: { Place: place({ Parameters: { id: 'o', cents: 1, lines: [] } }) } },
  ],
];

test.each(SOUND)('nothing is said of %s', (_what, machine) => {
  expect(found(machine)).toEqual([]);
});

describe('an iteration of a Map with an ItemBatcher is given a batch', () => {
  const batched = (state: object): object => ({
    StartAt: 'M',
    States: {
      M: {
        Type: 'Map',
        ItemsPath: '$.orders',
        ItemBatcher: { MaxItemsPerBatch: 10, BatchInput: { 'country.$': '$.country' } },
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
          StartAt: 'Place',
          States: { Place: place(state) },
        },
        End: true,
      },
    },
  });

  test('which is no item', () => {
    const [first, ...others] = found(batched({}));
    expect(first).toContain('Place');
    expect(first).toContain("'id'");
    expect(others.length).toBeGreaterThan(0);
  });

  test('and has the items', () => {
    expect(found(batched({ InputPath: '$.Items[0]' }))).toEqual([]);
    expect(found(batched({ InputPath: '$.Item' }))).toMatchObject([expect.stringContaining('$.Item leads')]);
    expect(found(batched({ InputPath: '$.BatchInput.nation' }))).toMatchObject([
      expect.stringContaining('$.BatchInput.nation leads'),
    ]);
  });
});
