/** What the service answers that does not want to. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly error: string,
    message: string,
  ) {
    super(message);
  }
}

interface Problem {
  readonly error?: string;
  readonly message?: string;
}

async function answerOf<T>(call: Promise<Response>): Promise<T> {
  let response: Response;
  try {
    response = await call;
  } catch {
    throw new Refused('No answer', 'The service does not answer. Does it still run?');
  }
  const body = (await response.json().catch(() => ({}))) as T & Problem;
  if (response.ok) return body;
  throw new Refused(body.error ?? `HTTP ${response.status}`, body.message ?? response.statusText);
}

/** Asks; nothing is changed by it. */
export function ask<T>(question: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
  const search = new URLSearchParams(query).toString();
  return answerOf(fetch(`/console/api/${question}${search === '' ? '' : `?${search}`}`));
}

/** Does something. @throws Refused */
export function act<T>(operation: string, body: object, headers: Record<string, string> = {}): Promise<T> {
  return answerOf(
    fetch(`/console/api/${operation}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-stepwright-console': '1', ...headers },
      body: JSON.stringify(body),
    }),
  );
}

/** Creates something in the region of what is there already. */
export async function create<T>(operation: string, body: object): Promise<T> {
  const { region } = await ask<{ region: string }>('home');
  return act(operation, body, { 'x-stepwright-region': region });
}
