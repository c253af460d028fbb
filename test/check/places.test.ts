import { Type } from 'class-transformer';
import { IsArray, IsBoolean, IsDate, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { describe, expect, test } from '@jest/globals';
import { Activity, Handle } from 'stepwright';
import { checkMachines } from '../../src/framework/check/check-machines.js';
import { machineSource } from '../../src/framework/check/source/machine-source.js';
import { arnOf, checkedHandlers } from './machines.js';

class Line {
  @IsString() sku!: string;
  @IsInt() count!: number;
}
class Quote {
  @IsString() id!: string;
  @IsInt() cents!: number;
  @IsBoolean() isNew!: boolean;
  @IsOptional() @IsString() note?: string;
  @IsString({ each: true }) tags!: string[];
  @IsArray() @ValidateNested({ each: true }) @Type(() => Line) lines!: Line[];
}
/** Takes anything, but holds what it knows to be of these types. */
class Order {
  @IsOptional() @IsString() text?: string;
  @IsOptional() @IsDate() @Type(() => Date) day?: Date;
  @IsOptional() @IsInt() whole?: number;
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => Line) lines?: Line[];
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
@Activity(arnOf('Pack'))
class Packing {
  @Handle() pack(_line: Line): void {}
}

const handlers = checkedHandlers([Quoting, Placing, Packing]);

/** Returns the findings about data and definitions, each as `code: the line in the text`. */
function found(machine: object): string[] {
  const text = JSON.stringify(machine, null, 2);
  return checkMachines({ machines: [machineSource('M', 'm', text, {})], handlers, errorNames: [] })
    .filter(({ code }) => ['PAYLOAD_MISFIT', 'PATH_LEADS_NOWHERE', 'MACHINE_INVALID'].includes(code))
    .map(({ code, line = 0, what }) => `${code}: ${what}: ${text.split('\n')[line - 1]?.trim() ?? ''}`);
}

type Language = 'JSONPath' | 'JSONata';
type Kind = 'text' | 'number' | 'boolean' | 'list' | 'any';
/** The value that `$` stands for in JSONPath, which is one of `$states` in JSONata. */
type Root = 'input' | 'result' | 'errorOutput';

/** A place where a path may stand: the state with it, and the states after that. */
interface Place {
  readonly language: Language;
  readonly name: string;
  readonly kind: Kind;
  readonly roots: readonly Root[];
  readonly state: (path: string) => object;
}

const END = { End: true };
const pass = { Type: 'Pass', ...END };
const inner = (state: object): object => ({ StartAt: 'In', States: { In: state } });
const CAUGHT = { ErrorEquals: ['States.ALL'], Next: 'Last' };
const call = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', ...END };
const lambda = { FunctionName: 'f' };
const quote = { Type: 'Task', Resource: arnOf('Quote') };
const rules = (rule: object, more: object = {}): object => ({
  Type: 'Choice',
  Choices: [{ ...rule, Next: 'Last' }],
  Default: 'Last',
  ...more,
});

const IN: readonly Root[] = ['input'];
const path = (name: string, kind: Kind, state: Place['state'], roots: readonly Root[] = IN): Place => ({
  language: 'JSONPath',
  name,
  kind,
  state,
  roots,
});
const expression = (name: string, kind: Kind, state: Place['state'], roots: readonly Root[] = IN): Place => ({
  language: 'JSONata',
  name,
  kind,
  state: (text) => state(`{% ${text} %}`),
  roots,
});

const RULE = { NumericGreaterThan: 1 };
const PLACES: readonly Place[] = [
  path('InputPath', 'any', (at) => ({ ...pass, InputPath: at })),
  path('OutputPath', 'any', (at) => ({ ...pass, OutputPath: at })),
  path('OutputPath of a Choice', 'any', (at) => rules({ Variable: '$.cents', ...RULE }, { OutputPath: at })),
  path('Parameters of a Task', 'any', (at) => ({ ...call, Parameters: { ...lambda, 'a.$': at } })),
  path('Parameters of a Task, deep', 'any', (at) => ({
    ...call,
    Parameters: { ...lambda, a: [{ 'b.$': at }] },
  })),
  path('Parameters of a Pass', 'any', (at) => ({ ...pass, Parameters: { 'a.$': at } })),
  path('Parameters of a Parallel', 'any', (at) => ({
    Type: 'Parallel',
    Parameters: { 'a.$': at },
    Branches: [inner(pass)],
    ...END,
  })),
  path('Parameters of a Map', 'any', (at) => ({
    Type: 'Map',
    ItemsPath: '$.lines',
    Parameters: { 'a.$': at },
    Iterator: inner(pass),
    ...END,
  })),
  path('ItemSelector', 'any', (at) => ({
    Type: 'Map',
    ItemsPath: '$.lines',
    ItemSelector: { 'a.$': at },
    ItemProcessor: inner(pass),
    ...END,
  })),
  path('ItemsPath', 'list', (at) => ({ Type: 'Map', ItemsPath: at, ItemProcessor: inner(pass), ...END })),
  path('MaxConcurrencyPath', 'number', (at) => ({
    Type: 'Map',
    ItemsPath: '$.lines',
    MaxConcurrencyPath: at,
    ItemProcessor: inner(pass),
    ...END,
  })),
  path('ResultSelector', 'any', (at) => ({ ...quote, ResultSelector: { 'a.$': at }, ...END }), ['result']),
  path('Assign', 'any', (at) => ({ ...quote, Assign: { 'a.$': at }, ...END }), ['result']),
  path('Assign of a Pass', 'any', (at) => ({ ...pass, Assign: { 'a.$': at } })),
  path(
    'Assign of a Catch',
    'any',
    (at) => ({ ...call, Parameters: lambda, Catch: [{ ...CAUGHT, Assign: { 'a.$': at } }] }),
    ['errorOutput'],
  ),
  path('Assign of a rule', 'any', (at) => rules({ Variable: '$.cents', ...RULE, Assign: { 'a.$': at } })),
  path('Assign of a Choice', 'any', (at) =>
    rules({ Variable: '$.cents', ...RULE }, { Assign: { 'a.$': at } }),
  ),
  path('Variable', 'any', (at) => rules({ Variable: at, ...RULE })),
  path('Variable in And', 'any', (at) =>
    rules({
      And: [
        { Variable: '$.cents', ...RULE },
        { Variable: at, ...RULE },
      ],
    }),
  ),
  path('Variable in Or', 'any', (at) =>
    rules({
      Or: [
        { Variable: '$.cents', ...RULE },
        { Variable: at, ...RULE },
      ],
    }),
  ),
  path('Variable in Not', 'any', (at) => rules({ Not: { Variable: at, ...RULE } })),
  path('NumericEqualsPath', 'any', (at) => rules({ Variable: '$.cents', NumericEqualsPath: at })),
  path('SecondsPath', 'number', (at) => ({ Type: 'Wait', SecondsPath: at, ...END })),
  path('TimestampPath', 'text', (at) => ({ Type: 'Wait', TimestampPath: at, ...END })),
  path('TimeoutSecondsPath', 'number', (at) => ({ ...quote, TimeoutSecondsPath: at, ...END })),
  path('HeartbeatSecondsPath', 'number', (at) => ({ ...quote, HeartbeatSecondsPath: at, ...END })),
  path('Credentials', 'text', (at) => ({ ...call, Parameters: lambda, Credentials: { 'RoleArn.$': at } })),
  path('ErrorPath', 'text', (at) => ({ Type: 'Fail', ErrorPath: at })),
  path('CausePath', 'text', (at) => ({ Type: 'Fail', CausePath: at })),
  path('a state in a Parallel', 'any', (at) => ({
    Type: 'Parallel',
    Branches: [inner({ ...pass, Parameters: { 'a.$': at } })],
    ...END,
  })),
  path('an argument of an intrinsic function', 'any', (at) => ({
    ...pass,
    Parameters: { 'a.$': `States.Array(1, States.Format('{}', ${at}))` },
  })),

  expression('Arguments', 'any', (at) => ({ ...call, Arguments: { ...lambda, a: at } })),
  expression('Arguments, deep', 'any', (at) => ({ ...call, Arguments: { ...lambda, a: [{ b: at }] } })),
  expression('Arguments of a Parallel', 'any', (at) => ({
    Type: 'Parallel',
    Arguments: { a: at },
    Branches: [inner(pass)],
    ...END,
  })),
  expression('Output', 'any', (at) => ({ ...quote, Output: { a: at }, ...END }), ['input', 'result']),
  expression('Output of a Pass', 'any', (at) => ({ ...pass, Output: { a: at } })),
  expression('Output of a Succeed', 'any', (at) => ({ Type: 'Succeed', Output: { a: at } })),
  expression('Output of a rule', 'any', (at) => rules({ Condition: true, Output: { a: at } })),
  expression('Output of a Choice', 'any', (at) =>
    rules({ Condition: '{% $states.input.isNew %}' }, { Output: { a: at } }),
  ),
  expression(
    'Output of a Catch',
    'any',
    (at) => ({ ...call, Arguments: lambda, Catch: [{ ...CAUGHT, Output: { a: at } }] }),
    ['input', 'errorOutput'],
  ),
  expression('Assign', 'any', (at) => ({ ...quote, Assign: { a: at }, ...END }), ['input', 'result']),
  expression('Assign of a rule', 'any', (at) => rules({ Condition: true, Assign: { a: at } })),
  expression('Assign of a Choice', 'any', (at) =>
    rules({ Condition: '{% $states.input.isNew %}' }, { Assign: { a: at } }),
  ),
  expression(
    'Assign of a Catch',
    'any',
    (at) => ({ ...call, Arguments: lambda, Catch: [{ ...CAUGHT, Assign: { a: at } }] }),
    ['input', 'errorOutput'],
  ),
  expression('Condition', 'boolean', (at) => rules({ Condition: at })),
  expression('Items', 'list', (at) => ({ Type: 'Map', Items: at, ItemProcessor: inner(pass), ...END })),
  expression('ItemSelector', 'any', (at) => ({
    Type: 'Map',
    Items: [1],
    ItemSelector: { a: at },
    ItemProcessor: inner(pass),
    ...END,
  })),
  expression('MaxConcurrency', 'number', (at) => ({
    Type: 'Map',
    Items: [1],
    MaxConcurrency: at,
    ItemProcessor: inner(pass),
    ...END,
  })),
  expression('Seconds', 'number', (at) => ({ Type: 'Wait', Seconds: at, ...END })),
  expression('Timestamp', 'text', (at) => ({ Type: 'Wait', Timestamp: at, ...END })),
  expression('TimeoutSeconds', 'number', (at) => ({ ...quote, TimeoutSeconds: at, ...END })),
  expression('HeartbeatSeconds', 'number', (at) => ({ ...quote, HeartbeatSeconds: at, ...END })),
  expression('Credentials', 'text', (at) => ({ ...call, Arguments: lambda, Credentials: { RoleArn: at } })),
  expression('Error', 'text', (at) => ({ Type: 'Fail', Error: at })),
  expression('Cause', 'text', (at) => ({ Type: 'Fail', Cause: at })),
  expression('a state in a Parallel', 'any', (at) => ({
    Type: 'Parallel',
    Branches: [inner({ ...pass, Output: { a: at } })],
    ...END,
  })),
];

/** A machine that begins with a task whose output is declared, and is in a variable too. */
const machineOf = (language: Language, states: object): object => ({
  QueryLanguage: language,
  StartAt: 'First',
  States: {
    First: {
      ...quote,
      Assign: language === 'JSONPath' ? { 'quote.$': '$' } : { quote: '{% $states.result %}' },
      Next: 'At',
    },
    ...states,
    ...(JSON.stringify(states).includes('"Next":"Last"') && { Last: { Type: 'Succeed' } }),
  },
});

/** A way to read a value. `right` is undefined where it has no value of the kind. */
interface Reading {
  readonly wrong: string;
  readonly right: string | undefined;
}

const FIELDS: Readonly<Record<Kind, string>> = {
  text: 'id',
  number: 'cents',
  boolean: 'isNew',
  list: 'tags',
  any: 'id',
};

/** Returns the mistakes that can be made at a place, each with what would be right. */
function readings({ language, kind, roots }: Place): Reading[] {
  const isText = kind === 'text' || kind === 'any';
  const field = FIELDS[kind];
  const onVariable = [
    { wrong: '$quote.ident', right: `$quote.${field}` },
    { wrong: `$qoute.${field}`, right: `$quote.${field}` },
    { wrong: '$quote.lines[0].skuu', right: isText ? '$quote.lines[0].sku' : undefined },
  ];
  const ofRoot = roots.map((root): Reading => {
    const at = language === 'JSONPath' ? '$' : `$states.${root}`;
    return root === 'errorOutput'
      ? { wrong: `${at}.Eror`, right: isText ? `${at}.Error` : undefined }
      : { wrong: `${at}.ident`, right: `${at}.${field}` };
  });
  const context = language === 'JSONPath' ? '$$' : '$states.context';
  const ofContext = [
    { wrong: `${context}.Execution.Nme`, right: isText ? `${context}.Execution.Name` : undefined },
    { wrong: `${context}.Executon.Name`, right: isText ? `${context}.Execution.Id` : undefined },
    {
      wrong: `${context}.State.RetryCounts`,
      right: kind === 'number' || kind === 'any' ? `${context}.State.RetryCount` : undefined,
    },
  ];
  const all = [...onVariable, ...ofRoot, ...ofContext];
  if (language === 'JSONPath') return all;
  return [
    ...all,
    { wrong: '$upercase($quote.id)', right: isText ? '$uppercase($quote.id)' : undefined },
    { wrong: '$quote.id ~> $upercase', right: isText ? '$quote.id ~> $uppercase' : undefined },
    { wrong: "'for ' & $quote.ident", right: isText ? "'for ' & $quote.id" : undefined },
    { wrong: '$quote.cents + $quote.cent', right: kind === 'number' ? '$quote.cents + 1' : undefined },
    { wrong: '$quote.cent > 5', right: kind === 'boolean' ? '$quote.cents > 5' : undefined },
    { wrong: '($total := 5; $totl)', right: kind === 'number' ? '($total := 5; $total)' : undefined },
    { wrong: '$quote.lines.skuu', right: undefined },
    {
      wrong: '[$quote.lines.skuu]',
      right: kind === 'list' ? '[$quote.lines.sku]' : undefined,
    },
    { wrong: '$quote.lines[skuu = 1].count', right: undefined },
    { wrong: '$map($quote.lines, function($line) { $line.skuu })', right: undefined },
    { wrong: "{ 'a': $quote.ident }", right: kind === 'any' ? "{ 'a': $quote.id }" : undefined },
  ];
}

describe('what leads nowhere is found at each place, and what is right there is not', () => {
  test.each(PLACES.map((each) => [`${each.name} in ${each.language}`, each] as const))(
    '%s',
    (_name, place) => {
      for (const { wrong, right } of readings(place)) {
        const all = found(machineOf(place.language, { At: place.state(wrong) }));
        const own = all.filter((each) => each.startsWith('PATH_LEADS_NOWHERE') && each.includes(wrong));
        expect([wrong, all, own.length]).toEqual([wrong, all, 1]);
        expect([
          right,
          right === undefined ? [] : found(machineOf(place.language, { At: place.state(right) })),
        ]).toEqual([right, []]);
      }
    },
  );
});

/** A way on which a value comes to a handler: the states before it, in which the value is written. */
interface Way {
  readonly language: Language;
  readonly name: string;
  readonly states: (key: string, value: unknown) => object;
}

const place = (more: object = {}): object => ({ Type: 'Task', Resource: arnOf('Place'), ...END, ...more });
const given = (key: string, value: unknown): object =>
  typeof value === 'string' && value.startsWith('$') ? { [`${key}.$`]: value } : { [key]: value };
const quoted = (key: string, value: unknown): object => ({
  ...pass,
  End: undefined,
  Parameters: given(key, value),
  Next: 'Place',
});
const WAYS: readonly Way[] = [
  {
    language: 'JSONPath',
    name: 'Parameters',
    states: (key, value) => ({ At: place({ Parameters: given(key, value) }) }),
  },
  {
    language: 'JSONPath',
    name: 'Parameters of a Pass',
    states: (key, value) => ({ At: quoted(key, value), Place: place() }),
  },
  {
    language: 'JSONPath',
    name: 'ResultPath',
    states: (key, value) => ({
      At: { ...quoted(key, value), ResultPath: '$.made' },
      Place: place({ InputPath: '$.made' }),
    }),
  },
  {
    language: 'JSONPath',
    name: 'a variable',
    states: (key, value) => ({
      At: { ...pass, End: undefined, Assign: given('made', value), Next: 'Place' },
      Place: place({ Parameters: { [`${key}.$`]: '$made' } }),
    }),
  },
  {
    language: 'JSONPath',
    name: 'Assign of a rule',
    states: (key, value) => ({
      At: {
        Type: 'Choice',
        Choices: [{ Variable: '$.cents', ...RULE, Assign: given('made', value), Next: 'Place' }],
      },
      Place: place({ Parameters: { [`${key}.$`]: '$made' } }),
    }),
  },
  {
    language: 'JSONPath',
    name: 'a Parallel',
    states: (key, value) => ({
      At: {
        Type: 'Parallel',
        Branches: [inner({ ...pass, Parameters: given(key, value) })],
        Next: 'Place',
      },
      Place: place({ InputPath: '$[0]' }),
    }),
  },
  {
    language: 'JSONPath',
    name: 'ItemSelector',
    states: (key, value) => ({
      At: {
        Type: 'Map',
        ItemsPath: '$.lines',
        ItemSelector: given(key, value),
        ItemProcessor: inner(place()),
        ...END,
      },
    }),
  },
  {
    language: 'JSONata',
    name: 'Arguments',
    states: (key, value) => ({ At: place({ Arguments: { [key]: value } }) }),
  },
  {
    language: 'JSONata',
    name: 'Output',
    states: (key, value) => ({
      At: { ...pass, End: undefined, Output: { [key]: value }, Next: 'Place' },
      Place: place(),
    }),
  },
  {
    language: 'JSONata',
    name: 'a variable',
    states: (key, value) => ({
      At: { ...pass, End: undefined, Assign: { made: value }, Next: 'Place' },
      Place: place({ Arguments: { [key]: '{% $made %}' } }),
    }),
  },
  {
    language: 'JSONata',
    name: 'Output of a rule',
    states: (key, value) => ({
      At: {
        Type: 'Choice',
        Choices: [{ Condition: '{% $quote.isNew %}', Output: { [key]: value }, Next: 'Place' }],
      },
      Place: place(),
    }),
  },
  {
    language: 'JSONata',
    name: 'Output of a Catch',
    states: (key, value) => ({
      At: {
        ...call,
        Arguments: lambda,
        Catch: [{ ...CAUGHT, Output: { [key]: value }, Next: 'Place' }],
      },
      Place: place(),
    }),
  },
  {
    language: 'JSONata',
    name: 'a Parallel',
    states: (key, value) => ({
      At: {
        Type: 'Parallel',
        Branches: [inner({ ...pass, Output: { [key]: value } })],
        Next: 'Place',
      },
      Place: place({ Arguments: '{% $states.input[0] %}' }),
    }),
  },
  {
    language: 'JSONata',
    name: 'ItemSelector',
    states: (key, value) => ({
      At: {
        Type: 'Map',
        Items: '{% $quote.lines %}',
        ItemSelector: { [key]: value },
        ItemProcessor: inner(place()),
        ...END,
      },
    }),
  },
];

/** A field, a value that its class refuses, and one that it takes. */
const VALUES: Readonly<
  Record<Language, readonly (readonly [key: string, wrong: unknown, right: unknown])[]>
> = {
  JSONPath: [
    ['text', '$quote.lines[*].sku', '$quote.lines[0].sku'],
    ['text', '$quote.lines[?(@.count > 1)].sku', '$quote.id'],
    ['text', [1, 2], 'ab'],
    ['text', '$quote.cents', '$quote.note'],
    ['text', '$$.State.RetryCount', '$$.State.Name'],
    ['lines', '$quote.lines[*].sku', '$quote.lines[*]'],
    ['lines', '$quote.tags', '$quote.lines[0:2]'],
    ['day', '2026-02-30', '2026-02-28'],
    ['day', '2026-02-30T10:00:00Z', '2026-02-28T10:00:00Z'],
    ['day', 'tomorrow', 0],
    ['whole', 1.5, 1],
  ],
  JSONata: [
    ['text', '{% $quote.lines.sku %}', '{% $quote.lines[0].sku %}'],
    ['text', '{% [$quote.lines.sku] %}', '{% ($quote.lines.sku)[0] %}'],
    ['text', '{% [1, 2] %}', "{% 'ab' %}"],
    ['text', [1, 2], 'ab'],
    ['text', '{% $quote.lines[count > 1].sku %}', '{% $join($quote.lines.sku) %}'],
    ['text', "{% $split($quote.id, '-') %}", "{% $split($quote.id, '-')[0] %}"],
    ['lines', '{% [$quote.lines.sku] %}', '{% $quote.lines[count > 1] %}'],
    ['lines', '{% $quote.lines.sku %}', '{% $quote.lines %}'],
    [
      'lines',
      "{% $quote.lines.{ 'sku': count, 'count': 1 } %}",
      "{% $quote.lines.{ 'sku': sku, 'count': 1 } %}",
    ],
    ['day', "{% '2026-02-30' %}", "{% '2026-02-28' %}"],
    ['day', '2026-02-30', '2026-02-28'],
    ['day', '2026-13-01T10:00:00Z', '2026-02-28T10:00:00Z'],
    ['whole', '{% $quote.cents & "" %}', '{% $quote.cents %}'],
  ],
};

describe('a value that the class refuses is found on each way, and one that it takes is not', () => {
  test.each(WAYS.map((each) => [`${each.name} in ${each.language}`, each] as const))('%s', (_name, way) => {
    for (const [key, wrong, right] of VALUES[way.language]) {
      const all = found(machineOf(way.language, way.states(key, wrong)));
      expect([wrong, all]).toEqual([wrong, [expect.stringContaining(`PAYLOAD_MISFIT: '${key}`)]]);
      expect([right, found(machineOf(way.language, way.states(key, right)))]).toEqual([right, []]);
    }
  });
});

test.each([
  ['JSONPath', 'ItemsPath', '$.lines[*].sku', '$.lines[*]'],
  ['JSONPath', 'ItemsPath', '$.tags', '$.lines'],
  ['JSONata', 'Items', '{% $states.input.lines.sku %}', '{% $states.input.lines %}'],
  ['JSONata', 'Items', '{% [$states.input.lines.sku] %}', '{% $states.input.lines[count > 1] %}'],
] as const)(
  'items of a Map that its handler refuses are found: %s %s %s',
  (language, field, wrong, right) => {
    const machine = (items: string): object => ({
      QueryLanguage: language,
      StartAt: 'First',
      States: {
        First: { ...quote, Next: 'Each' },
        Each: {
          Type: 'Map',
          [field]: items,
          ItemProcessor: inner({ Type: 'Task', Resource: arnOf('Pack'), ...END }),
          ...END,
        },
      },
    });
    expect(found(machine(wrong))).toEqual([expect.stringContaining('must be an object, and is a text')]);
    expect(found(machine(right))).toEqual([]);
  },
);

test.each([
  ['SecondsPath', '$.id', '$.cents', { Type: 'Wait' }],
  ['TimestampPath', '$.tags', '$.id', { Type: 'Wait' }],
  ['ItemsPath', '$.id', '$.tags', { Type: 'Map', ItemProcessor: inner(pass) }],
  ['TimeoutSecondsPath', '$.id', '$.cents', quote],
  ['ErrorPath', '$.lines[*].sku', '$.id', { Type: 'Fail' }],
])('a field that never takes its value is found: %s', (field, wrong, right, state) => {
  const machine = (value: string): object => ({
    StartAt: 'First',
    States: {
      First: { ...quote, Next: 'At' },
      At: {
        ...state,
        [field]: value,
        ...(state !== undefined && !('Type' in state && state.Type === 'Fail') && END),
      },
    },
  });
  expect(found(machine(wrong))).toEqual([expect.stringContaining(`PAYLOAD_MISFIT: ${field} must be`)]);
  expect(found(machine(right))).toEqual([]);
});

test.each([
  ['Seconds', [-1, 100_000_000], [0, 99_999_999], { Type: 'Wait' }],
  ['TimeoutSeconds', [0, 100_000_000], [1, 99_999_999], quote],
  ['HeartbeatSeconds', [0, 100_000_000], [1, 99_999_999], quote],
] as const)('a number that a field never takes is found: %s', (field, wrong, right, state) => {
  const machine = (language: Language, value: number): object => ({
    QueryLanguage: language,
    StartAt: 'First',
    States: {
      First: {
        Type: 'Pass',
        ...(language === 'JSONPath' && { Result: { value } }),
        Next: 'At',
      },
      At: {
        ...state,
        ...(language === 'JSONPath' ? { [`${field}Path`]: '$.value' } : { [field]: `{% ${value} %}` }),
        ...END,
      },
    },
  });
  for (const language of ['JSONPath', 'JSONata'] as const) {
    for (const value of wrong)
      expect(found(machine(language, value))).toEqual([
        expect.stringMatching(`PAYLOAD_MISFIT: ${field}(Path)? must be at (least|most) .*, and is ${value}`),
      ]);
    for (const value of right) expect(found(machine(language, value))).toEqual([]);
  }
});

test('a Map over what is no list is found without a field that names its items', () => {
  const map = { Type: 'Map', ItemProcessor: inner(pass), ...END };
  const machine = (first: object, more: object = {}): object => ({
    ...more,
    StartAt: 'First',
    States: { First: { ...quote, ...first, Next: 'Each' }, Each: map },
  });
  const message = expect.stringContaining('PAYLOAD_MISFIT: its input must be a list, and is');
  expect(found(machine({}))).toEqual([message]);
  expect(found(machine({}, { QueryLanguage: 'JSONata' }))).toEqual([message]);
  expect(found(machine({ OutputPath: '$.lines' }))).toEqual([]);
});

test('a state inside another one has the query language of the machine', () => {
  const machine = (at: string): object =>
    machineOf('JSONPath', {
      At: {
        Type: 'Parallel',
        QueryLanguage: 'JSONata',
        Branches: [inner({ ...pass, Parameters: { 'a.$': at } })],
        ...END,
      },
    });
  expect(found(machine('$quote.ident'))).toEqual([expect.stringContaining('$quote.ident leads nowhere')]);
  expect(found(machine('$quote.id'))).toEqual([]);
});

describe('a field that is asked for first', () => {
  test.each([
    [
      'IsPresent',
      {
        And: [
          { Variable: '$.gift', IsPresent: true },
          { Variable: '$.gift.to', IsString: true },
        ],
      },
    ],
    [
      'IsPresent in another rule',
      {
        Or: [
          { Variable: '$.gift', IsPresent: false },
          { Variable: '$.gift', IsNull: true },
        ],
      },
    ],
  ])('may be read in JSONPath: %s', (_name, rule) => {
    const states = { First: { ...quote, Next: 'At' }, At: rules(rule), Last: { Type: 'Succeed' } };
    expect(found({ StartAt: 'First', States: states })).toEqual([]);
  });

  test.each([
    "$exists($states.input.gift) ? $states.input.gift.to : 'nobody'",
    "$states.input.gift ? $states.input.gift.to : 'nobody'",
    '$exists($states.input.gift) and $states.input.gift.count > 1',
  ])('may be read in JSONata: %s', (text) => {
    const states = { First: { ...quote, Next: 'At' }, At: { ...pass, Output: { a: `{% ${text} %}` } } };
    expect(found({ QueryLanguage: 'JSONata', StartAt: 'First', States: states })).toEqual([]);
  });

  test('may be read in the state to which only its presence leads', () => {
    const reads = { ...pass, Parameters: { 'a.$': '$.gift.to' } };
    const rule = { Variable: '$.gift', IsPresent: true, Next: 'Reads' };
    const at = { Type: 'Choice', Choices: [rule], Default: 'Last' };
    const states = { First: { ...quote, Next: 'At' }, At: at, Reads: reads, Last: { Type: 'Succeed' } };
    expect(found({ StartAt: 'First', States: states })).toEqual([]);
  });
});
