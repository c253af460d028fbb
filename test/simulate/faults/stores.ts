import type { Store } from 'stepwright';
import { early, type Fault, records } from './seams.js';

const undeleted = (): Partial<Store> => ({ delete: async () => {}, deleteIf: async () => true });

/** What a worker writes into a store, and how it reads that. */
export const STORE_FAULTS: readonly Fault[] = [
  { name: 'an outcome is reported before it is kept', seed: 52, plant: records('outcomes/', early) },
  {
    name: 'an outcome stays in the store after it was accepted',
    seed: 52,
    plant: records('outcomes/', undeleted),
  },
  {
    name: 'what a dead worker has left is offered by nobody',
    seed: 19,
    plant: records('', () => ({ list: async () => ({ keys: [] }) })),
  },
  {
    name: 'a reference is reported before its payload is in the store',
    seed: 8,
    plant: records('payloads/', early),
  },
  {
    name: 'a payload that was changed is handed on',
    seed: 45,
    // The story turns the bytes round.
    plant: records('payloads/', (store) => ({
      get: async (...call) => {
        const found = await store.get(...call);
        return found?.value[0] === '}'.charCodeAt(0) ? { ...found, value: found.value.toReversed() } : found;
      },
    })),
  },
  {
    name: 'a record is replaced whatever its version',
    seed: 18,
    plant: records('', (store) => ({ replace: (key, value, _version, rest) => store.put(key, value, rest) })),
  },
  { name: 'the checkpoint of finished work stays', seed: 8, plant: records('checkpoints/', undeleted) },
  {
    name: 'work whose task has died is never begun again',
    seed: 45,
    plant: records('once/', () => ({ replace: async () => undefined })),
  },
];
