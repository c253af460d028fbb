import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, jest, test } from '@jest/globals';
import * as sdk from '@aws-sdk/client-sfn';
import { startLocalService } from 'stepwright/local';
import { Reader } from '../../src/framework/local/asl/definition/reader.js';
import { isOperator } from '../../src/framework/local/asl/jsonpath/operator.js';
import { problemsIn } from '../../src/framework/local/asl/machine.js';

/**
 * The tables of docs/local.md. Accept a change with UPDATE_DOCS=1 npm run -s jest -- test/docs/local-support. What is not
 * as at AWS stands in local-support.json.
 */
const PAGE = 'docs/local.md';
const AS_AWS = 'as AWS';
const notes = JSON.parse(readFileSync('test/docs/local-support.json', 'utf8')) as Record<
  'operations' | 'states' | 'fields',
  Readonly<Record<string, string>>
>;
/** Returns how something works here. Without a note it works as at AWS. */
const here = (kind: keyof typeof notes, name: string): string => notes[kind][name] ?? AS_AWS;

/** Returns a table as the formatter writes it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |\n`;
  return line(head) + line(widths.map((width) => '-'.repeat(width))) + rows.map(line).join('');
}

/** Returns where the first table under a heading of the page begins and ends. */
function placeIn(text: string, heading: string): [begin: number, end: number] {
  const at = text.indexOf(`\n${heading}\n`);
  const begin = text.indexOf('\n| ', at) + 1;
  if (at < 0 || begin < 1) throw new Error(`${PAGE} has no table under ${heading}`);
  return [begin, text.indexOf('\n\n', begin) + 1];
}

/** Compares the first table under a heading of the page with a table, or writes it. */
function holds(heading: string, wanted: string): void {
  const text = readFileSync(PAGE, 'utf8');
  const [begin, end] = placeIn(text, heading);
  if (process.env['UPDATE_DOCS']) writeFileSync(PAGE, text.slice(0, begin) + wanted + text.slice(end));
  const now = readFileSync(PAGE, 'utf8');
  expect(now.slice(...placeIn(now, heading))).toBe(wanted);
}

const OPERATIONS = Object.keys(sdk)
  .flatMap((name) => /^([A-Z]\w+)Command$/.exec(name)?.[1] ?? [])
  .toSorted();

test('local.md has every operation of the SDK, and those that are not here are refused with these words', async () => {
  expect(OPERATIONS.length).toBe(37);
  expect(Object.keys(notes.operations).filter((name) => !OPERATIONS.includes(name))).toEqual([]);
  const service = await startLocalService({ port: 0 });
  const refused: Record<string, string> = {};
  for (const operation of OPERATIONS) {
    const headers = { 'x-amz-target': `AWSStepFunctions.${operation}` };
    const answer = await fetch(service.url, { method: 'POST', headers, body: '{}' });
    const { message = '' } = (await answer.json()) as { message?: string };
    const [, instead] = /does not have the operation .* Instead: (.+)\.$/.exec(message) ?? [];
    if (instead !== undefined) refused[operation] = `not here: ${instead}`;
  }
  await service.close();
  const absent = Object.entries(notes.operations).filter(([, note]) => note.startsWith('not here'));
  expect(refused).toEqual(Object.fromEntries(absent));
  const rows = OPERATIONS.map((name) => [`\`${name}\``, here('operations', name)]);
  holds('### Operations', table(['Operation', 'Here'], rows));
});

const INNER = { StartAt: 'Inner', States: { Inner: { Type: 'Succeed' } } };
const RULE = { Next: 'Succeed' };
const RETRY = [{ ErrorEquals: ['States.ALL'] }];
const CATCH = [{ ErrorEquals: ['States.ALL'], Next: 'Succeed' }];
const STATES: Readonly<Record<string, object>> = {
  Task: { Resource: 'arn:aws:states:::sqs:sendMessage', Retry: RETRY, Catch: CATCH, Next: 'Pass' },
  Pass: { Next: 'Choice' },
  Choice: { Choices: [RULE], Default: 'Wait' },
  Wait: { Next: 'Parallel' },
  Succeed: {},
  Fail: {},
  Parallel: { Branches: [INNER], Next: 'Map' },
  Map: { ItemProcessor: { ProcessorConfig: {}, ...INNER }, Next: 'Fail' },
};
/** The rules of a Choice that have other fields than one with a Condition. */
const RULES = [{ Variable: '$.a', IsNull: true }, { And: [] }, { Or: [] }, { Not: {} }];

/** Returns where an object with fields stands, by its path; undefined for a branch's own states. */
function placeOf(path: string): string | undefined {
  if (path === '') return 'machine';
  const [, state, rest = ''] = /^\/States\/(\w+)(.*)$/.exec(path) ?? [];
  if (rest === '') return state;
  const [, last = ''] =
    /\/(Retry|Catch|Choices|ProcessorConfig|Branches|ItemProcessor)(?:\[\d+\])?$/.exec(rest) ?? [];
  return { Retry: 'Retry', Catch: 'Catch', Choices: 'rule of a Choice', ProcessorConfig: 'ProcessorConfig' }[
    last
  ];
}

/** The fields that the reader of definitions asks for: where, and in which query languages. */
const asked = new Map<string, Map<string, Set<string>>>();

