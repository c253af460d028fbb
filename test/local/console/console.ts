import { request, type IncomingMessage } from 'node:http';
import { openBench, type Bench } from '../service.js';
import type { LocalServiceOptions } from 'stepwright/local';

/** An answer with its whole body. */
export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export const openConsole = (options: LocalServiceOptions = {}): Promise<Bench> =>
  openBench({ console: true, ...options });

/** Sends a request with given headers, which fetch would not send. */
export function send(
  { service }: Bench,
  path: string,
  { method = 'GET', headers = {}, body = '' }: Sent = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // The path goes out unchanged, where a URL would be normalised.
    const call = request({ host: '127.0.0.1', port: service.port, path, method, headers });
    call.on('error', reject);
    call.on('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
    });
    call.end(body);
  });
}

export const read = async (bench: Bench, path: string): Promise<object> =>
  JSON.parse((await send(bench, path)).text) as object;

/** The headers of the page's commands. */
export const pageHeaders = ({ service }: Bench): Record<string, string> => ({
  origin: service.url,
  'content-type': 'application/json',
  'x-stepwright-console': '1',
});

/** Sends a command as the page does. */
export async function act<T = object>(bench: Bench, operation: string, body: object): Promise<T> {
  const { text } = await send(bench, `/console/api/${operation}`, {
    method: 'POST',
    headers: pageHeaders(bench),
    body: JSON.stringify(body),
  });
  return JSON.parse(text) as T;
}

/** A message that a tab has received. */
export interface TabMessage<T> {
  readonly event: string;
  readonly id: string;
  readonly data: T;
}

/** A tab that follows a topic. */
export interface Tab<T> {
  /** Resolves with the next message, which may have arrived already. */
  next(): Promise<TabMessage<T>>;
  /** The number of messages that have arrived and were not read yet. */
  readonly waiting: number;
  close(): void;
  /** Resolves when the stream has ended. */
  readonly ended: Promise<void>;
}

let streams = 0;

/**
 * Opens a stream, as a browser does.
 * @param query `topic`, and perhaps `arn`, of what a tab of the browser follows at once; or the `key` of the stream alone
 * @param lastId the id of the last message that the tab has received
 */
export function follow<T = Record<string, unknown>>(bench: Bench, query: string, lastId?: string): Tab<T> {
  const messages: TabMessage<T>[] = [];
  const waiting: ((message: TabMessage<T>) => void)[] = [];
  const { key = `stream-of-a-test-${++streams}`, ...topic } = Object.fromEntries(new URLSearchParams(query));
  const topics = [{ name: 'tab', ...topic, ...(lastId !== undefined && { seen: lastId }) }];
  const call = request(`${bench.service.url}/console/api/stream?key=${key}`);
  const ended = new Promise<void>((resolve) => call.on('close', () => resolve()));
  call.on('error', () => {});
  call.on('response', (response) => {
    if ('topic' in topic) void act(bench, 'Follow', { stream: key, topics });
    let text = '';
    response.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const found = /^event: (.+)\nid: (?:tab:)?(.+)\ndata: (.+)$/.exec(text.slice(0, end));
        text = text.slice(end + 2);
        if (!found) continue;
        const [, event = '', id = '', data = ''] = found;
        const message = { event, id, data: JSON.parse(data) as T };
        const waiter = waiting.shift();
        if (waiter) waiter(message);
        else messages.push(message);
      }
    });
    response.on('error', () => {});
  });
  call.end();
  return {
    next: () => {
      const message = messages.shift();
      return message ? Promise.resolve(message) : new Promise((resolve) => waiting.push(resolve));
    },
    get waiting() {
      return messages.length;
    },
    close: () => call.destroy(),
    ended,
  };
}
