import type { Logger } from '../../base/log/log.js';
import type { WorkerStatus } from '../../base/worker-status.js';
import type { HealthFacts, MetricsText } from './health-pages.js';
import type { FromHealthServer, ToHealthServer } from './health-server.js';
import type { NamedAddress } from './page-server.js';

/** The functions from which the health port gets what it shows. */
export interface HealthSource {
  status(): WorkerStatus;
  metrics(): Promise<MetricsText>;
}

/** The main thread's part of the health port: it tells the sender of heartbeats, which serves the port, the facts. */
export class HealthClient {
  readonly #send: (message: ToHealthServer) => void;
  readonly #log: Logger;
  #source: HealthSource | undefined;
  /** The address of the open port; undefined if no port is open. */
  #address: NamedAddress | undefined;
  #opening: { readonly resolve: (port: number) => void; readonly reject: (error: Error) => void } | undefined;
  /** True while the facts can't be had. They are asked for all the time, and that is logged once. */
  readonly #failing = new Set<'status' | 'metrics'>();

  constructor(log: Logger, send: (message: ToHealthServer) => void) {
    this.#log = log;
    this.#send = send;
  }

  /**
   * Opens the port. Only one port can be open at a time. Resolves with the port that is listened on.
   * @throws Node's error, with its code, if the port can't be listened on
   */
  open(address: NamedAddress, source: HealthSource): Promise<number> {
    this.#address = address;
    this.#source = source;
    return new Promise<number>((resolve, reject) => {
      this.#opening = { resolve, reject };
      this.#send({ kind: 'listen', address });
    });
  }

  /** From now on the pages show this. */
  show(source: HealthSource): void {
    this.#source = source;
  }

  /** Opens the port again, if one is open: another sender has to serve it. */
  restart(): void {
    if (this.#address) this.#send({ kind: 'listen', address: this.#address });
  }

  close(): void {
    this.#address = undefined;
    this.#send({ kind: 'close' });
  }

  take(message: FromHealthServer): void {
    if (message.kind === 'ask') return void this.#tell(message.request, message.metrics);
    if (message.kind === 'listening') {
      if (this.#address) this.#address = { ...this.#address, port: message.port };
      this.#opening?.resolve(message.port);
    } else {
      // A port that was open is opened again by the next sender, if there is one.
      if (this.#opening) this.#address = undefined;
      this.#opening?.reject(Object.assign(new Error(message.message), { code: message.code }));
    }
    this.#opening = undefined;
  }

  async #tell(request: number, withMetrics: boolean): Promise<void> {
    const part = withMetrics ? 'metrics' : 'status';
    let facts: HealthFacts | undefined;
    try {
      const metrics = withMetrics ? await this.#source?.metrics() : undefined;
      const status = this.#source?.status();
      facts = status && { status, metrics: metrics ?? { contentType: 'text/plain', text: '' } };
      this.#failing.delete(part);
    } catch (error) {
      if (!this.#failing.has(part)) this.#log.error({ err: error }, `the ${part} for the health port failed`);
      this.#failing.add(part);
    }
    this.#send({ kind: 'facts', request, facts });
  }
}
