import type { Clock } from '../../base/time/clock.js';
import { type Address, showAddress } from '../../config/address.js';
import type { SeenWorker } from './estimate.js';

/** A worker that was found at an address, with the name that its status has. */
export interface FoundWorker extends SeenWorker {
  readonly name: string;
}

/** The last answer of a worker at an address. */
interface Last {
  readonly address: Address;
  readonly worker: FoundWorker;
  /** The names of the workers that answered there before, and the times at which each last did. */
  readonly earlier: ReadonlyMap<string, number>;
}

/** If a name answers again at an address within this time, while another answered between, both share the address. */
const SHARED_MS = 10 * 60_000;

/**
 * Remembers which worker answered at which address. Many names list only workers that are ready: in an outage of the
 * service none is, though all are at work. So those that were at work are asked again at their last address.
 */
export class WorkerMemory {
  readonly #clock: Clock;
  #last = new Map<string, Last>();
  #shared: { readonly address: string; readonly until: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Returns the addresses of workers that were at work, and that are not in this list.
   * @param all true to return the addresses of all workers that answered last
   */
  besides(addresses: readonly Address[], all = false): Address[] {
    const listed = new Set(addresses.map(showAddress));
    return [...this.#last]
      .filter(([address, { worker }]) => !listed.has(address) && (all || isAtWork(worker)))
      .map(([, { address }]) => address);
  }

  /** Returns true if this worker was the last to answer at the address. */
  isSame(address: Address, { name }: FoundWorker): boolean {
    return this.#last.get(showAddress(address))?.worker.name === name;
  }

  /** Replaces what is remembered by the workers that answer now. */
  note(found: readonly { readonly address: Address; readonly worker: FoundWorker }[]): void {
    const now = this.#clock.now();
    const next = new Map<string, Last>();
    for (const { address, worker } of found) {
      const key = showAddress(address);
      const last = this.#last.get(key);
      const earlier = new Map(
        [...(last?.earlier ?? []), ...(last ? [[last.worker.name, now] as const] : [])].filter(
          ([, at]) => at > now - SHARED_MS,
        ),
      );
      if (last && last.worker.name !== worker.name && last.earlier.has(worker.name))
        this.#shared = { address: key, until: now + SHARED_MS };
      next.set(key, { address, worker, earlier });
    }
    this.#last = next;
  }

  /**
   * An address at which several workers answer by turns, as that of a load balancer. Then most of the workers are not
   * seen. Undefined if there is none.
   */
  get sharedAddress(): string | undefined {
    return this.#shared && this.#shared.until > this.#clock.now() ? this.#shared.address : undefined;
  }
}

const isAtWork = ({ handlers }: FoundWorker): boolean => handlers.some(({ running }) => running > 0);