function ask(language: string, machine: object): void {
  const note = (path: string, field: string): void => {
    const place = placeOf(path);
    if (place === undefined) return;
    const places = asked.get(field) ?? new Map<string, Set<string>>();
    asked.set(field, places.set(place, (places.get(place) ?? new Set()).add(language)));
  };
  // oxlint-disable-next-line typescript/unbound-method -- each is called with its reader
  const { json, has } = Reader.prototype;
  const spies = [
    jest.spyOn(Reader.prototype, 'json').mockImplementation(function (this: Reader, field) {
      note(this.path, field);
      return json.call(this, field);
    }),
    jest.spyOn(Reader.prototype, 'has').mockImplementation(function (this: Reader, field) {
      note(this.path, field);
      return has.call(this, field);
    }),
  ];
  problemsIn(JSON.stringify(machine));
  for (const spy of spies) spy.mockRestore();
}

const LANGUAGES = ['JSONPath', 'JSONata'];
for (const QueryLanguage of LANGUAGES) {
  const states = Object.entries(STATES).map(([Type, fields]) => [Type, { Type, ...fields }]);
  ask(QueryLanguage, { QueryLanguage, StartAt: 'Task', States: Object.fromEntries(states) as object });
  for (const rule of QueryLanguage === 'JSONPath' ? RULES : []) {
    const Choice = { Type: 'Choice', Choices: [{ ...rule, Next: 'Choice' }] };
    ask(QueryLanguage, { StartAt: 'Choice', States: { Choice } });
  }
}
/** The order of the places in a cell. */
const ORDER = ['machine', ...Object.keys(STATES), 'ProcessorConfig', 'Retry', 'Catch', 'rule of a Choice'];

/** Returns where a field may stand: its states and objects, those of one language with the name of it. */
function placesOf(places: ReadonlyMap<string, ReadonlySet<string>>): string {
  const both = ORDER.filter((place) => places.get(place)?.size === 2);
  const only = LANGUAGES.flatMap((language) => {
    const found = ORDER.filter((place) => places.get(place)?.size === 1 && places.get(place)?.has(language));
    return found.length === 0 ? [] : `${found.join(', ')} (${language})`;
  });
  return [...(both.length === 0 ? [] : [both.join(', ')]), ...only].join('; ');
}

/** Returns true if the field is refused because only Step Functions itself has it. */
function isAbsent(field: string): boolean {
  const fields = { ...STATES['Map'], [field]: {}, Next: undefined, End: true };
  const problems = problemsIn(
    JSON.stringify({ StartAt: 'Map', States: { Map: { Type: 'Map', ...fields } } }),
  );
  return problems.some(({ unsupported, path }) => unsupported === true && path.endsWith(`/${field}`));
}

test('local.md has every field that the reader of definitions knows, and says which are not here', () => {
  const fields = [...asked.keys()].filter((field) => !isOperator(field)).toSorted();
  expect(fields).toEqual(
    expect.arrayContaining(['Resource', 'JitterStrategy', 'Condition', 'Label', 'Version']),
  );
  expect(Object.keys(notes.fields).filter((name) => !asked.has(name))).toEqual([]);
  const absent = fields.filter((field) => here('fields', field).startsWith('not here'));
  expect(absent).toEqual(fields.filter(isAbsent));
  const rows = fields.map((field) => [
    `\`${field}\``,
    field === 'Comment' ? 'every object' : placesOf(asked.get(field) ?? new Map()),
    here('fields', field),
  ]);
  holds('### Fields', table(['Field', 'In', 'Here'], rows));
});

test('local.md has every type of state', () => {
  const [problem] = problemsIn(JSON.stringify({ StartAt: 'X', States: { X: { Type: 'No', End: true } } }));
  const [, types = ''] = /one of these values: \[(.+)\]/.exec(problem?.text ?? '') ?? [];
  expect(types.split(', ').toSorted()).toEqual(Object.keys(STATES).toSorted());
  const rows = Object.keys(STATES).map((type) => [`\`${type}\``, here('states', type)]);
  holds('### States', table(['State', 'Here'], rows));
});

test('every comparison of a Choice is here', () => {
  const sized = ['String', 'Numeric', 'Timestamp'].flatMap((type) =>
    ['Equals', 'LessThan', 'GreaterThan', 'LessThanEquals', 'GreaterThanEquals'].map((order) => type + order),
  );
  const plain = [...sized, 'BooleanEquals'].flatMap((name) => [name, `${name}Path`]);
  const checks = ['Null', 'Present', 'Numeric', 'String', 'Boolean', 'Timestamp'].map((type) => `Is${type}`);
  const all = [...plain, ...checks, 'StringMatches'];
  expect(all.length).toBe(39);
  expect(all.filter((name) => !isOperator(name))).toEqual([]);
  expect(isOperator('StringLike')).toBe(false);
});

test('local.md has every flag of `stepwright local`, with what its help says', () => {
  const script = `const { program } = await import('./dist/src/framework/cli/program.js');
    const local = program.commands.find((each) => each.name() === 'local');
    console.log(JSON.stringify(local.options.map(({ flags, description }) => [flags, description])));`;
  const told = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  const flags = JSON.parse(told) as [string, string][];
  expect(flags.length).toBeGreaterThan(10);
  const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);
  const rows = flags.map(([flag, help]) => [`\`${cell(flag)}\``, cell(help)]);
  holds('### Flags', table(['Flag', 'What it sets'], rows));
});
