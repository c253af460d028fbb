import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Clock } from '../../base/time/clock.js';
import type { ResponseHeaders } from '../call.js';
import { commandOf, loadSdk, type Operation } from '../sdk/load-sdk.js';

export type { Operation } from '../sdk/load-sdk.js';
import { query } from './query.js';

/** An answer as it was received, before the SDK reads it. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly text: string;
}

/** Makes calls with an SDK client, and returns each answer as it was received, also that of a refused call. */
export class RawCalls {
  readonly #answers = new WeakMap<object, RawAnswer>();

  constructor(
    private readonly client: SFNClient,
    private readonly clock: Clock,
  ) {
    // The innermost step: the SDK has not read the body yet.
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const response = result.response as { statusCode: number; headers: ResponseHeaders; body: Readable };
        const { statusCode: status, headers } = response;
        const bytes = await buffer(response.body);
        response.body = Readable.from([bytes]);
        this.#answers.set(args.input, { status, headers, text: bytes.toString() });
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'stepwrightRawAnswers' },
    );
  }

  /**
   * Makes a call. Returns the last answer if the SDK has repeated it.
   * @param signal ends the call
   * @throws the SDK's error if there was no answer, and QueryTimeout after `limitMs`
   */
  async make(
    operation: Operation,
    input: object,
    { limitMs, signal }: { readonly limitMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<RawAnswer> {
    const made = commandOf(await loadSdk(), operation, input);
    const send = (limit: AbortSignal): Promise<unknown> =>
      this.client.send(made, { abortSignal: signal ? AbortSignal.any([signal, limit]) : limit });
    const failure: unknown = await query(this.clock, send, limitMs).then(
      () => undefined,
      (error: unknown) => error,
    );
    const answer = this.#answers.get(made.input);
    if (answer) return answer;
    throw failure;
  }
}
