import { NEAR_LIMIT_BYTES } from '../worker/handler/output/outputs.js';
import type { Finding } from './finding.js';
import { PAYLOAD_LIMIT_BYTES } from '../base/size.js';

/** The largest output that a state had. */
interface SeenOutput {
  readonly state: string;
  readonly bytes: number;
  readonly executionArn: string;
}

/** Finds states whose output has been near the limit of Step Functions. @param file the ARN of the machine */
export const nearLimit = (file: string, seen: readonly SeenOutput[]): Finding[] =>
  seen
    .filter(({ bytes }) => bytes > NEAR_LIMIT_BYTES)
    .map(({ state, bytes, executionArn }) => ({
      code: 'OUTPUT_NEAR_LIMIT',
      level: 'advice',
      file,
      state,
      what: `its output had ${bytes} bytes in ${executionArn}, ${Math.floor((100 * bytes) / PAYLOAD_LIMIT_BYTES)} % of what Step Functions accepts`,
      fix: 'set `payloads` in the config, so that larger outputs go through a store',
    }));
