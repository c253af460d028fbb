import type { Address } from '../../config/address.js';
import { type Answerer, type PageServer, servePages } from './page-server.js';
import type { FromHealthServer, ToHealthServer } from './thread-health-server.js';

/**
 * The main thread's end of a health port that a thread answers: that asks here for each page. Where the thread ends, the
 * port is answered from here.
 */
export class ThreadHealthClient {
  readonly #send: (message: ToHealthServer) => void;
  /** What is served, until it is closed. */
  #served: { readonly address: Address; readonly answer: Answerer } | undefined;
  #opening: { readonly resolve: (port: number) => void; readonly reject: (error: Error) => void } | undefined;
  #threadEnded = false;
  #instead: PageServer | undefined;

  constructor(send: (message: ToHealthServer) => void) {
    this.#send = send;
  }

  /** As `servePages`, from the thread; each page is `answer`'s while this thread can make it. One at a time. */
  readonly serve = async (address: Address, answer: Answerer): Promise<PageServer> => {
    if (this.#threadEnded) return servePages(address, answer);
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
   * The thread is no more.
   * @returns whether there is a port, which is answered from here from now on
   * @throws Node's error, where it can't be opened from here
   */
  async goOn(): Promise<boolean> {
    this.#threadEnded = true;
    if (!this.#served) return false;
    const { address, answer } = this.#served;
    try {
      this.#instead = await servePages(address, answer);
    } catch (error) {
      this.#refused(error as Error);
      throw error;
    }
    // It may have been closed meanwhile.
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
