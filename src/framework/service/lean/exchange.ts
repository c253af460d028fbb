import type { Dispatcher } from 'undici';
import { explainTrust, isUntrusted, type CallEnd, type CallInProgress } from '../wire.js';
import { readAnswer } from './answer-text.js';
import type { Connections } from './connections.js';

/** What `send` needs of a request. */
export interface SignedRequest {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** What came back, and when the service says it was answered. */
export interface Exchanged {
  readonly end: CallEnd;
  /** The header `date`, where an answer came. */
  readonly date: string | undefined;
}

/** Sends one request on a connection of its own, and reads the whole answer. Never throws. */
export function exchange(
  connections: Connections,
  { path, headers, body }: SignedRequest,
  call: CallInProgress,
): Promise<Exchanged> {
  return new Promise((resolve) => {
    const client = connections.take();
    const under = new Exchange(
      call,
      (exchanged) => resolve(exchanged),
      () => connections.give(client),
    );
    client.dispatch({ method: 'POST', path, headers, body }, under);
    under.watch();
  });
}

/** One request under way, as undici tells of it. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #call: CallInProgress;
  readonly #resolve: (exchanged: Exchanged) => void;
  /** The connection is free for the next call. */
  readonly #free: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #sent = false;
  #ended = false;
  #status: number | undefined;
  #headers: Record<string, string | string[] | undefined> = {};
  #chunks: Buffer[] = [];

  constructor(call: CallInProgress, resolve: (exchanged: Exchanged) => void, free: () => void) {
    this.#call = call;
    this.#resolve = resolve;
    this.#free = free;
  }

  /** Ends the call when its signal aborts: the worker goes on at once, whatever the connection does. */
  watch(): void {
    if (this.#ended) return;
    if (this.#call.signal.aborted) this.#onAbort();
    else this.#call.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#ended) return controller.abort(this.#call.signal.reason as Error);
    this.#controller = controller;
    this.#sent = true;
    this.#call.onSent();
  }

  onResponseStart(_: unknown, status: number, headers: Record<string, string | string[] | undefined>): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#free();
    const [only] = this.#chunks;
    const text = only && this.#chunks.length === 1 ? only.toString() : Buffer.concat(this.#chunks).toString();
    const status = this.#status ?? 0;
    this.#end(readAnswer({ status, errorType: this.#header('x-amzn-errortype'), text }));
  }

  onResponseError(_: unknown, error: Error): void {
    this.#free();
    this.#fail(error);
  }

  readonly #onAbort = (): void => {
    const reason = this.#call.signal.reason as Error;
    this.#fail(reason);
    this.#controller?.abort(reason);
  };

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
    this.#call.signal.removeEventListener('abort', this.#onAbort);
    this.#resolve({ end, date: this.#header('date') });
  }

  #header(name: string): string | undefined {
    const value = this.#headers[name];
    return typeof value === 'string' ? value : undefined;
  }
}

/** The request could not be written to its end: the service has none that it could act on. */
const UNWRITTEN = 'EPIPE';
