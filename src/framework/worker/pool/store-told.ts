import { StoreError, type StoreErrorKind } from '../../base/store/store-error.js';
import type { StoreTold } from '../../base/store/store-events.js';

type Failed = Extract<StoreTold, { event: 'store:failed' }>;

/** An event of a store that a thread or process uses, as plain data. */
export type PlainTold =
  | (Omit<Failed, 'error'> & { readonly error: { readonly kind: StoreErrorKind; readonly message: string } })
  | Exclude<StoreTold, Failed>;

/** Returns an event of a store as plain data. */
export function plainTold(told: StoreTold): PlainTold {
  if (told.event !== 'store:failed') return told;
  const { error, ...rest } = told;
  const kind = error instanceof StoreError ? error.kind : 'unavailable';
  return { ...rest, error: { kind, message: error.message } };
}

/** Returns an event of a store that `plainTold` has made plain. */
export function wholeTold(told: PlainTold): StoreTold {
  if (told.event !== 'store:failed') return told;
  return { ...told, error: new StoreError(told.error.kind, told.error.message) };
}
