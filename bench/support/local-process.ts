import { randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startLocalService } from '../../src/framework/local/index.js';
import { answer, given } from './child.js';

const ARN = 'arn:aws:states:us-east-1:123456789012';

/**
 * The least that any local Step Functions on Node's HTTP server takes: it parses each request and sends a response of the
 * same size, and knows nothing else.
 */
class BareServer {
  readonly #tasks: string[] = [];
  readonly #polls: ServerResponse[] = [];

  async start(): Promise<string> {
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        const operation = String(request.headers['x-amz-target']).replace('AWSStepFunctions.', '');
        this.#serve(operation, JSON.parse(text) as { input?: string }, response);
      });
    });
    server.keepAliveTimeout = 0;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  #serve(operation: string, { input = '{}' }: { input?: string }, response: ServerResponse): void {
    if (operation === 'GetActivityTask') this.#polls.push(response);
    else {
      if (operation === 'StartExecution') this.#tasks.push(input);
      respond(response, {
        executionArn: `${ARN}:execution:Bare:${randomUUID()}`,
        ...(operation === 'CreateActivity' && { activityArn: `${ARN}:activity:Bare` }),
        ...(operation === 'CreateStateMachine' && { stateMachineArn: `${ARN}:stateMachine:Bare` }),
        ...(operation === 'DescribeExecution' && {
          status: 'SUCCEEDED',
          output: '{"message":"Hello hoge!"}',
        }),
      });
    }
    while (this.#tasks.length > 0 && this.#polls.length > 0) {
      const poll = this.#polls.shift();
      if (poll) respond(poll, { taskToken: 'A'.repeat(300), input: this.#tasks.shift() });
    }
  }
}

function respond(response: ServerResponse, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(200, {
    'x-amzn-RequestId': randomUUID(),
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

// The local service as `npx stepwright local` has it, and nothing else, or the bare server.
const url = given() === 'bare' ? await new BareServer().start() : (await startLocalService({ port: 0 })).url;
answer(url, {
  heap: () => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  },
});
