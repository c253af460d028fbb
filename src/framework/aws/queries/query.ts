import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Clock } from '../../base/time/clock.js';
import { limitCallAfter } from '../../base/time/call-limit.js';
import { unlessAborted } from '../../base/time/wait.js';
import { commandOf, loadSdk, type Operation, type Sdk } from '../sdk/load-sdk.js';

/** The longest time that a query may take, including the SDK's retries. */
export const QUERY_LIMIT_MS = 10_000;

/** Thrown if a request got no response in time. The service may have processed it nevertheless. */
export class QueryTimeout extends Error {
  // The SDK uses this name for timeouts too, and for a connection that was reset.
  override readonly name = 'TimeoutError';

  constructor(limitMs: number) {
    super(`no answer within ${limitMs / 1000} s`);
  }
}

/** Makes a call whose result a person waits for, and aborts it after `limitMs`. @throws QueryTimeout after that time */
export async function query<T>(
  clock: Clock,
  send: (abortSignal: AbortSignal) => Promise<T>,
  limitMs = QUERY_LIMIT_MS,
): Promise<T> {
  const over = new AbortController();
  const cancel = limitCallAfter(clock, limitMs, () => over.abort(new QueryTimeout(limitMs)));
  try {
    return await unlessAborted(over.signal, send(over.signal));
  } finally {
    cancel();
  }
}

type CommandOf<O extends Operation> = InstanceType<Sdk[`${O}Command`]>;
export type InputOf<O extends Operation> = CommandOf<O>['input'];
export type OutputOf<O extends Operation> =
  CommandOf<O> extends {
    resolveMiddleware: (...args: never[]) => (...args: never[]) => Promise<{ output: infer Output }>;
  }
    ? Output
    : never;

/** Makes one call of Step Functions, whose result a person waits for. @throws QueryTimeout after `limitMs` */
export async function ask<O extends Operation>(
  client: SFNClient,
  clock: Clock,
  operation: O,
  input: InputOf<O>,
  limitMs?: number,
): Promise<OutputOf<O>> {
  const command = commandOf(await loadSdk(), operation, input);
  const output: object = await query(clock, (abortSignal) => client.send(command, { abortSignal }), limitMs);
  return output as OutputOf<O>;
}
