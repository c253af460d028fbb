import { randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

// The least that any local Step Functions on Node's HTTP server takes: it parses each request and sends a response of the
// same size, and knows nothing else. In a process of its own that ends with its parent.
const ARN = 'arn:aws:states:us-east-1:123456789012';
const TOKEN = 'A'.repeat(300);
const tasks: string[] = [];
const polls: ServerResponse[] = [];

function send(response: ServerResponse, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(200, {
    'x-amzn-RequestId': randomUUID(),
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function start(response: ServerResponse, input: string): void {
  send(response, { executionArn: `${ARN}:execution:Bare:${randomUUID()}`, startDate: Date.now() / 1_000 });
  const poll = polls.shift();
  if (poll) send(poll, { taskToken: TOKEN, input });
  else tasks.push(input);
}

function poll(response: ServerResponse): void {
  const input = tasks.shift();
  if (input === undefined) polls.push(response);
  else send(response, { taskToken: TOKEN, input });
}

function answer(operation: string, body: { input?: string }, response: ServerResponse): void {
  if (operation === 'StartExecution') start(response, body.input ?? '{}');
  else if (operation === 'GetActivityTask') poll(response);
  else if (operation === 'CreateActivity') send(response, { activityArn: `${ARN}:activity:Bare` });
  else if (operation === 'CreateStateMachine')
    send(response, { stateMachineArn: `${ARN}:stateMachine:Bare` });
  else if (operation === 'DescribeExecution')
    send(response, { status: 'SUCCEEDED', output: '{"message":"Hello hoge!"}' });
  else send(response, {});
}

const server = createServer((request, response) => {
  let text = '';
  request.on('data', (chunk: Buffer) => (text += chunk.toString()));
  request.on('end', () => {
    const operation = String(request.headers['x-amz-target']).replace('AWSStepFunctions.', '');
    answer(operation, JSON.parse(text) as { input?: string }, response);
  });
});
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ answer: { url: `http://127.0.0.1:${port}` } });
});
process.on('disconnect', () => process.exit(0));
