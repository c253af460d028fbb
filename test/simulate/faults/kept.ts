import type { Store, Stored } from 'stepwright';
import { nameIn } from '../network.js';
import { type Answer, isFromService, type Request } from '../service.js';
import type { Work } from '../handlers.js';
import type { Behaviour } from '../plan.js';
import { early, type Fault, records, type Seams } from './seams.js';

const fieldsOf = ({ value }: Stored): Record<string, unknown> =>
  JSON.parse(Buffer.from(value).toString()) as Record<string, unknown>;
const withFields = (stored: Stored, fields: Readonly<Record<string, unknown>>): Stored => ({
  ...stored,
  value: Buffer.from(JSON.stringify({ ...fieldsOf(stored), ...fields })),
});

/** Lets workers read other records than those that there are. */
const reads =
  (change: (stored: Stored) => Stored | undefined) =>
  (store: Store): Partial<Store> => ({
    get: async (...call) => {
      const found = await store.get(...call);
      return found && change(found);
    },
  });

/** Lets workers hear something else of heartbeats for tasks that behave so, also where they hear nothing. */
const heartbeats =
  (
    does: Behaviour,
    change: (answer: Answer | undefined, request: Request, seams: Seams) => Answer | undefined,
  ) =>
  (seams: Seams): void => {
    const { send, chronicle } = seams;
    seams.send = (request, link, wire) => {
      const lease = chronicle.lease(request.body['taskToken'] ?? '');
      const isMeant = lease && (JSON.parse(lease.input) as Work).does === does;
      if (!isMeant || request.operation !== 'SendTaskHeartbeat') return send(request, link, wire);
      const instead = change(undefined, request, seams);
      return send(request, link, {
        ...wire,
        answered: (answer) =>
          wire.answered(change(isFromService(answer) ? answer : undefined, request, seams) ?? answer),
        failed: (error) => (instead ? wire.answered(instead) : wire.failed(error)),
      });
    };
  };

const MARK = { 'x-amzn-requestid': 'planted', 'content-type': 'application/x-amz-json-1.0' };
const YES: Answer = { status: 200, headers: MARK, text: '{}' };
const GONE: Answer = { status: 400, headers: MARK, text: '{"__type":"com.amazonaws.swf#TaskTimedOut"}' };
const isGone = (answer: Answer | undefined): boolean =>
  answer !== undefined && nameIn(answer) === 'TaskTimedOut';

/** True where the worker that asks is not the one that had the task. */
const isOfAnother = ({ body, from }: Request, { chronicle }: Seams): boolean =>
  chronicle.lease(body['taskToken'] ?? '')?.to !== from.owner;

/** How workers let the service decide about what tasks leave behind. */
export const KEPT_FAULTS: readonly Fault[] = [
  {
    name: 'an outcome leaves the outbox before it is accepted',
    seed: 2,
    plant: records('outcomes/', (store) => ({
      putIfAbsent: async (...call) => {
        const version = await store.putIfAbsent(...call);
        await store.delete(call[0]).catch(() => {});
        return version;
      },
    })),
  },
  {
    name: 'another outcome is offered than was kept',
    seed: 19,
    plant: records(
      'outcomes/',
      reads((stored) => withFields(stored, { status: 'succeeded', output: '"planted"' })),
    ),
  },
  {
    name: 'work is taken over from a task of which the service has said nothing',
    seed: 30,
    plant: heartbeats('once', (answer, request, seams) =>
      answer === undefined && isOfAnother(request, seams) ? GONE : answer,
    ),
  },
  {
    name: 'work is taken over from a task that is wanted',
    seed: 45,
    plant: heartbeats('once', (answer, request, seams) =>
      answer?.status === 200 && isOfAnother(request, seams) ? GONE : answer,
    ),
  },
  {
    name: 'a task that is gone keeps its work',
    seed: 10,
    plant: heartbeats('once', (answer, request, seams) =>
      isGone(answer) && isOfAnother(request, seams) ? YES : answer,
    ),
  },
  {
    name: 'work that is finished is done again',
    seed: 8,
    plant: records('once/', (store) => ({
      get: async (...call) => {
        const found = await store.get(...call);
        if (!found || fieldsOf(found)['state'] === 'running') return found;
        await store.delete(call[0]);
        return undefined;
      },
    })),
  },
  { name: 'an outcome is told before it is kept for the next task', seed: 8, plant: records('once/', early) },
  {
    name: 'the service is asked about a task each time',
    seed: 45,
    plant: records(
      'once/',
      reads((stored) => withFields(stored, { askedAt: undefined })),
    ),
  },
  {
    name: 'a checkpoint is taken over while the service says nothing',
    seed: 20,
    plant: heartbeats('saves', (answer) => answer ?? YES),
  },
  {
    name: 'a checkpoint is taken over by a task that is gone',
    seed: 15,
    plant: heartbeats('saves', (answer) => (isGone(answer) ? YES : answer)),
  },
  {
    name: 'a checkpoint is removed whoever has it',
    seed: 5,
    plant: records('checkpoints/', (store) => ({
      get: async (...call) => {
        const found = await store.get(...call);
        if (found) await store.delete(call[0]);
        return found;
      },
    })),
  },
  { name: 'a save is said to be done before it is', seed: 8, plant: records('checkpoints/', early) },
  {
    name: 'the value before the last save is loaded',
    seed: 15,
    plant: (seams) => {
      const before = new Map<string, unknown>();
      records('checkpoints/', (store) => ({
        get: async (...call) => {
          const found = await store.get(...call);
          return found && before.has(call[0]) ? withFields(found, { json: before.get(call[0]) }) : found;
        },
        replace: async (key, value, ...rest) => {
          const found = await store.get(key);
          if (found) before.set(key, fieldsOf(found)['json']);
          return store.replace(key, value, ...rest);
        },
      }))(seams);
    },
  },
  {
    name: 'a task is deferred before its id is written',
    seed: 11,
    plant: records('deferred/', () => ({ putIfAbsent: async () => 'nowhere' })),
  },
  {
    name: 'a completion is sent before it is written',
    seed: 11,
    plant: records('deferred/', () => ({ replace: async () => 'nowhere' })),
  },
  {
    name: 'what was decided is decided again',
    seed: 11,
    plant: records(
      'deferred/',
      reads((stored) => withFields(stored, { decided: undefined })),
    ),
  },
  {
    name: 'whoever finds a decision does not tell it',
    seed: 11,
    plant: records(
      'deferred/',
      reads((stored) => {
        const { decided } = fieldsOf(stored);
        return decided ? withFields(stored, { decided: { ...decided, told: 'accepted' } }) : stored;
      }),
    ),
  },
];
