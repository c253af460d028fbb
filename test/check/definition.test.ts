import { expect, test } from '@jest/globals';
import { createTestMachine } from 'stepwright/testing';
import { definitionMistakes } from '../../src/framework/check/definition-mistakes.js';
import { locationOf, messageOf } from '../../src/framework/check/finding.js';
import { machineSource } from '../../src/framework/check/source/machine-source.js';

const ARN = 'arn:aws:states:eu-west-1:123456789012:activity:Work';

/** Each mistake as one line. */
const linesOf = (text: string, env = {}): string[] =>
  definitionMistakes(machineSource('M', 'm.asl.json', text, env)).map(
    (each) => `${locationOf(each)} ${messageOf(each)} | ${each.fix}`,
  );

const machine = (states: string, startAt = 'A'): string =>
  `{\n  "StartAt": "${startAt}",\n  "States": {\n${states}\n  }\n}`;

const TASK = `"Type": "Task", "Resource": "${ARN}"`;

test.each([
  [
    'a target that is misspelt',
    machine(`    "Pay": { "Type": "Pass", "Next": "Shipp" },\n    "Ship": { "Type": "Succeed" }`, 'Pay'),
    [
      "m.asl.json:4:30 state 'Pay': Missing 'Next' target: Shipp | no state is named 'Shipp'; did you mean 'Ship'?",
    ],
  ],
  [
    'a field that is misspelt',
    machine(`    "A": { ${TASK}, "TimeoutSecond": 5, "End": true }`),
    ["state 'A': The field 'TimeoutSecond' is not supported here | did you mean 'TimeoutSeconds'?"],
  ],
  [
    'a field that must be there and is misspelt, once and not twice',
    machine(`    "A": { "Type": "Task", "Resorce": "${ARN}", "End": true }`),
    ["state 'A': The field 'Resorce' is not supported here | did you mean 'Resource'?"],
  ],
  [
    'an intrinsic function that is misspelt',
    machine(`    "A": { "Type": "Pass", "Parameters": { "b.$": "States.Fromat('{}', $.c)" }, "End": true }`),
    ["state 'A': The value for the field 'b.$'", "did you mean 'States.Format'?"],
  ],
  [
    'a type that is misspelt',
    machine(`    "A": { "Type": "Taks" }`),
    ["m.asl.json:4:12 state 'A': The field 'Type'", "did you mean 'Task'?"],
  ],
  [
    'a state inside of a branch',
    machine(
      `    "A": { "Type": "Parallel", "End": true, "Branches": [\n      { "StartAt": "B", "States": { "B": { "Type": "Pass" } } }\n    ] }`,
    ),
    ["m.asl.json:5:37 state 'B': A state must have exactly one of 'Next' and 'End' | write"],
  ],
  [
    'a machine that never ends',
    machine(`    "A": { ${TASK}, "Next": "B" },\n    "B": { "Type": "Pass", "Next": "A" }`),
    ['m.asl.json:1:1 Workflow has no terminal state | let a state end it, by "End": true or as'],
  ],
  [
    'a name with a slash in it',
    machine(`    "A/B": { "Type": "Pass", "Ende": true }`, 'A/B'),
    ["m.asl.json:4:30 state 'A/B': The field 'Ende' is not supported here | did you mean 'End'?"],
  ],
  [
    'the name of an activity in place of its ARN',
    machine(`    "A": { "Type": "Task", "Resource": "Work", "End": true }`),
    [
      'm.asl.json:4:28 ',
      'write the whole ARN of an activity, as in arn:aws:states:us-east-1:123456789012:activity:Work',
    ],
  ],
  [
    'two states of one name, of which the first is lost',
    machine(`    "A": { "Type": "Pass", "End": true },\n    "A": { "Type": "Succeed" }`),
    [
      "m.asl.json:5:5 state 'A': the state 'A' is written here a second time, and only the last one counts | give one",
    ],
  ],
])('%s is one line, with its position and what was meant', (_, text, expected) => {
  const lines = linesOf(text);
  expect(lines).toHaveLength(1);
  for (const part of expected) expect(lines[0]).toContain(part);
});

test.each([
  ['{ "StartAt": "A",\n}', "m.asl.json:2:1 a comma stands before '}' | remove the comma"],
  [
    '{ "StartAt": "A"\n "States": {} }',
    'm.asl.json:2:2 a comma is missing before \'"States"\' | write the comma',
  ],
  ["{ 'StartAt': 1 }", 'm.asl.json:1:3 a text stands in single quotes | write double quotes'],
  ['{ "a": 1', 'm.asl.json:1:9 a } is missing before the end of the file | write the }'],
  ['{ // why\n}', 'm.asl.json:1:3 JSON has no comments | write it as "Comment": "…" in the state'],
  ['{ "a": tru }', 'm.asl.json:1:8 \'tru\' is no JSON value | write "tru" where it is a text or a key'],
  ['{ "a" 1 }', "m.asl.json:1:7 a colon is missing before '1' | write the colon"],
  [
    '\uFEFF{ "a": 1 }',
    'm.asl.json:1:1 an invisible byte order mark (BOM) stands here, and JSON has none | save the file as UTF-8 without a BOM',
  ],
  ['', 'm.asl.json:1:1 a value is expected, not the end of the file | write the value'],
])('broken JSON is reported with its position: %j', (text, line) => {
  expect(linesOf(text)).toEqual([line]);
});

test('positions are those of the file, whatever its variables become', () => {
  const text = machine(
    `    "A": { "Type": "Task", "Resource": "\${ARN}", "Nxt": "B" },\n    "B": { "Type": "Succeed" }`,
  );
  const place = `m.asl.json:4:${'    "A": { "Type": "Task", "Resource": "${ARN}", '.length + 1} `;
  expect(linesOf(text, { ARN })).toEqual([
    `${place}state 'A': The field 'Nxt' is not supported here | did you mean 'Next'?`,
  ]);
});

test('a test machine reports the same mistakes as a start', async () => {
  const definition = { StartAt: 'A', States: { A: { Type: 'Pass', Nxt: 'A' } } };
  await expect(createTestMachine(definition)).rejects.toThrow(
    /the definition:6:7: state 'A': The field 'Nxt' is not supported here\n {5}Fix: did you mean 'Next'\?\n {5}\[MACHINE_INVALID\]/,
  );
});

test('a test machine that could never end is refused', async () => {
  const definition = { StartAt: 'A', States: { A: { Type: 'Wait', Seconds: 1, Next: 'A' } } };
  await expect(createTestMachine(definition)).rejects.toThrow('Workflow has no terminal state');
});

test('a sound machine has no mistakes', () => {
  expect(linesOf(machine(`    "A": { ${TASK}, "End": true }`))).toEqual([]);
});
