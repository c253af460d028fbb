import { TaskSignals } from '../../../src/framework/worker/task/context.js';
import type { Host } from '../../../src/framework/worker/pool/host.js';
import type { FromHost } from '../../../src/framework/worker/pool/pool-messages.js';
import { type Caller, CallLimiter } from '../../../src/framework/aws/call-limiter.js';
import { type Fault, replaced } from './seams.js';

/** A thread or a process of a pool, of which the worker gets only some messages. */
const wrapped = (host: Host, isHeard: (message: FromHost) => boolean = () => true): Host => ({
  kind: host.kind,
  exited: host.exited,
  send: (message) => host.send(message),
  kill: () => host.kill(),
  get onMessage() {
    return host.onMessage;
  },
  set onMessage(listener) {
    host.onMessage = (message) => {
      if (isHeard(message)) listener(message);
    };
  },
});

/** What a worker does with its tasks, its threads and processes, and its time. */
export const TASK_FAULTS: readonly Fault[] = [
  {
    name: '`shuttingDown` is never aborted',
    seed: 11,
    plant: () => replaced(TaskSignals, 'drain', () => () => {}),
  },
  {
    name: '`signal` is never aborted',
    seed: 54,
    plant: () => replaced(TaskSignals, 'abort', () => () => {}),
  },
  {
    name: 'a task that has begun is begun again where its thread or process ends',
    seed: 14,
    plant: (seams) => {
      seams.host = (host) => wrapped(host, ({ kind }) => kind !== 'begun');
    },
  },
  {
    name: 'the end of a thread or a process is not told to its task',
    seed: 24,
    plant: (seams) => {
      seams.host = (host) => Object.assign(wrapped(host), { exited: new Promise(() => {}) });
    },
  },
  {
    name: 'a thread or a process that is to be ended goes on',
    seed: 43,
    plant: (seams) => {
      seams.host = (host) => Object.assign(wrapped(host), { kill: () => {} });
    },
  },
  {
    name: 'a timer that was cancelled stays',
    seed: 52,
    plant: (seams) => {
      seams.process = ({ clock }) => {
        const after = clock.after.bind(clock);
        clock.after = (ms, fn) => {
          let isCancelled = false;
          const cancel = after(ms, () => isCancelled || fn());
          return ms < 60_000 ? cancel : () => void (isCancelled = true);
        };
      };
    },
  },
  {
    name: 'turns go last come, first served',
    seed: 41,
    plant: () => {
      const stacks = new WeakMap<CallLimiter, Caller[]>();
      return replaced(
        CallLimiter,
        'take',
        (take) =>
          function (this: CallLimiter, caller) {
            const stack = stacks.get(this) ?? [];
            stacks.set(this, stack);
            const last: Caller = {
              get wants() {
                return stack.some(({ wants }) => wants);
              },
              go: () => {
                stack
                  .splice(stack.findLastIndex(({ wants }) => wants))
                  .shift()
                  ?.go();
                if (stack.length > 0 && take.call(this, last)) last.go();
              },
            };
            if (take.call(this, last)) return true;
            if (!stack.includes(caller)) stack.push(caller);
            return false;
          },
      );
    },
  },
];
