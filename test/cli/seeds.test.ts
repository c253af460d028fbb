import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { ListActivitiesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { endpointOf, killAll, stepwright } from '../support/cli.js';

afterEach(killAll);

test('local creates the activities that the machines name, in a project whose classes it does not read', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'stepwright-seeds-'));
  const arn = 'arn:aws:states:eu-west-1:111122223333:activity:Charge';
  const definition = { StartAt: 'Pay', States: { Pay: { Type: 'Task', Resource: arn, End: true } } };
  mkdirSync(join(dir, 'state-machines'));
  writeFileSync(join(dir, 'package.json'), '{}');
  writeFileSync(join(dir, 'state-machines/Order.asl.json'), JSON.stringify(definition));
  const run = stepwright(['local', '--port', '0'], {}, dir);
  const endpoint = await endpointOf(run);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SFNClient({ endpoint, region: 'eu-west-1', credentials });
  const { activities = [] } = await client.send(new ListActivitiesCommand({}));
  expect(activities.map(({ activityArn }) => activityArn)).toEqual([arn]);
  client.destroy();
  rmSync(dir, { recursive: true });
});
