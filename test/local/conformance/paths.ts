import { one, pass, type MachineRow } from './row.js';

const INPUT = {
  list: [
    { name: 'ann', age: 5, tags: ['x', 'y'] },
    { name: 'bob', age: 7, tags: [] },
    { name: 'cid', age: '7', tags: ['z'] },
    { age: null },
  ],
  names: ['ann', 'cid'],
  numbers: [3, 1, 2],
  object: { b: 1, a: 2 },
  text: 'hello',
  empty: [],
  deep: [{ c: [1, 2] }, { c: [3] }],
};

const reads = (path: string, output: unknown): MachineRow => ({
  does: `the path ${path}`,
  from: 'Jayway JsonPath',
  machine: pass({ Parameters: { 'x.$': path } }),
  input: INPUT,
  expect: { output: { x: output } },
});

/** The names that a filter selects. */
const selects = (filter: string, ...names: string[]): MachineRow => reads(`$.list[?(${filter})].name`, names);

const notHere = (path: string, part: string): MachineRow => ({
  does: `the path ${path.length > 60 ? path.slice(0, 60) : path} is refused by name`,
  from: 'Jayway JsonPath',
  machine: pass({ Parameters: { 'x.$': path } }),
  expect: {
    refusal: `SCHEMA_VALIDATION_FAILED: The path '${path}' cannot be used here: the local service does not have ${part} at /States/X/Parameters`,
  },
});

const filters: MachineRow[] = [
  selects("@.name in ['ann', 'cid']", 'ann', 'cid'),
  selects("@.name nin ['ann']", 'bob', 'cid'),
  selects('@.name in $.names', 'ann', 'cid'),
  selects('@[\'name\'] IN ["bob"]', 'bob'),
  selects('@.age in [5, 7]', 'ann', 'bob', 'cid'),
  selects('@.name in []'),
  selects("@.tags subsetof ['x', 'y', 'z']", 'ann', 'bob', 'cid'),
  selects("@.tags subsetof ['x']", 'bob'),
  selects("@.tags anyof ['x', 'z']", 'ann', 'cid'),
  selects("@.tags noneof ['x']", 'bob', 'cid'),
  selects("@.tags contains 'x'", 'ann'),
  selects("@.tags[*] contains 'x'", 'ann'),
  selects("@.name contains 'o'", 'bob'),
  selects('@.tags size 2', 'ann'),
  selects('@.name size 3', 'ann', 'bob', 'cid'),
  selects('@.tags empty true', 'bob'),
  selects('@.tags empty false', 'ann', 'cid'),
  selects('@.tags[*]', 'ann', 'cid'),
  selects('@.tags.length() == 2', 'ann'),
  selects('@.age == 7', 'bob', 'cid'),
  selects("@.age == '7'", 'bob', 'cid'),
  selects('@.age === 7', 'bob'),
  selects('@.age !== 7', 'ann', 'cid'),
  selects("@.name in ['ann'] || !(@.age == 5) && @.name", 'ann', 'bob', 'cid'),
  selects('@.name =~ /a.*/', 'ann'),
  selects('@.name =~ /n/'),
  selects('@.name =~ /.*O.*/i', 'bob'),
  selects('@.tags =~ /[xz]/', 'ann', 'cid'),
  selects('@.age =~ /\\d/', 'ann', 'bob', 'cid'),
  selects('/c.d/ =~ @.name', 'cid'),
  selects('@.name =~ /^(?:a|b)[a-z&]{1,2}$/', 'ann', 'bob'),
  selects('@.name =~ /\\w+?\\bx*/', 'ann', 'bob', 'cid'),
  selects('@.name =~ /b\\wb/', 'bob'),
  selects('@.name =~ /(a+)+(n?)*/', 'ann'),
  selects('@.name =~ /(?=a)\\w(n)\\1/', 'ann'),
];

const functions: MachineRow[] = [
  reads('$.list.length()', 4),
  reads('$.object.length()', 2),
  reads('$.numbers.size()', 3),
  reads('$.text.length()', null),
  reads('$.empty.length()', 0),
  reads('$.numbers.min()', 1),
  reads('$.numbers.max()', 3),
  reads('$.numbers.avg()', 2),
  reads('$.numbers.sum()', 6),
  reads('$.numbers.sum(4, 5)', 15),
  reads('$.numbers.stddev()', Math.sqrt(2 / 3)),
  reads('$.object.keys()', ['b', 'a']),
  reads('$.numbers.first()', 3),
  reads('$.list.last().age', null),
  reads('$.numbers.index(-1)', 2),
  reads('$.names.concat("!")', 'anncid!'),
  reads('$.names.append("z", 1)', ['ann', 'cid', 'z', 1]),
  reads('$.deep[*].c.length()', [2, 1]),
  reads('$..c.length()', 3),
  reads('$..age.max()', 7),
  {
    does: 'the largest of no numbers is no value',
    from: 'Jayway JsonPath',
    machine: one({ Type: 'Pass', InputPath: '$.l.max()' }),
    input: { l: [] },
    expect: { error: 'States.Runtime', cause: inputPathOf('$.l.max()', "$['l'].max()") },
  },
  ...(
    [
      ['States.ArrayLength($.list[?(@.name in ["ann", "bob"])])', 2],
      ['States.MathAdd($.numbers.length(), $.numbers.max())', 6],
      ["States.ArrayLength($.list[?(@.tags[0] == 'x' || (@.age == 7))].name)", 3],
    ] as const
  ).map(([path, output]) => reads(path, output)),
  {
    does: 'a Choice compares the length of a list',
    from: 'Jayway JsonPath',
    machine: {
      StartAt: 'X',
      States: {
        X: {
          Type: 'Choice',
          Choices: [{ Variable: '$.numbers.length()', NumericEquals: 3, Next: 'Y' }],
        },
        Y: { Type: 'Succeed' },
      },
    },
    input: INPUT,
    expect: { path: ['X', 'Y'] },
  },
];

