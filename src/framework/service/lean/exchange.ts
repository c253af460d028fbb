import type { Client, Dispatcher } from 'undici';
import { explainTrust, isUntrusted, type CallEnd, type CallInProgress } from '../wire.js';
import { readAnswer } from './answer-text.js';
import type { Connections } from './connections.js';

/** A request as it goes out. */
export interface SignedRequest {
  readonly path: string;
  /** Names and values by turns. */
  readonly headers: string[];
  readonly body: string;
}

/** Told once what came back, and when the service says it was answered: the header `date`, where an answer came. */
export type OnEnd = (end: CallEnd, date: string | undefined) => void;

/** Sends one request on a connection of its own, and reads the whole answer. Never throws. */
export function exchange(
  connections: Connections,
  { path, headers, body }: SignedRequest,
  call: CallInProgress,
  onEnd: OnEnd,
): void {
  const client = connections.take();
  const under = new Exchange(call, onEnd, connections, client);
  client.dispatch({ method: 'POST', path, headers, body }, under);
  under.watch();
}

/** One request under way, as undici tells of it. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #call: CallInProgress;
  readonly #onEnd: OnEnd;
  readonly #connections: Connections;
  readonly #client: Client;
  #controller: Dispatcher.DispatchController | undefined;
  #onAbort: (() => void) | undefined;
  #sent = false;
  #ended = false;
  #status: number | undefined;
  #headers: Headers = {};
  #first: Buffer | undefined;
  #more: Buffer[] | undefined;

  constructor(call: CallInProgress, onEnd: OnEnd, connections: Connections, client: Client) {
    this.#call = call;
    this.#onEnd = onEnd;
    this.#connections = connections;
    this.#client = client;
  }

  /** Ends the call when its signal aborts: the worker goes on at once, whatever the connection does. */
  watch(): void {
    if (this.#ended) return;
    this.#onAbort = () => this.#abort();
    this.#call.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#ended) return controller.abort(this.#call.signal.reason as Error);
    this.#controller = controller;
    this.#sent = true;
    this.#call.onSent();
  }

  onResponseStart(_: unknown, status: number, headers: Headers): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    if (!this.#first) this.#first = chunk;
    else (this.#more ??= [this.#first]).push(chunk);
  }

  onResponseEnd(): void {
    this.#connections.give(this.#client);
    const text = (this.#more ? Buffer.concat(this.#more) : this.#first)?.toString() ?? '';
    const status = this.#status ?? 0;
    this.#end(readAnswer({ status, errorType: this.#header('x-amzn-errortype'), text }));
  }

  onResponseError(_: unknown, error: Error): void {
    this.#connections.give(this.#client);
    this.#fail(error);
  }

  #abort(): void {
    const reason = this.#call.signal.reason as Error;
    this.#fail(reason);
    this.#controller?.abort(reason);
  }

  #fail(thrown: Error): void {
    const { code } = thrown as { code?: unknown };
    const setup = !this.#sent && isUntrusted(code);
    const sent = this.#sent && code !== UNWRITTEN;
    const error = explainTrust(thrown, code);
    this.#end({ failure: { error, type: undefined, status: this.#status, sent, setup } });
  }

  #end(end: CallEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#onAbort) this.#call.signal.removeEventListener('abort', this.#onAbort);
    this.#onEnd(end, this.#header('date'));
  }

  #header(name: string): string | undefined {
    const value = this.#headers[name];
    return typeof value === 'string' ? value : undefined;
  }
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The request could not be written to its end: the service has none that it could act on. */
const UNWRITTEN = 'EPIPE';
