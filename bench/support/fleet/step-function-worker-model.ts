import { CallRequest } from '../../../src/framework/aws/call.js';
import { setMaxListeners } from 'node:events';
import { type Hiring, type Member, sleepMsOf } from './member.js';
import { SDK_V2, SdkClient } from './sdk-model.js';
import { ARN } from './simulated-service.js';

/**
 * npm's step-function-worker 2.1 on the port (`lib/pooler.js`, `lib/task.js`, `lib/worker.js`): a pooler polls again as
 * soon as its task's work is done, its report is on its way then, and a poll that failed for good is its last. `close()`
 * waits for one pooler after the other, but only where it polls; then the process ends with all that it has.
 */
export function stepFunctionWorker({ name, port, clock, random, slots }: Hiring): Member {
  const client = new SdkClient(SDK_V2, clock, random);
  const ended = new AbortController();
  const { signal } = ended;
  setMaxListeners(0, signal);
  const state = { running: true };
  const poolers = Array.from({ length: slots }, () => ({ polls: false, ended: Promise.resolve() }));
  const pool = async (pooler: { polls: boolean }): Promise<void> => {
    while (state.running && !signal.aborted) {
      pooler.polls = true;
      const answer = await client.send(() => port.poll(ARN, name, signal, () => {}));
      // It emits an error and returns; whoever waits for it to stop waits for ever.
      if (answer.kind === 'failed') return new Promise(() => {});
      pooler.polls = false;
      if (answer.kind === 'empty') continue;
      await clock.sleep(sleepMsOf(answer.input), signal);
      if (!signal.aborted)
        void client.send(() =>
          port.report(
            new CallRequest('SendTaskSuccess', { taskToken: answer.token, output: 'null' }),
            signal,
          ),
        );
    }
  };
  for (const pooler of poolers) pooler.ended = pool(pooler);
  return {
    stop: async () => {
      state.running = false;
      for (const pooler of poolers.toReversed()) if (pooler.polls) await pooler.ended;
      ended.abort(new Error('the process has ended'));
    },
  };
}
