import type { Dispatcher } from 'undici';
import { type CallEnd, type CallInProgress, readResponse, type ResponseHeaders } from '../call.js';
import { explainTrust } from '../failure.js';
import type { Connection, Connections } from './connections.js';

/** A signed request, ready to be sent. */
export interface SignedRequest {
  readonly path: string;
  /** Header names and values in turn: name, value, name, value, … */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/**
 * Called once, with the result of the call and the response's header `date`. The date is undefined if there was no
 * response, or it had no date.
 */
export type OnEnd = (end: CallEnd, date: string | undefined) => void;

const NONE: ResponseHeaders = {};

/**
 * One request on an idle or new connection, and the whole response to it. Nothing of it throws. The HTTP client undici
 * calls the methods whose names begin with `on`.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  /**
   * The call in progress. This field and the others that belong to the call are cleared when it has ended, because the
   * connection may keep a reference to this handler for a long time.
   */
  #call: CallInProgress | undefined;
  #onEnd: OnEnd | undefined;
  readonly #client: Connection;
  #controller: Dispatcher.DispatchController | undefined;
  #onAbort: (() => void) | undefined;
  #sent = false;
  /**
   * The reason for which the request ended without a response. Undefined while it is in progress, and if a response
   * arrived.
   */
  #endedBy: Error | undefined;
  #status: number | undefined;
  #headers = NONE;
  #first: Buffer | undefined;
  #more: Buffer[] | undefined;

  constructor(
    private readonly connections: Connections,
    call: CallInProgress,
    onEnd: OnEnd,
  ) {
    this.#call = call;
    this.#onEnd = onEnd;
    this.#client = connections.take();
  }

  /**
   * Sends the request. If the call's signal aborts, its caller gets the failure at once, even if closing the connection
   * takes longer.
   */
  send({ path, headers, body }: SignedRequest): void {
    this.#client.dispatch({ method: 'POST', path, headers: headers as string[], body }, this);
    if (!this.#call) return;
    this.#onAbort = () => this.#abort();
    this.#call.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (!this.#call) return controller.abort(this.#endedBy ?? new Error('the call has ended'));
    this.#controller = controller;
    this.#sent = true;
    this.#call.onSent?.();
  }

  onResponseStart(_: unknown, status: number, headers: ResponseHeaders): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    if (!this.#first) this.#first = chunk;
    else (this.#more ??= [this.#first]).push(chunk);
  }

  onResponseEnd(): void {
    this.connections.give(this.#client);
    const text = (this.#more ? Buffer.concat(this.#more) : this.#first)?.toString() ?? '';
    this.#end(readResponse({ status: this.#status ?? 0, headers: this.#headers, text }));
  }

  onResponseError(_: unknown, error: Error): void {
    this.connections.give(this.#client);
    this.#fail(error);
  }

  #abort(): void {
    const controller = this.#controller;
    const reason = this.#call?.signal.reason as Error;
    this.#fail(reason);
    controller?.abort(reason);
  }

  #fail(thrown: Error): void {
    this.#endedBy ??= thrown;
    const { code } = thrown as { code?: unknown };
    const sent = this.#sent && code !== UNWRITTEN;
    const error = explainTrust(thrown, code);
    this.#end({ failure: { error, type: undefined, status: this.#status, sent, setup: false } });
  }

  #end(end: CallEnd): void {
    const [call, onEnd, { date }] = [this.#call, this.#onEnd, this.#headers];
    if (!call || !onEnd) return;
    if (this.#onAbort) call.signal.removeEventListener('abort', this.#onAbort);
    this.#call = this.#onEnd = this.#onAbort = this.#controller = this.#first = this.#more = undefined;
    this.#headers = NONE;
    onEnd(end, typeof date === 'string' ? date : undefined);
  }
}

/**
 * The error code if a request couldn't be written completely. The service has then received no complete request, and so
 * has carried out nothing.
 */
const UNWRITTEN = 'EPIPE';
