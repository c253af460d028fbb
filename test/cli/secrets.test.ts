import { expect, test } from '@jest/globals';
import { Secrets } from '../../src/framework/cli/execute/secrets.js';

const TOKEN = `AAAAKgAAAAIAAAAAAAAAA${'fwNw/+='.repeat(60)}`;
const LATER = `AQCEAAAAKgAAAAMAAAAAAAAAA${'fwNw/+='.repeat(60)}`;
const DEFINITION = JSON.stringify({ Parameters: { Body: { 'answer.$': '$$.Task.Token' } } });

test.each<[what: string, value: unknown, masked: unknown]>([
  ['a token in JSON', `{"a":"${TOKEN}"}`, '{"a":"(masked)"}'],
  ['one in a link', `see https://x.test/?t=${LATER}&n=1`, 'see https://x.test/?t=(masked)&n=1'],
  ['one that is encoded', `t=${encodeURIComponent(TOKEN)}&n`, 't=(masked)&n'],
  ['one behind a line feed', `{"a":"x\\n${TOKEN}"}`, '{"a":"x\\n(masked)"}'],
  [
    'JSON in the JSON of a cause',
    JSON.stringify({ Input: JSON.stringify({ sessionToken: 'short', SecretAccessKey: 'k', n: 1 }) }),
    JSON.stringify({
      Input: JSON.stringify({ sessionToken: '(masked)', SecretAccessKey: '(masked)', n: 1 }),
    }),
  ],
  [
    'details with variables',
    { assignedVariables: { a: `"${TOKEN}"` } },
    { assignedVariables: { a: '"(masked)"' } },
  ],
  [
    'text without a secret',
    '{ "big" : 12345678901234567890,"t":"AAAAKgAAAA" }',
    '{ "big" : 12345678901234567890,"t":"AAAAKgAAAA" }',
  ],
  ['a key that no scheduled task has', '{"answer":"42"}', '{"answer":"42"}'],
  ['nothing', undefined, undefined],
])('%s', (_, value, masked) => {
  expect(new Secrets(DEFINITION).mask(value, 'TaskStateEntered')).toEqual(masked);
});

test('what the definition fills with the token, whatever it looks like', () => {
  const details = { parameters: '{"Body":{"answer":"a token of another kind"}}' };
  const secrets = new Secrets(DEFINITION);
  expect(secrets.mask(details, 'TaskScheduled')).toEqual({ parameters: '{"Body":{"answer":"(masked)"}}' });
  expect(secrets.count).toBe(1);
});
