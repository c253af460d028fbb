import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { KINDS } from '../../src/framework/asl/kinds.js';

const TYPES = Object.keys(KINDS);
const ANY = `(?:${TYPES.join('|')})`;

/** Name types because they write definitions, or draw a picture for each. */
const MAY_NAME =
  /^(?:framework\/asl\/|framework\/cli\/verify\/|console\/views\/new-machine\/|console\/parts\/icons\.tsx)/;
/** The same words for other things. */
const OTHER_WORDS: readonly string[] = [
  // A definition that is written.
  "Type: 'Succeed'",
  // The members of the context object.
  "part === 'Map'",
  "context['Task']",
  // The class of JavaScript.
  "=== 'set' ? 'Set' : 'Map'",
];
/** Matches a type as text, or the event of one, in code: as a literal, or one of several in a regular expression. */
const NAMED = new RegExp(
  [
    `(?:[=([,|?:]|\\bcase)\\s*['"\`]${ANY}['"\`]`,
    `\\b${ANY}State(?:Entered|Exited|Started|Succeeded|Failed|Aborted)`,
    `\\b${ANY}\\|${ANY}\\b`,
  ].join('|'),
  'g',
);

/** Returns the places where a source decides by a state's type as text: literals, and tables with a key for each type. */
function namesIn(source: string): string[] {
  let code = source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
  for (const words of OTHER_WORDS) code = code.replaceAll(words, '');
  const keys = new Set(code.match(new RegExp(`^\\s*${ANY}(?=:)`, 'gm'))?.map((key) => key.trim()));
  return [...(code.match(NAMED) ?? []), ...(keys.size > 1 ? keys : [])];
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
  /\.tsx?$/.test(file),
);

test('outside the language, nothing decides by the type of a state as text', () => {
  const found = sources
    .filter((file) => !MAY_NAME.test(file))
    .flatMap((file) => namesIn(readFileSync(join('src', file), 'utf8')).map((name) => `${file}: ${name}`));
  expect(sources.length).toBeGreaterThan(500);
  expect(found).toEqual([]);
});

test.each([
  "if (state['Type'] === 'Choice') return;",
  "const MOCKED = new Set(['Task', 'Map']);",
  'if (/^(Parallel|Map)State(Started)$/.test(type)) return;',
  "if (type === 'WaitStateEntered') return 'waits';",
  'const REAL = {\n  Task: 1,\n  Map: 2,\n};',
])('%j is found', (planted) => expect(namesIn(planted)).not.toEqual([]));
