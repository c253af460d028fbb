import { readFileSync, writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import { CASES, shownFor } from './cases.js';

const GOLDEN = 'test/messages/golden.txt';

// Messages name the commands of a user's project, not the npm scripts of this repository, which may run the tests.
for (const name of Object.keys(process.env)) if (name.startsWith('npm_')) delete process.env[name];

async function allMessages(): Promise<string> {
  const parts: string[] = [];
  for (const [title, cases] of Object.entries(CASES)) {
    parts.push(`######## ${title}`);
    for (const [mistake, shown] of cases) parts.push(`==== ${mistake}\n${await shownFor(shown)}`);
  }
  const all = stripVTControlCharacters(parts.join('\n\n'));
  // Lists of options are cut: a new option would change every one.
  return `${all.replaceAll(/(The keys are|It has:) [\w, ]+$/gm, '$1 …')}\n`;
}

/** Accept a change with UPDATE_MESSAGES=1 npm run -s jest -- test/messages, and read the difference. */
test('every message is as it stands in the golden file, to be read as a whole', async () => {
  const messages = await allMessages();
  if (process.env['UPDATE_MESSAGES']) writeFileSync(GOLDEN, messages);
  expect(messages).toBe(readFileSync(GOLDEN, 'utf8'));
});

test('every code of a problem is among them', () => {
  const [, union = ''] =
    /type ProblemCode =([^;]+);/.exec(readFileSync('src/framework/base/errors.ts', 'utf8')) ?? [];
  const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code = '']) => code);
  const golden = readFileSync(GOLDEN, 'utf8');
  expect(codes.length).toBeGreaterThan(30);
  expect(codes.filter((code) => !golden.includes(`[${code}]`))).toEqual([]);
});
