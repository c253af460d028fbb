import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ActivityMetrics } from '../../../src/framework/aws/queries/activity-metrics.js';
import { type CloudWatchSdk, loadCloudWatch } from '../../../src/framework/aws/sdk/load-sdk.js';
import { type Moto, skipped, startMoto } from '../../support/moto.js';
import { ARN, type World } from '../../support/world.js';
import { type Trial, tryIt } from './trial.js';

const isInstalled = (): boolean => {
  try {
    createRequire(import.meta.url).resolve('@aws-sdk/client-cloudwatch');
    return true;
  } catch {
    return false;
  }
};

describe('over forty random steps the estimate is within what CloudWatch can not have and what was stopped, and the same after a restart', () => {
  let moto: Moto | undefined;
  beforeAll(async () => {
    moto = isInstalled() ? await startMoto() : undefined;
  }, 30_000);
  afterAll(() => moto?.stop());

  test('against moto, by the SDK', async () => {
    if (!moto) {
      skipped('python3-moto or @aws-sdk/client-cloudwatch');
      return;
    }
    const { url } = moto;
    const sdk: CloudWatchSdk = await loadCloudWatch();
    const settings = {
      endpoint: url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    };
    const client = new sdk.CloudWatchClient(settings);
    const put: Trial['put'] = async (MetricName, at, Value) => {
      const Dimensions = [{ Name: 'ActivityArn', Value: ARN }];
      const MetricData = [{ MetricName, Dimensions, Timestamp: new Date(at), Value }];
      const command = new sdk.PutMetricDataCommand({ Namespace: 'AWS/States', MetricData });
      await client.send(command, { abortSignal: new AbortController().signal });
    };
    process.env['AWS_ENDPOINT_URL_CLOUDWATCH'] = url;
    process.env['AWS_ACCESS_KEY_ID'] = process.env['AWS_SECRET_ACCESS_KEY'] = 'moto';
    const opened: ActivityMetrics[] = [];
    const open = ({ clock }: World): ActivityMetrics => {
      const metrics = new ActivityMetrics('us-east-1', clock);
      opened.push(metrics);
      return metrics;
    };
    try {
      const { looked, blind } = await tryIt(open, put, { seed: 4, steps: 40, hides: true });
      expect([looked > 5, blind > 0]).toEqual([true, true]);
    } finally {
      for (const name of ['AWS_ENDPOINT_URL_CLOUDWATCH', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
        delete process.env[name];
      for (const each of opened) each.close();
      client.destroy();
    }
  }, 900_000);
});
