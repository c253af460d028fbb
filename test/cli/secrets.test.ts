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

const SECRET = 's3cr3t-Value_9';
const inText = (text: string, times: number): string =>
  times === 0 ? text : inText(JSON.stringify(text), times - 1);
const JSON_TEXT = JSON.stringify({ user: 'ann', password: SECRET });

/** Ways in which a secret stands in data. */
const WRAPPED: readonly unknown[] = [
  { password: SECRET },
  { db: { pass: SECRET } },
  { DB_PASS: SECRET },
  { smtpPass: SECRET },
  { auth: SECRET },
  { auth: { user: 'ann', value: SECRET } },
  { jwt: SECRET },
  { bearer: SECRET },
  { otp: SECRET },
  { credentials: { user: 'ann', value: SECRET } },
  { pwd: [SECRET] },
  { client_secret: SECRET },
  JSON_TEXT,
  inText(JSON_TEXT, 1),
  inText(JSON_TEXT, 2),
  inText(JSON_TEXT, 3),
  { body: inText(JSON_TEXT, 1) },
  `the body was ${JSON_TEXT}`,
  `the body was ${inText(JSON_TEXT, 1)}`,
  [{ name: 'Authorization', value: `Bearer ${SECRET}` }],
  [{ Name: 'DB_PASSWORD', Value: SECRET }],
  {
    headers: [
      ['Accept', '*/*'],
      ['Authorization', SECRET],
    ],
  },
  { headers: [['Cookie', `a=b; c=${SECRET}`]] },
  `Authorization: Bearer ${SECRET}`,
  `Accept: */*\nAuthorization: Digest ${SECRET}\nHost: a.test`,
  `Cookie: a=b; c=${SECRET}`,
  `it sent Bearer ${SECRET} to a.test`,
  `Server=db;User Id=ann;Password=${SECRET};Timeout=3`,
  `DefaultEndpointsProtocol=https;AccountKey=${SECRET}==;EndpointSuffix=a.test`,
  `postgres://ann:${SECRET}@db.test/orders`,
  `redis://:${SECRET}@cache.test`,
  `https://a.test/?n=1&token=${SECRET}`,
  `SIZE=1\nDB_PASSWORD=${SECRET}\nMODE=a`,
  `SIZE=1\nexport API_KEY="${SECRET} and more"`,
  `size: 1\n  password: ${SECRET}\n`,
  `curl -H "Authorization: Basic ${SECRET}" https://a.test`,
  `curl -u ann:${SECRET} https://a.test`,
  `psql --host db --password ${SECRET} orders`,
  ['psql', '--password', SECRET, 'orders'],
  `PGPASSWORD=${SECRET} psql --host db`,
];

/** Data like it that has no secret. */
const HARMLESS_DATA: readonly unknown[] = [
  { bypass: 'a', compass: 'north', passenger: 'Ann', author: 'Ann', authority: 'a', potOtpions: 'b' },
  { auth: true, jwt: null, passed: 'yes', tokens: 'two', keyboard: 'x' },
  inText('{"user":"ann","size":12345678901234567890}', 3),
  '"a text in quotes"',
  [
    ['Accept', '*/*'],
    ['Password-Url', 'https://a.test'],
  ],
  ['password', 'email'],
  ['psql', '--host', 'db'],
  'Accept: */*\nHost: a.test',
  'the task failed: the token has expired',
  'the bearer of this card',
  'Server=db;User Id=ann;Timeout=3',
  'https://a.test:8080/a:b@c?n=1&passenger=2#token',
  'SIZE=1\nMODE="a b"\n# a comment: none',
  "{% $token = 'a' ? {'password': $p} : $auth %}",
  "States.Format('token={} and password: {}', $.a, $.b)",
  'a'.repeat(300_000),
  'a='.repeat(100_000),
  '"'.repeat(100_001),
];

test.each(WRAPPED.map((value) => [JSON.stringify(value).slice(0, 80), value] as const))(
  'no secret is left in %s',
  (_, value) => {
    const places = {
      input: value,
      output: JSON.stringify(value),
      assignedVariables: { x: JSON.stringify(value) },
    };
    for (const place of [places, { cause: typeof value === 'string' ? value : JSON.stringify(value) }])
      expect(JSON.stringify(new Secrets('{}').mask(place, 'TaskFailed'))).not.toContain(SECRET);
    const definition = JSON.stringify({ States: { A: { Type: 'Pass', Result: value } } });
    expect(new Secrets(definition).maskDefinition(definition)).not.toContain(SECRET);
  },
);

test.each(HARMLESS_DATA.map((value) => [JSON.stringify(value).slice(0, 80), value] as const))(
  'what is no secret stays: %s',
  (_, value) => {
    const details = { input: value, output: JSON.stringify(value) };
    expect(new Secrets('{}').mask(details, 'TaskStateExited')).toEqual(details);
  },
);

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
