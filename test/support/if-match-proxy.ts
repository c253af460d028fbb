import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/**
 * Stands before an S3 that ignores `If-Match`, as moto 5.1.1 of Debian does, and honours it: for PutObject and
 * DeleteObject, as AWS documents it ("Conditional requests" in the guide of S3). It hands on one request at a time, so
 * that nothing gets in between the look at an object and its change.
 */
export class IfMatchProxy {
  readonly #server: Server;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly behind: string) {
    this.#server = createServer((incoming, outgoing) => void this.#receive(incoming, outgoing));
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #receive(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    try {
      for await (const part of incoming) parts.push(part as Buffer);
    } catch {
      // The client was killed before it had sent all of it.
      return;
    }
    const answered = this.#turn.then(() => this.#answer(incoming, Buffer.concat(parts)));
    this.#turn = answered.catch(() => {});
    try {
      const { status, headers, body } = await answered;
      outgoing.writeHead(status, headers);
      outgoing.end(body);
    } catch {
      outgoing.destroy();
    }
  }

  async #answer({ method = '', url = '', headers }: IncomingMessage, body: Buffer): Promise<Answer> {
    const { 'if-match': expected, ...others } = headers;
    if (expected === undefined) return this.#pass(method, url, headers, body);
    const { authorization, host, 'x-amz-date': date } = headers;
    const look = { ...(host && { host }), ...(authorization && { authorization }), 'x-amz-date': date };
    const there = await this.#pass('HEAD', url.split('?')[0] ?? '', look, Buffer.alloc(0));
    if (there.status === 404) return refusal(404, 'NoSuchKey');
    if (there.headers.etag !== expected) return refusal(412, 'PreconditionFailed');
    return this.#pass(method, url, others, body);
  }

  #pass(method: string, path: string, headers: IncomingMessage['headers'], body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const passed = request(this.behind + path, { method, headers, agent: false }, (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }),
        );
      });
      passed.on('error', reject);
      passed.end(body);
    });
  }
}

function refusal(status: number, code: string): Answer {
  const body = Buffer.from(
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>At least one of the conditions did not hold</Message></Error>`,
  );
  return {
    status,
    body,
    headers: { 'content-type': 'application/xml', 'content-length': String(body.length) },
  };
}
