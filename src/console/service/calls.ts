import type {
  Commands as OwnCommands,
  ErrorAnswer,
  Queries,
  QueryName,
} from '../../framework/local/console/api.js';
import type { Operations } from './operations.js';

type Commands = OwnCommands & Operations;

/** The role of machines and tests. The API requires a role, but the local service doesn't use it. */
export const ROLE = 'arn:aws:iam::123456789012:role/stepwright-local';

export const NO_ANSWER = 'The service does not answer. Does it still run?';

/** Thrown if the service rejects a request, or doesn't respond. */
export class CallError extends Error {
  override readonly name = 'CallError';

  constructor(
    /**
     * The name of the error that the service has sent, such as `TaskTimedOut`. If its response contains none, the HTTP
     * status; if there is no response, `No answer`.
     */
    readonly error: string,
    message: string,
  ) {
    super(message);
  }
}

async function answerOf<T>(call: Promise<Response>): Promise<T> {
  let response: Response;
  try {
    response = await call;
  } catch {
    throw new CallError('No answer', NO_ANSWER);
  }
  const body = (await response.json().catch(() => ({}))) as T & Partial<ErrorAnswer>;
  if (response.ok) return body;
  throw new CallError(body.error ?? `HTTP ${response.status}`, body.message ?? response.statusText);
}

/** Asks once more for a stream that the service has refused, since an EventSource doesn't tell the reason. */
export async function refusalOf(url: string): Promise<CallError> {
  const end = new AbortController();
  try {
    const response = await fetch(url, { signal: end.signal });
    if (!response.ok) await answerOf(Promise.resolve(response));
  } catch (error) {
    if (error instanceof CallError) return error;
  } finally {
    end.abort();
  }
  return new CallError('No answer', 'The service ended the stream. Load the page again.');
}

/** Sends a query: a request that changes nothing in the service. @throws CallError */
export function query<K extends QueryName>(
  name: K,
  fields: Queries[K]['query'],
): Promise<Queries[K]['answer']> {
  const search = new URLSearchParams({ ...fields }).toString();
  return answerOf(fetch(`/console/api/${name}${search === '' ? '' : `?${search}`}`));
}

/** Sends a command: a request that changes something in the service. @throws CallError */
export function command<K extends keyof Commands>(
  name: K,
  request: Commands[K]['request'],
  signal?: AbortSignal,
): Promise<Commands[K]['answer']> {
  return answerOf(
    fetch(`/console/api/${name}`, {
      method: 'POST',
      ...(signal && { signal }),
      headers: { 'content-type': 'application/json', 'x-stepwright-console': '1' },
      body: JSON.stringify(request),
    }),
  );
}

/** A machine or a version of one, with its definition. */
export interface MachineDescription {
  readonly arn: string;
  readonly name: string;
  readonly definition: string;
}

/** @throws CallError */
export async function describeMachine(arn: string): Promise<MachineDescription> {
  const { name, definition } = await command('DescribeStateMachine', { stateMachineArn: arn });
  return { arn, name, definition };
}
