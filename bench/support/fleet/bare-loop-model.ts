import { setMaxListeners } from 'node:events';
import { CallRequest } from '../../../src/framework/aws/call.js';
import { type Hiring, type Member, sleepMsOf } from './member.js';
import { SDK_V3, SdkClient } from './sdk-model.js';
import { ARN } from './simulated-service.js';

/** The wait of `bench/rivals/bare-loop.js` after an error. */
const PAUSE_MS = 1_000;

/** `bench/rivals/bare-loop.js` on the port. SIGTERM ends it at once, with all that it has. */
export function bareLoop({ name, port, clock, random, slots }: Hiring): Member {
  const client = new SdkClient(SDK_V3, clock, random);
  const ended = new AbortController();
  const { signal } = ended;
  setMaxListeners(0, signal);
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      const answer = await client.send(() => port.poll(ARN, name, signal, () => {}));
      if (signal.aborted) return;
      const failed = answer.kind === 'failed' || (answer.kind === 'task' && !(await perform(answer)));
      if (failed) await clock.sleep(PAUSE_MS, signal);
    }
  };
  /** @returns whether the service was told something. */
  const perform = async ({ token, input }: { token: string; input: string }): Promise<boolean> => {
    await clock.sleep(sleepMsOf(input), signal);
    if (signal.aborted) return true;
    const answer = await client.send(() =>
      port.report(new CallRequest('SendTaskSuccess', { taskToken: token, output: 'null' }), signal),
    );
    if (answer.kind === 'ok') return true;
    // Its catch takes whatever went wrong for the work's failure.
    return (
      (
        await client.send(() =>
          port.report(
            new CallRequest('SendTaskFailure', { taskToken: token, error: 'Error', cause: '' }),
            signal,
          ),
        )
      ).kind === 'ok'
    );
  };
  for (let n = 0; n < slots; n++) void loop();
  return {
    stop: () => {
      ended.abort(new Error('the process has ended'));
      return Promise.resolve();
    },
  };
}
