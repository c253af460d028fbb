import { expect, test } from '@jest/globals';
import { CreateStateMachineCommand } from '@aws-sdk/client-sfn';
import { openBench, ROLE } from './service.js';

const X = { Type: 'Pass', End: true };

test.each<[does: string, definition: object | string, message: string]>([
  ['a machine of nothing', {}, 'SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /'],
  [
    'a target that is missing',
    { StartAt: 'X', States: { X: { Type: 'Pass', Next: 'Y' }, Z: X } },
    'at /States/X/Next',
  ],
  [
    'what only the service itself sees',
    { StartAt: 'X', QueryLanguage: 'JSONata', States: { X: { ...X, Output: '{% 1 + %}' } } },
    'S0207',
  ],
])('%s is refused over the wire', async (_does, definition, message) => {
  const { client } = await openBench();
  const command = new CreateStateMachineCommand({
    name: 'M',
    definition: JSON.stringify(definition),
    roleArn: ROLE,
  });
  await expect(client.send(command)).rejects.toMatchObject({
    name: 'InvalidDefinition',
    message: expect.stringContaining(message),
  });
});
