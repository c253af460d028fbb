import type { Store } from '../../base/store.js';
import { parseDuration } from '../../base/time/duration.js';
import { parseSize } from '../../base/size.js';
import { PayloadStore, PayloadUnavailable, type PayloadWorld } from '../keep/payloads/payload-store.js';
import { mayHoldReference } from '../keep/payloads/reference.js';
import type { TaskPayloads } from './output/outputs.js';
import { readPayloads } from './input/references.js';
import { OWN_ERROR } from './outcome/own-error.js';
import { Refusal } from './outcome/refusal.js';
import { offload, payloadLimit } from './output/offload.js';

/** The option `payloads` of a config, which was checked. */
interface Settings {
  readonly store: Store;
  readonly above?: string;
  readonly limit?: string;
  readonly keep?: string;
}

const DEFAULT_ABOVE = '200KB';
const DEFAULT_LIMIT = '64MB';
/** An execution takes a year at most, and may be redriven for two weeks after it. */
const DEFAULT_KEEP = '400d';

const bytesOf = (size: string): number => parseSize(size) ?? Number.NaN;

/** Makes what handlers need to read references in inputs, and to send large outputs as references. */
export function taskPayloads(
  { store: given, above = DEFAULT_ABOVE, limit = DEFAULT_LIMIT, keep = DEFAULT_KEEP }: Settings,
  world: PayloadWorld,
): TaskPayloads {
  const store = new PayloadStore(given, {
    ...world,
    base: given.uri ?? '',
    keepMs: parseDuration(keep) ?? 0,
  });
  const most = Math.min(bytesOf(limit), store.maxBytes);
  const settings = { store, above: bytesOf(above), limit: most };
  return {
    limit: payloadLimit(most),
    read: (input, text, task) =>
      mayHoldReference(text)
        ? refusing(readPayloads(input, store, bytesOf(limit), () => task.signal))
        : input,
    write: (text, inline, task) => {
      const sent = offload(text, inline, task, settings);
      return typeof sent === 'string' ? sent : refusing(sent);
    },
    close: () => store.close(),
  };
}

/** Makes the failure of a task whose payload can't be read or written. */
async function refusing<T>(done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    if (error instanceof PayloadUnavailable) throw new Refusal(OWN_ERROR.payloadUnavailable, error.message);
    throw error;
  }
}
