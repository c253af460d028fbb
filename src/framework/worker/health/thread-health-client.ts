import type { NamedAddress } from './host-check.js';
import { type Answerer, type PageServer, servePages } from './page-server.js';
import type { FromHealthServer, ToHealthServer } from './thread-health-server.js';

/**
 * The main thread's part of the health port, if the heartbeat thread serves the port. The heartbeat thread requests
 * each page from the main thread by a message, and this class makes it. If the heartbeat thread ends, the main thread
 * serves the port itself.
 */
export class ThreadHealthClient {
  readonly #send: (message: ToHealthServer) => void;
  readonly #servePages: typeof servePages;
  /** The open port, and the function that makes its pages; undefined if no port is open. */
  #served: { readonly address: NamedAddress; readonly answer: Answerer } | undefined;
  #opening: { readonly resolve: (port: number) => void; readonly reject: (error: Error) => void } | undefined;
  #threadEnded = false;
  #instead: PageServer | undefined;

  /** @param serve opens a port on the main thread. @default over HTTP */
  constructor(send: (message: ToHealthServer) => void, serve = servePages) {
    this.#send = send;
    this.#servePages = serve;
  }

  /**
   * Opens the port in the heartbeat thread; can be used instead of `servePages`. `answer` makes each page on the main
   * thread. While the main thread is blocked, the heartbeat thread makes the pages. Only one port can be open at a
   * time.
   */
  readonly serve = async (address: NamedAddress, answer: Answerer): Promise<PageServer> => {
    if (this.#threadEnded) return this.#servePages(address, answer);
    this.#served = { address, answer };
    const port = await new Promise<number>((resolve, reject) => {
      this.#opening = { resolve, reject };
      this.#send({ kind: 'listen', address });
    });
    return { port, close: () => this.#close() };
  };

  take(message: FromHealthServer): void {
    if (message.kind === 'request') void this.#page(message);
    else if (message.kind === 'listening') this.#opened(message.port);
    else this.#refused(Object.assign(new Error(message.message), { code: message.code }));
  }

  /**
   * Opens the port in the main thread, because the heartbeat thread has ended.
   * @returns false if no port was open
   * @throws Node's error if the main thread can't open the port
   */
  async serveFromMain(): Promise<boolean> {
    this.#threadEnded = true;
    if (!this.#served) return false;
    const { address, answer } = this.#served;
    try {
      this.#instead = await this.#servePages(address, answer);
    } catch (error) {
      this.#refused(error as Error);
      throw error;
    }
    // The port may have been closed in the meantime.
    if (!this.#served) this.#instead.close();
    this.#opened(this.#instead.port);
    return true;
  }

  #opened(port: number): void {
    if (this.#served) this.#served = { ...this.#served, address: { ...this.#served.address, port } };
    this.#opening?.resolve(port);
  }

  #refused(error: Error): void {
    this.#served = undefined;
    this.#opening?.reject(error);
  }

  #close(): void {
    this.#served = undefined;
    this.#instead?.close();
    this.#send({ kind: 'close' });
  }

  async #page({ request, method, path }: Extract<FromHealthServer, { kind: 'request' }>): Promise<void> {
    const page = await this.#served?.answer(method, path);
    if (page) this.#send({ kind: 'page', request, page });
  }
}
