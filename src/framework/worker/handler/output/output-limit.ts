import { OUTPUT_LIMIT_BYTES } from '../outcome/outcome.js';
import { OWN_ERROR } from '../outcome/own-error.js';
import { Refusal } from '../outcome/refusal.js';

/** The most bytes that the JSON of an output may have. */
export interface OutputLimit {
  readonly bytes: number;
  /** Makes the Refusal of an output that has more. @param bytes their number, or a text such as `more than 524288` */
  readonly refuse: (bytes: string) => Refusal;
}

/** The limit of outputs that are sent whole. */
export const SERVICE_LIMIT: OutputLimit = {
  bytes: OUTPUT_LIMIT_BYTES,
  refuse: (bytes) =>
    new Refusal(
      OWN_ERROR.outputTooLarge,
      `the output has ${bytes} bytes as JSON; Step Functions accepts ${OUTPUT_LIMIT_BYTES}. Set \`payloads\` in the config, so that large outputs go through a store`,
    ),
};
