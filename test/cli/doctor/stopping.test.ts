import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../src/framework/base/time/clock.js';
import { checkStopTime } from '../../../src/framework/cli/doctor/stop-time.js';
import { HandClock } from '../../../src/framework/testing/index.js';
import { KubernetesPod } from '../../../src/framework/worker/protect/kubernetes-pod.js';
import { type ApiServer, startApiServer } from '../../support/api-server.js';

describe('on Kubernetes the pod says how long it may take to end', () => {
  let api: ApiServer;
  beforeEach(async () => {
    api = await startApiServer();
  });
  afterEach(() => api.close());
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
  const check = (graceMs: number) =>
    checkStopTime(graceMs, { env, clock: systemClock }, new KubernetesPod(api.address));

  test.each([
    [30, 'fault'],
    [101, 'ok'],
  ])('%i s for a grace of a minute: %s', async (seconds, verdict) => {
    api.graceSeconds = seconds;
    expect(await check(60_000)).toMatchObject({
      check: 'stop',
      verdict,
      expected: '101 s or more between SIGTERM and SIGKILL',
      got: expect.stringContaining(`${seconds} s (terminationGracePeriodSeconds of this pod)`),
    });
  });

  test('what it may not read is not checked, and the flag is proposed', async () => {
    api.mode = 'forbids';
    expect(await check(60_000)).toMatchObject({
      verdict: 'unknown',
      got: 'Kubernetes does not tell a process how long it waits before SIGKILL',
      fix: expect.stringContaining('--stop-timeout'),
    });
  });

  test('an API server that hangs is waited for no longer than five seconds', async () => {
    api.mode = 'hangs';
    const clock = new HandClock();
    const looked = checkStopTime(60_000, { env, clock }, new KubernetesPod(api.address));
    await clock.settle(() => api.calls.length > 0);
    await clock.advance(5_000);
    expect(await looked).toMatchObject({ verdict: 'unknown' });
  });
});
