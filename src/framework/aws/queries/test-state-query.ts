import type { SFNClient, TestStateInput, TestStateOutput } from '@aws-sdk/client-sfn';
import type { Clock } from '../../base/time/clock.js';
import { loadSdk } from '../sdk/load-sdk.js';
import { query } from './query.js';

export type { TestStateInput, TestStateOutput } from '@aws-sdk/client-sfn';

/** The longest time that a test may take, in milliseconds. Step Functions ends it after five minutes. */
const LIMIT_MS = 330_000;

/**
 * Tests one state.
 * @param isAws false at any other endpoint. The SDK then doesn't put `sync-` before the host, since `sync-127.0.0.1` is
 *   no address
 * @throws QueryTimeout if there is no response in time
 */
export async function testState(
  client: SFNClient,
  input: TestStateInput,
  isAws: boolean,
  clock: Clock,
): Promise<TestStateOutput> {
  const { TestStateCommand } = await loadSdk();
  if (!isAws) client.config.disableHostPrefix = true;
  const send = (abortSignal: AbortSignal) => client.send(new TestStateCommand(input), { abortSignal });
  const { output, error, cause, inspectionData, nextState, status } = await query(clock, send, LIMIT_MS);
  return { output, error, cause, inspectionData, nextState, status };
}
