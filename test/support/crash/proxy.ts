import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';

/** What happens to one request. */
export type Fate =
  | 'pass'
  /** The connection ends before the request is handed on. */
  | 'reset'
  /** The request is carried out, and its answer is lost. */
  | 'lose-answer'
  /** The connection ends in the middle of the answer's body. */
  | 'truncate'
  /** No answer ever comes. */
  | 'hang'
  /** The request is handed on when this has resolved. */
  | { readonly before: () => unknown }
  /** The request is carried out, and its answer handed on when this has resolved. */
  | { readonly after: () => unknown }
  /** This is called in place of the request, whose connection then ends. */
  | { readonly instead: () => unknown }
  | { readonly status: number; readonly body: string };

/** A request, as a test looks at it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<IncomingMessage['headers']>;
  /** The operation of Step Functions or DynamoDB, such as `PutItem`. */
  readonly operation: string;
}

/** Stands between a process and a service, and makes requests go wrong. */
export class TroubledProxy {
  /** Every request, in the order of their arrival. */
  readonly seen: Seen[] = [];
  /** Decides about each request. @default all pass */
  fate: (request: Seen, number: number) => Fate = () => 'pass';
  readonly #server: Server;

  /** @param behind the URL of the service. Without one, no request may pass */
  constructor(private readonly behind = 'http://127.0.0.1:1') {
    this.#server = createServer((incoming, outgoing) => {
      // The client, or the service, has gone.
      this.#answer(incoming, outgoing).catch(() => outgoing.destroy());
    });
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  /** Forgets what it has seen, and lets all requests pass. */
  reset(): void {
    this.seen.length = 0;
    this.fate = () => 'pass';
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const { method = '', url = '', headers } = incoming;
    const target = String(headers['x-amz-target'] ?? '');
    const seen = { method, path: url, headers, operation: target.split('.')[1] ?? '' };
    this.seen.push(seen);
    const fate = this.fate(seen, this.seen.length);
    if (fate === 'hang') return;
    if (fate === 'reset') return void incoming.socket.destroy();
    if (typeof fate === 'object' && 'status' in fate) return answerBy(outgoing, fate);
    if (typeof fate === 'object' && 'instead' in fate) {
      await fate.instead();
      return void incoming.socket.destroy();
    }
    if (typeof fate === 'object' && 'before' in fate) await fate.before();
    const answer = await this.#pass(incoming, outgoing, Buffer.concat(parts));
    if (typeof fate === 'object' && 'after' in fate) await fate.after();
    if (fate === 'lose-answer') return void incoming.socket.destroy();
    outgoing.writeHead(answer.status, answer.headers);
    if (fate !== 'truncate') return void outgoing.end(answer.body);
    outgoing.write(answer.body.subarray(0, answer.body.length / 2), () => incoming.socket.destroy());
  }

  #pass(
    { method, url, headers }: IncomingMessage,
    outgoing: ServerResponse,
    body: Buffer,
  ): Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }> {
    return new Promise((resolve, reject) => {
      const passed = request(this.behind + (url ?? ''), { method, headers, agent: false }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }),
        );
      });
      passed.on('error', reject);
      // A service sees that its client has gone.
      outgoing.once('close', () => passed.destroy());
      passed.end(body);
    });
  }
}

function answerBy(outgoing: ServerResponse, { status, body }: { status: number; body: string }): void {
  outgoing.writeHead(status, {
    'content-type': body.startsWith('<') ? 'application/xml' : 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(body),
  });
  outgoing.end(body);
}

/**
 * Kills a process at its nth request for an operation. `unsent`: the service never sees the request. `unread`: the service
 * has answered it, and the process never sees the answer.
 */
export function killAt(
  operation: string,
  n: number,
  when: 'unsent' | 'unread',
  kill: () => unknown,
): TroubledProxy['fate'] {
  let count = 0;
  return (request) => {
    if (request.operation !== operation || ++count !== n) return 'pass';
    return when === 'unsent' ? { instead: kill } : { after: kill };
  };
}

/** An error of S3, as XML. */
export const s3Error = (status: number, code: string, message = 'no'): Fate => ({
  status,
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});

/** An error of DynamoDB, as JSON. */
export const dynamoDbError = (status: number, code: string, message = 'no'): Fate => ({
  status,
  body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${code}`, message }),
});
