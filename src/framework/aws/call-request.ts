import crypto from 'node:crypto';
import type { HotOperation } from './call.js';

/** The body of a request, as bytes, and the hash that the signature needs. */
export interface CallBody {
  readonly bytes: Buffer;
  /** The SHA-256 of `bytes`, in hexadecimal. */
  readonly sha256: string;
}

type Input = Readonly<Record<string, string>>;

/** One call with its input. It may be sent several times, but its body is serialized and hashed only once. */
export class CallRequest<O extends HotOperation = HotOperation> {
  readonly operation: O;
  /**
   * The input of the call. Undefined once it has been serialized as the body, so that it isn't kept in memory twice.
   */
  #input: Input | undefined;
  #body: CallBody | undefined;

  constructor(operation: O, input: Input) {
    this.operation = operation;
    this.#input = input;
  }

  get input(): Input {
    return this.#input ?? (JSON.parse(String(this.#body?.bytes)) as Input);
  }

  /** True once the input has been serialized as the body. From then on, each read of `input` parses the body again. */
  get isWritten(): boolean {
    return this.#body !== undefined;
  }

  /** Returns the body. It is serialized at the first call of this method, and kept as bytes outside V8's heap. */
  body(): CallBody {
    if (!this.#body) {
      const bytes = Buffer.from(JSON.stringify(this.#input));
      this.#body = { bytes, sha256: crypto.hash('sha256', bytes) };
      this.#input = undefined;
    }
    return this.#body;
  }
}

/** A call that reports the outcome of a task. */
export type ReportRequest = CallRequest<'SendTaskSuccess' | 'SendTaskFailure'>;

export const successRequest = (taskToken: string, output: string): ReportRequest =>
  new CallRequest('SendTaskSuccess', { taskToken, output });

export const failureRequest = (taskToken: string, error: string, cause: string): ReportRequest =>
  new CallRequest('SendTaskFailure', { taskToken, error, cause });
