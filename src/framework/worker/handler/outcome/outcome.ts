/** The outcome of a task, as it is reported to the service. */
export type Outcome =
  | { readonly status: 'succeeded'; /** JSON text. */ readonly output: string }
  | {
      readonly status: 'failed';
      readonly error: string;
      /** JSON text in Lambda's shape. */ readonly cause: string;
    };

/** Bytes of UTF-8 that an output may have (Step Functions service quotas). */
export const OUTPUT_LIMIT_BYTES = 262_144;
/** Characters that a cause may have (SendTaskFailure). */
export const CAUSE_LIMIT_CHARACTERS = 32_768;
