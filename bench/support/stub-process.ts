import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { answer, given } from './child.js';
import { type Counted, now } from './stub.js';

/** Tokens as long as those of AWS. */
const TOKEN = 'AAAAKgAAAAIAAAAAAAAAA'.padEnd(600, 'StepwrightBenchmarkTokenOfTheUsualLength');
const HEAD = 'HTTP/1.1 200 OK\r\nx-amzn-RequestId: 6f6e7a0a-3c5e-4b4e-9d0c-1f6a4c1c1c1c\r\n';
const TYPE = 'Content-Type: application/x-amz-json-1.0\r\n';

/**
 * The four calls and nothing else of Step Functions, with as little work for each as can be: what is measured is who
 * calls. Always a task for whoever polls; or, fed at a pace, tasks for polls that wait.
 */
class Stub {
  readonly #waiting: Socket[] = [];
  readonly #leased = new Set<number>();
  #next = 0;
  #fed = false;
  #queued = 0;
  #accepted = 0;
  #polls = 0;
  #firstPollAt = Number.NaN;
  #feeding: NodeJS.Timeout | undefined;

  take(socket: Socket): void {
    let received = '';
    socket.setNoDelay(true).setEncoding('latin1');
    // Requests come one at a time on each connection.
    socket.on('data', (text: string) => (received = this.#read(socket, received + text)));
    socket.on('error', () => {});
    socket.on('close', () => {
      const index = this.#waiting.indexOf(socket);
      if (index >= 0) this.#waiting.splice(index, 1);
    });
  }

  counted(): Counted {
    return {
      accepted: this.#accepted,
      polls: this.#polls,
      at: now(),
      parked: this.#waiting.length,
      firstPollAt: this.#firstPollAt,
    };
  }

  feed(perSecond: number): void {
    clearInterval(this.#feeding);
    this.#fed = perSecond > 0;
    this.#firstPollAt = Number.NaN;
    if (!this.#fed) return;
    const began = now();
    let fed = 0;
    this.#feeding = setInterval(() => {
      for (const due = Math.floor(((now() - began) * perSecond) / 1_000); fed < due; fed++) {
        const socket = this.#waiting.shift();
        if (socket) this.#lease(socket);
        else this.#queued++;
      }
    }, 1);
  }

  /** @returns what is left of what was received, after a whole request was served */
  #read(socket: Socket, received: string): string {
    const head = received.indexOf('\r\n\r\n') + 4;
    if (head < 4) return received;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(received)?.[1] ?? 0);
    if (received.length < head + length) return received;
    const operation = /\r\nx-amz-target: *AWSStepFunctions\.(\w+)/i.exec(received)?.[1];
    if (operation === 'GetActivityTask') this.#poll(socket);
    else {
      if (operation === 'SendTaskSuccess' || operation === 'SendTaskFailure')
        this.#accept(received.slice(head, head + length));
      respond(socket, '{}');
    }
    return received.slice(head + length);
  }

  #poll(socket: Socket): void {
    this.#polls++;
    if (Number.isNaN(this.#firstPollAt)) this.#firstPollAt = now();
    if (this.#fed && this.#queued === 0) this.#waiting.push(socket);
    else {
      if (this.#fed) this.#queued--;
      this.#lease(socket);
    }
  }

  #lease(socket: Socket): void {
    const n = this.#next++;
    this.#leased.add(n);
    const input = JSON.stringify({ who: `number ${n}` });
    respond(socket, JSON.stringify({ taskToken: `${TOKEN}${n}`, input }));
  }

  #accept(body: string): void {
    const { taskToken, output = '{}' } = JSON.parse(body) as { taskToken: string; output?: string };
    const n = Number(taskToken.slice(TOKEN.length));
    if (!this.#leased.delete(n))
      return console.error(`a report of what nobody leased: ${taskToken.slice(-20)}`);
    const { message } = JSON.parse(output) as { message?: string };
    if (message === `Hello number ${n}!`) this.#accepted++;
    else console.error(`task ${n} came to ${body.slice(-200)}`);
  }
}

const dates = { at: 0, text: '' };

function respond(socket: Socket, body: string): void {
  const second = Math.floor(Date.now() / 1_000);
  if (second !== dates.at) Object.assign(dates, { at: second, text: new Date().toUTCString() });
  socket.write(
    `${HEAD}Date: ${dates.text}\r\n${TYPE}Content-Length: ${body.length}\r\n\r\n${body}`,
    'latin1',
  );
}

const { key, cert } = given() as { key?: string; cert?: string };
const stub = new Stub();
const take = (socket: Socket): void => stub.take(socket);
const server = key === undefined ? createServer(take) : createTlsServer({ key, cert }, take);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 8_192, resolve));
const { port } = server.address() as AddressInfo;
answer(`http${key === undefined ? '' : 's'}://127.0.0.1:${port}`, {
  counted: () => stub.counted(),
  feed: (perSecond: number) => stub.feed(perSecond),
});
