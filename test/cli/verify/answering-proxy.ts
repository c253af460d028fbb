import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** A call on its way to the service. */
export interface ProxiedCall {
  /** Such as `GetActivityTask`. */
  readonly operation: string;
  readonly body: string;
}

/** An answer, which a test may change. */
export interface ProxiedAnswer {
  status: number;
  text: string;
  readonly headers: Record<string, string | string[] | undefined>;
}

export interface AnsweringProxy {
  readonly url: string;
  /** The operations of the calls so far, in order. */
  readonly operations: string[];
  /** Resolves when all calls but polls are answered. */
  idle(): Promise<void>;
  close(): void;
}

/** Stands before a service, notes each call, and lets a test change each answer. */
export async function answeringProxy(
  behind: string,
  change: (call: ProxiedCall, answer: ProxiedAnswer) => void = () => {},
): Promise<AnsweringProxy> {
  const operations: string[] = [];
  let waiting = 0;
  let onIdle: (() => void)[] = [];
  const answered = (): void => {
    if (--waiting > 0) return;
    for (const resolve of onIdle) resolve();
    onIdle = [];
  };
  const pass = (incoming: IncomingMessage, body: Buffer): Promise<ProxiedAnswer> =>
    new Promise((resolve, reject) => {
      const { method, headers } = incoming;
      const sent = request(behind, { method, headers }, (response) => {
        const { statusCode: status = 0, headers: received } = response;
        buffer(response).then(
          (bytes) => resolve({ status, headers: received, text: bytes.toString() }),
          reject,
        );
      });
      sent.on('error', reject);
      incoming.on('close', () => sent.destroy());
      sent.end(body);
    });
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await buffer(incoming);
    const operation = String(incoming.headers['x-amz-target']).split('.')[1] ?? '';
    operations.push(operation);
    const isPoll = operation === 'GetActivityTask';
    if (!isPoll) waiting++;
    const received = await pass(incoming, body).finally(() => isPoll || answered());
    change({ operation, body: body.toString() }, received);
    outgoing.writeHead(received.status, {
      ...received.headers,
      'content-length': Buffer.byteLength(received.text),
    });
    outgoing.end(received.text);
  };
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    operations,
    idle: () => new Promise((resolve) => (waiting === 0 ? resolve() : onIdle.push(resolve))),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
