import type { Address } from '../config/address.js';
import type { Answerer, PageServer } from './page-server.js';
import type { FromProbes, ToProbes } from './thread-probes.js';

/** The main thread's end of a health port that a thread answers: that asks here for each page. */
export class RelayedProbes {
  readonly #send: (message: ToProbes) => void;
  #answer: Answerer | undefined;
  #opening: { readonly resolve: (port: number) => void; readonly reject: (error: Error) => void } | undefined;

  constructor(send: (message: ToProbes) => void) {
    this.#send = send;
  }

  /** As `servePages`, from the thread; each page is `answer`'s while this thread can make it. */
  async serve(address: Address, answer: Answerer): Promise<PageServer> {
    this.#answer = answer;
    const port = await new Promise<number>((resolve, reject) => {
      this.#opening = { resolve, reject };
      this.#send({ kind: 'listen', address });
    });
    return { port, close: () => this.#send({ kind: 'hang-up' }) };
  }

  take(message: FromProbes): void {
    if (message.kind === 'request') void this.#page(message);
    else if (message.kind === 'listening') this.#opening?.resolve(message.port);
    else this.#opening?.reject(Object.assign(new Error(message.message), { code: message.code }));
  }

  /** The thread is no more. */
  lost(error: Error): void {
    this.#opening?.reject(error);
  }

  async #page({ request, method, path }: Extract<FromProbes, { kind: 'request' }>): Promise<void> {
    const page = await this.#answer?.(method, path);
    if (page) this.#send({ kind: 'page', request, page });
  }
}
