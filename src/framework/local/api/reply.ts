import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { SERVICE_HEADER } from '../../base/local-protocol.js';
import { turn } from '../../base/time/turn.js';
import { ServiceError } from '../engine/service-error.js';

/** The response to one request to the API. */
export class Reply {
  #closed = false;
  #onClosed: (() => void) | undefined;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
  ) {
    response.on('close', () => {
      this.#closed = true;
      if (!response.writableFinished) this.#onClosed?.();
    });
  }

  /** Calls back when the connection closes before the whole response is sent; at once if it has closed. */
  onClosed(callback: () => void): void {
    if (this.#closed) callback();
    else this.#onClosed = callback;
  }

  /** Sends the result of an operation, or the ServiceError that it has thrown. */
  send(result: object): void {
    if (result instanceof ServiceError) this.answer(400, result.body);
    else this.answer(200, JSON.stringify(result));
  }

  /**
   * Sends a response when this turn of the event loop is over, so that the client is woken once for all responses of
   * the turn: waking it is most of what a response costs.
   */
  answer(status: number, text: string, contentType?: string): void {
    turn.after(() => {
      if (this.#closed || this.response.headersSent) return;
      this.#writeHead(status, Buffer.byteLength(text), contentType);
      this.response.end(text);
    });
  }

  /** Sends the first part of a response whose head promises the whole text, and resets the connection. */
  breakOff(status: number, text: string, sent: string): void {
    this.#writeHead(status, Buffer.byteLength(text));
    this.response.write(sent, () => this.abort());
  }

  /** Resets the connection. */
  abort(): void {
    this.request.socket.resetAndDestroy();
  }

  #writeHead(status: number, length: number, contentType = 'application/x-amz-json-1.0'): void {
    this.response.writeHead(status, {
      'x-amzn-RequestId': randomUUID(),
      [SERVICE_HEADER]: 'local',
      'content-type': contentType,
      'content-length': length,
    });
  }
}
