import { expect, test } from '@jest/globals';
import { Secrets } from '../../src/framework/cli/execute/secrets.js';

const TOKEN = `AAAAKgAAAAIAAAAAAAAAA${'fwNw/+='.repeat(60)}`;
const LATER = `AQCEAAAAKgAAAAMAAAAAAAAAA${'fwNw/+='.repeat(60)}`;
const HARMLESS = {
  SecretId: 'a',
  secretArn: 'b',
  NextToken: 'c',
  ClientRequestToken: 'd',
  maxTokens: 5,
  hasPassword: true,
};
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
  [
    'keys of secrets, in any case and style',
    {
      AWS_SECRET_ACCESS_KEY: 'a',
      SecretString: '{"a":1}',
      token: 'b',
      access_token: 'c',
      apiKey: 'd',
      'X-Amz-Security-Token': 'e',
      MasterUserPassword: 12345,
      clientSecret: { value: 'f', isOld: true },
      Cookie: ['g', ''],
      AccessKeyId: 'h',
    },
    {
      AWS_SECRET_ACCESS_KEY: '(masked)',
      SecretString: '(masked)',
      token: '(masked)',
      access_token: '(masked)',
      apiKey: '(masked)',
      'X-Amz-Security-Token': '(masked)',
      MasterUserPassword: '(masked)',
      clientSecret: { value: '(masked)', isOld: true },
      Cookie: ['(masked)', ''],
      AccessKeyId: '(masked)',
    },
  ],
  [
    'a variable with the name of a secret, as JSON',
    { assignedVariables: { apiToken: '"a"', count: '1' } },
    { assignedVariables: { apiToken: '"(masked)"', count: '1' } },
  ],
  [
    'names and values',
    [
      { Name: 'DB_PASSWORD', Value: 'a' },
      { Name: 'SIZE', Value: 'b' },
    ],
    [
      { Name: 'DB_PASSWORD', Value: '(masked)' },
      { Name: 'SIZE', Value: 'b' },
    ],
  ],
  [
    'URLs',
    'https://user:pw@a.test/b?X-Amz-Signature=c&n=1 and https://c.test/?api_key=d#e',
    'https://(masked)@a.test/b?X-Amz-Signature=(masked)&n=1 and https://c.test/?api_key=(masked)#e',
  ],
  [
    'credentials in the middle of a text',
    'with AKIAIOSFODNN7EXAMPLE and eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl sent',
    'with (masked) and (masked) sent',
  ],
  ['what only names a secret, and other tokens', HARMLESS, HARMLESS],
])('%s', (_, value, masked) => {
  expect(new Secrets(DEFINITION).mask(value, 'TaskStateEntered')).toEqual(masked);
});

test('what the definition fills with the token, whatever it looks like', () => {
  const details = { parameters: '{"Body":{"answer":"a token of another kind"}}' };
  const secrets = new Secrets(DEFINITION);
  expect(secrets.mask(details, 'TaskScheduled')).toEqual({ parameters: '{"Body":{"answer":"(masked)"}}' });
  expect(secrets.count).toBe(1);
});

test('the data of a definition, but no expressions and no states', () => {
  const definition = {
    StartAt: 'Get token',
    States: {
      'Get token': {
        Type: 'Task',
        Resource: 'arn:aws:states:::http:invoke',
        Parameters: {
          Headers: { Authorization: 'Basic a', 'x-api-key.$': '$.key' },
          RequestBody: { password: 'b', token: '{% $token %}' },
        },
        End: true,
      },
    },
  };
  const text = JSON.stringify(definition, undefined, 2);
  const secrets = new Secrets(text);
  const masked = JSON.parse(secrets.maskDefinition(text)) as typeof definition;
  const { Parameters: parameters, ...others } = definition.States['Get token'];
  expect(masked.States['Get token']).toEqual({
    ...others,
    Parameters: {
      Headers: { ...parameters.Headers, Authorization: '(masked)' },
      RequestBody: { password: '(masked)', token: '{% $token %}' },
    },
  });
  expect(secrets.count).toBe(2);
  const harmless = text.replaceAll(/Basic a|"b"/g, '').replaceAll(': ,', ': "",');
  expect(new Secrets(harmless).maskDefinition(harmless)).toBe(harmless);
});
