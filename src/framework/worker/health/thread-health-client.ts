import type { NamedAddress } from './host-check.js';
import type { Answerer, PageServer } from './page-server.js';
import type { FromHealthServer, ToHealthServer } from './thread-health-server.js';

/**
 * The main thread's part of the health port: makes the pages that the sender of heartbeats requests, which serves the
 * port.
 */
export class ThreadHealthClient {
  readonly #send: (message: ToHealthServer) => void;
  /** The open port, and the function that makes its pages; undefined if no port is open. */
  #served: { readonly address: NamedAddress; readonly answer: Answerer } | undefined;
  #opening: { readonly resolve: (port: number) => void; readonly reject: (error: Error) => void } | undefined;

  constructor(send: (message: ToHealthServer) => void) {
    this.#send = send;
  }

  /** Opens the port; can be used instead of `servePages`. Only one port can be open at a time. */
  readonly serve = async (address: NamedAddress, answer: Answerer): Promise<PageServer> => {
    this.#served = { address, answer };
    const port = await new Promise<number>((resolve, reject) => {
      this.#opening = { resolve, reject };
      this.#send({ kind: 'listen', address });
    });
    return { port, close: () => this.#close() };
  };

  /** Opens the port again, if one is open: another thread has to serve it. */
  restart(): void {
    if (this.#served) this.#send({ kind: 'listen', address: this.#served.address });
  }

  take(message: FromHealthServer): void {
    if (message.kind === 'request') void this.#page(message);
    else if (message.kind === 'listening') this.#opened(message.port);
    else this.#refused(Object.assign(new Error(message.message), { code: message.code }));
  }

  #opened(port: number): void {
    if (this.#served) this.#served = { ...this.#served, address: { ...this.#served.address, port } };
    this.#opening?.resolve(port);
    this.#opening = undefined;
  }

  #refused(error: Error): void {
    // A port that was open is opened again by the next thread, if there is one.
    if (this.#opening) this.#served = undefined;
    this.#opening?.reject(error);
    this.#opening = undefined;
  }

  #close(): void {
    this.#served = undefined;
    this.#send({ kind: 'close' });
  }

  async #page({ request, method, path }: Extract<FromHealthServer, { kind: 'request' }>): Promise<void> {
    const page = await this.#served?.answer(method, path);
    if (page) this.#send({ kind: 'page', request, page });
  }
}
