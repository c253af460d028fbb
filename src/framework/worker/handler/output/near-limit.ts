import type { TaskContext } from '../../../declare/task-context.js';
import { bytesBeyondLimit } from '../outcome/outcome.js';
import { PAYLOAD_LIMIT_BYTES } from '../../../base/size.js';

/** Outputs of more bytes than this are near the limit: three quarters of it. */
export const NEAR_LIMIT_BYTES = PAYLOAD_LIMIT_BYTES * 0.75;

/** Warns of a handler's outputs that are near the limit: of the first one, and of each that is larger by 1 % or more. */
export class NearLimit {
  readonly #hasPayloads: boolean;
  #warnedPercent = 0;

  constructor(hasPayloads: boolean) {
    this.#hasPayloads = hasPayloads;
  }

  /** Warns if the output is near the limit, and returns it. */
  look(output: string, task: TaskContext): string {
    const bytes = bytesBeyondLimit(output, NEAR_LIMIT_BYTES);
    if (bytes !== undefined) this.#warn(bytes, task);
    return output;
  }

  #warn(bytes: number, { log }: TaskContext): void {
    const percent = Math.floor((100 * bytes) / PAYLOAD_LIMIT_BYTES);
    if (percent <= this.#warnedPercent) return;
    this.#warnedPercent = percent;
    log.warn(
      { bytes },
      `the output has ${percent} % of the bytes that Step Functions accepts: ${this.#advice}`,
    );
  }

  get #advice(): string {
    return this.#hasPayloads
      ? 'set `payloads.above` lower, or `inline` fewer of its fields'
      : 'set `payloads` in the config, so that larger ones go through a store';
  }
}
