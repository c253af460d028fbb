import type { Logger } from '../../base/log/log.js';
import { showError } from '../../base/show.js';
import type { StoreEvent, StoreUse } from '../../base/store.js';

/** The words for a store that fails. */
const STORE_FAILS: Readonly<Record<StoreUse, string>> = {
  payloads:
    'the store of payloads fails: its calls are repeated, and tasks that need it fail with Stepwright.PayloadUnavailable',
  checkpoint: 'the store of checkpoints fails: its calls are repeated for a minute',
  idempotent: 'the store of Idempotent fails: its calls are repeated for a minute, and no work begins',
  deferred: 'a store fails; its calls are repeated',
  outbox:
    "the outbox's store fails: results are reported, but those that it didn't take die with this process",
};

/** Logs an event of a store. */
export function logStore(log: Logger, told: StoreEvent): void {
  const { event, use, call } = told;
  if (event === 'store:failed') log.error({ use, call, error: showError(told.error) }, STORE_FAILS[use]);
  else log.info({ use, call, afterMs: Math.round(told.afterMs) }, 'a store works again');
}