function inputPathOf(path: string, normal: string): string {
  return `An error occurred while executing the state 'X' (entered at the event id #2). Invalid path '${path}' : No results for path: ${normal}`;
}

const ONES = Array.from({ length: 4_000 }, () => 1);
const FIELDS = Object.fromEntries(ONES.slice(0, 400).map((one, at) => [`k${at}`, one]));

const missing: MachineRow[] = [
  {
    does: 'a regular expression that never ends is ended',
    from: 'Jayway JsonPath',
    machine: one({ Type: 'Pass', InputPath: '$[?(@ =~ /(a+)+b/)]' }),
    input: ['a'.repeat(40)],
    expect: {
      error: 'States.Runtime',
      cause:
        "An error occurred while executing the state 'X' (entered at the event id #2). The regular expressions of the path take more than 250 ms.",
    },
  },
  ...(
    [
      ['literals', Array.from({ length: 6_000 }, () => '1==2').join('||')],
      ['negations', `${'!'.repeat(2_000)}!1`],
      ['long numbers', `@ == '${'1'.repeat(10_000)}'`],
      ['equal lists', '$.l == $.same'],
      ['equal objects', '$.o == $.p'],
      ['empty objects', '$.o empty true'],
      ['the largest item', '$.l.max() > 1'],
      ['the number of fields', '$.o.length() == 1'],
      ['many fields', `$.o[${Array.from({ length: 400 }, () => "'k1'").join()}] == 1`],
    ] as const
  ).map(([what, filter]): MachineRow => ({
    does: `a filter that reads ${what} for each of many items is ended`,
    from: 'Jayway JsonPath',
    machine: one({ Type: 'Pass', InputPath: `$.l[?(${filter})]` }),
    input: { l: ONES, same: ONES, o: FIELDS, p: FIELDS },
    expect: {
      error: 'States.Runtime',
      cause:
        "An error occurred while executing the state 'X' (entered at the event id #2). The path visits more than 1000000 values.",
    },
  })),
  {
    does: 'a filter may ask for the length of a list for each of many items',
    from: 'Jayway JsonPath',
    machine: one({ Type: 'Pass', InputPath: '$.l[?(@ > $.l.length())]' }),
    input: { l: ONES },
    expect: { output: [] },
  },
  ...['all', 'type', 'matches'].map((operator) =>
    notHere(`$.l[?(@.n ${operator} ['x'])]`, `the operator '${operator}' of filters`),
  ),
  notHere('$.l.sum($.m)', 'arguments of sum() that are neither numbers nor strings'),
  notHere('$.l[?(@.o == {"a": 1})]', 'objects in filters'),
  notHere('$.l[?(@.n =~ /a/x)]', "the flags 'x' of regular expressions"),
  ...['a*+b', '[a-z&&[^b]]', '\\h', '(?i)a'].map((source) =>
    notHere(`$.l[?(@.n =~ /${source}/)]`, `the regular expression /${source}/`),
  ),
  ...['@.n in 5', "@.n =~ 'x'"].map((filter): MachineRow => ({
    does: `the filter ${filter} is refused`,
    from: 'Jayway JsonPath',
    machine: one({ Type: 'Pass', InputPath: `$.l[?(${filter})]` }),
    expect: { refused: 'in a filter is a' },
  })),
  {
    does: 'a filter nested without an end is refused',
    from: 'Jayway JsonPath',
    machine: one({ Type: 'Pass', InputPath: `$[?(${'('.repeat(20_000)}` }),
    expect: { refused: 'is not a valid JSONPath: it is nested too deeply' },
  },
  {
    does: 'a ResultPath has no function',
    from: 'Jayway JsonPath',
    machine: pass({ ResultPath: '$.l.length()' }),
    expect: { refused: "The value '$.l.length()' is not a valid Reference Path" },
  },
];

/** Filters and functions of paths, as Jayway JsonPath evaluates them, or as the local service refuses them. */
export const pathRows: MachineRow[] = [...filters, ...functions, ...missing];
