/** What the service would be told of a task. */
export type TaskResult<Output = unknown> =
  | { readonly status: 'succeeded'; /** Parsed from the JSON that would be sent. */ readonly output: Output }
  | {
      readonly status: 'failed';
      readonly error: string;
      /** The JSON text that would be sent. */ readonly cause: string;
    }
  /** The service no longer wants the task, and is told nothing. */
  | { readonly status: 'gone' };
