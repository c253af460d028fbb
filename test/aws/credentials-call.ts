import type { Credentials } from '../../src/framework/aws/credentials.js';
import type { CallEnd } from '../../src/framework/aws/call.js';

/** Makes a call as the port does, without the wire: sent, and what follows from its end. */
export async function callWith<T>(
  credentials: Credentials,
  signal: AbortSignal,
  attempt: () => Promise<CallEnd<T>>,
): Promise<CallEnd<T>> {
  const asOf = credentials.asOf();
  const end = await attempt();
  if ('failure' in end) return credentials.failed(end, asOf, { signal, attempt, again: () => {} });
  credentials.accepted(asOf);
  return end;
}
