import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { percentile } from '../measure/median.js';
import type { Answered, Counted, StubSettings } from './stub.js';

/** Tokens as long as those of AWS. */
const TOKEN = 'AAAAKgAAAAIAAAAAAAAAA'.padEnd(600, 'StepwrightBenchmarkTokenOfTheUsualLength');
const HEAD = 'HTTP/1.1 200 OK\r\nx-amzn-RequestId: 6f6e7a0a-3c5e-4b4e-9d0c-1f6a4c1c1c1c\r\n';
const TYPE = 'Content-Type: application/x-amz-json-1.0\r\n';

/** One open connection; requests come one at a time on each. */
interface Connection {
  readonly socket: Socket;
  received: string;
}

/** One task that was given out. */
interface Lease {
  readonly scheduledAt: number;
}

/**
 * The four calls and nothing else of Step Functions, with as little work for each as can be: what is measured is who
 * calls. Always a task for whoever polls; or, fed at a pace, tasks for polls that wait.
 */
class Stub {
  readonly #waiting: Connection[] = [];
  readonly #leases = new Map<number, Lease>();
  #next = 0;
  #fed = false;
  #held = false;
  #queue: number[] = [];
  #accepted = 0;
  #polls = 0;
  #firstPollAt = Number.NaN;
  #delayMs = 0;
  #sleepMs = 0;
  #most = Number.POSITIVE_INFINITY;
  #more: object | undefined;
  #toHandler: number[] = [];
  #toAccepted: number[] = [];
  #feeding: NodeJS.Timeout | undefined;

  set({ delayMs = 0, sleepMs = 0, records = 0, tasks = Infinity }: StubSettings): void {
    this.#delayMs = delayMs;
    this.#sleepMs = sleepMs;
    this.#most = tasks;
    const record = (_: unknown, n: number): object => ({
      ...{ orderId: `order-${1e6 + n}`, customer: `customer-${n}`, quantity: n % 17, price: n + 0.25 },
      ...{ sku: 'a-0815', at: '2026-11-28T12:00:00Z' },
    });
    if (records > 0) this.#more = { records: Array.from({ length: records }, record) };
  }

  take(socket: Socket): void {
    const connection: Connection = { socket, received: '' };
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (text: string) => this.#read(connection, text));
    socket.on('error', () => {});
    socket.on('close', () => {
      const index = this.#waiting.indexOf(connection);
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

  /** No more task than `perSecond`; how long each took is kept from now on. 0: as many as are asked for. */
  feed(perSecond: number, sleepMs = 0): void {
    clearInterval(this.#feeding);
    this.#sleepMs = sleepMs;
    [this.#toHandler, this.#toAccepted] = [[], []];
    this.#fed = perSecond > 0;
    this.#firstPollAt = Number.NaN;
    if (!this.#fed) return;
    const began = now();
    let given = 0;
    this.#feeding = setInterval(() => {
      for (const due = Math.floor(((now() - began) * perSecond) / 1_000); given < due; given++) {
        const connection = this.#waiting.shift();
        if (connection) this.#lease(connection, now());
        else this.#queue.push(now());
      }
    }, 1);
  }

  /** Gives out no task until the next message: polls wait. */
  hold(held: boolean): void {
    this.#held = held;
    if (!held) for (const connection of this.#waiting.splice(0)) this.#poll(connection);
  }

  answered(): Answered {
    const both = (values: readonly number[]): [number, number] => [
      percentile(values, 50),
      percentile(values, 99),
    ];
    return {
      toHandler: both(this.#toHandler),
      toAccepted: both(this.#toAccepted),
      tasks: this.#toAccepted.length,
    };
  }

  #read(connection: Connection, text: string): void {
    connection.received += text;
    const { received } = connection;
    const head = received.indexOf('\r\n\r\n') + 4;
    if (head < 4) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(received)?.[1] ?? 0);
    if (received.length < head + length) return;
    connection.received = received.slice(head + length);
    const operation = /\r\nx-amz-target: *AWSStepFunctions\.(\w+)/i.exec(received)?.[1];
    const body = received.slice(head, head + length);
    if (this.#delayMs > 0) setTimeout(() => this.#serve(connection, operation, body), this.#delayMs);
    else this.#serve(connection, operation, body);
  }

  #serve(connection: Connection, operation: string | undefined, body: string): void {
    if (operation === 'GetActivityTask') this.#poll(connection);
    else {
      if (operation === 'SendTaskSuccess' || operation === 'SendTaskFailure') this.#accept(body);
      answer(connection.socket, '{}');
    }
  }

  #poll(connection: Connection): void {
    this.#polls++;
    if (Number.isNaN(this.#firstPollAt)) this.#firstPollAt = now();
    const queued = this.#queue.shift();
    if (queued !== undefined) this.#lease(connection, queued);
    else if (this.#fed || this.#held || this.#next >= this.#most) this.#waiting.push(connection);
    else this.#lease(connection, now());
  }

  #lease({ socket }: Connection, scheduledAt: number): void {
    const n = this.#next++;
    this.#leases.set(n, { scheduledAt });
    const input = JSON.stringify({
      who: `number ${n}`,
      ...(this.#sleepMs > 0 && { sleepMs: this.#sleepMs }),
      ...this.#more,
    });
    answer(socket, JSON.stringify({ taskToken: `${TOKEN}${n}`, input }));
  }

  #accept(body: string): void {
    const { taskToken, output = '{}' } = JSON.parse(body) as { taskToken: string; output?: string };
    const n = Number(taskToken.slice(TOKEN.length));
    const lease = this.#leases.get(n);
    if (!lease) return console.error(`a report of what nobody leased: ${taskToken.slice(-20)}`);
    this.#leases.delete(n);
    this.#accepted++;
    const { at, message } = JSON.parse(output) as { at?: number; message?: string };
    if (message !== `Hello number ${n}!`) return console.error(`task ${n} came to ${body.slice(-200)}`);
    if (at === undefined) return;
    this.#toHandler.push(at - lease.scheduledAt);
    this.#toAccepted.push(now() - at);
  }
}

/** Milliseconds on a clock that all processes of the machine share. */
const now = (): number => Number(process.hrtime.bigint()) / 1e6;

const dates = { at: 0, text: '' };

function answer(socket: Socket, body: string): void {
  const second = Math.floor(Date.now() / 1_000);
  if (second !== dates.at) Object.assign(dates, { at: second, text: new Date().toUTCString() });
  socket.write(
    `${HEAD}Date: ${dates.text}\r\n${TYPE}Content-Length: ${body.length}\r\n\r\n${body}`,
    'latin1',
  );
}

async function serve({ key, cert, ...settings }: StubSettings): Promise<void> {
  const stub = new Stub();
  stub.set(settings);
  const take = (socket: Socket): void => stub.take(socket);
  const server = key === undefined ? createServer(take) : createTlsServer({ key, cert }, take);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 8_192, resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const answers: Record<string, (given: never) => unknown> = {
    counted: () => stub.counted(),
    feed: ({ perSecond, sleepMs }: { perSecond: number; sleepMs?: number }) => stub.feed(perSecond, sleepMs),
    answered: () => stub.answered(),
    hold: ({ held }: { held: boolean }) => stub.hold(held),
  };
  process.on('message', ({ question, given }: { question: string; given: never }) =>
    process.send?.({ answer: answers[question]?.(given) ?? {} }),
  );
  process.on('disconnect', () => process.exit(0));
  process.send?.({ answer: { url: `http${key === undefined ? '' : 's'}://127.0.0.1:${port}` } });
}

await serve(JSON.parse(process.argv[2] ?? '{}') as StubSettings);
