import type { StoreError } from './store-error.js';

/** The kinds of calls that a store may answer while it fails others. */
export type StoreCall = 'read' | 'write' | 'delete';

/** Is told of a store's trouble once when it begins and once when it ends. */
export interface StoreTrouble {
  /** Calls of this kind have begun to fail. */
  readonly began: (call: StoreCall, error: StoreError) => void;
  /** None of these calls has failed for 30 s. */
  readonly ended: (call: StoreCall, afterMs: number) => void;
}

/** The uses that a worker makes of stores. */
export const STORE_USES = ['payloads', 'outbox', 'checkpoint', 'idempotent', 'deferred'] as const;
export type StoreUse = (typeof STORE_USES)[number];

/** The events of a worker's stores and their payloads. */
export interface StoreEvents {
  /** Calls to a store have begun to fail. Emitted once, until they have not failed for 30 s. */
  'store:failed': { readonly use: StoreUse; readonly call: StoreCall; readonly error: Error };
  'store:recovered': { readonly use: StoreUse; readonly call: StoreCall; readonly afterMs: number };
}

/** An event of a store. */
export type StoreTold =
  | ({ readonly event: 'store:failed' } & StoreEvents['store:failed'])
  | ({ readonly event: 'store:recovered' } & StoreEvents['store:recovered']);

/**
 * The one place where the trouble of a worker's stores is told, whatever they are used for. Stores are opened before
 * there is a worker, so that it is given a listener later.
 */
export class StoreTroubles {
  /** Is told. It may be replaced. */
  tell: (told: StoreTold) => void;

  constructor(tell: (told: StoreTold) => void) {
    this.tell = tell;
  }

  /** Returns what the store for a use tells its trouble to. */
  of(use: StoreUse): StoreTrouble {
    return {
      began: (call, error) => this.tell({ event: 'store:failed', use, call, error }),
      ended: (call, afterMs) => this.tell({ event: 'store:recovered', use, call, afterMs }),
    };
  }
}
