import { OWN_ERROR } from '../outcome/own-error.js';
import { Refusal } from '../outcome/refusal.js';
import { PAYLOAD_LIMIT_BYTES } from '../../../base/size.js';

/** The most bytes that the JSON of an output may have. */
export interface OutputLimit {
  readonly bytes: number;
  /**
   * Makes the Refusal of an output that has more.
   * @param bytes their number, or a text such as `more than 524288`
   * @param largest the words that name the largest field
   */
  readonly refuse: (bytes: string, largest?: string) => Refusal;
}

/** The limit of outputs that are sent whole. */
export const SERVICE_LIMIT: OutputLimit = {
  bytes: PAYLOAD_LIMIT_BYTES,
  refuse: (bytes, largest = '') =>
    new Refusal(
      OWN_ERROR.outputTooLarge,
      `the output has ${bytes} bytes as JSON${largest}; Step Functions accepts ${PAYLOAD_LIMIT_BYTES}. Return less, or store it yourself and return its key; or set payloads: { store: s3({ bucket: '…' }) } in the config (docs/payloads.md)`,
    ),
};
