import { setDefaultResultOrder } from 'node:dns';
import { writeSync } from 'node:fs';
import { setDefaultAutoSelectFamily } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock as clock } from '../../base/time/clock.js';
import { turn } from '../../base/time/turn.js';
import { showDuration } from '../../base/time/duration.js';
import { ThreadHealthServer } from '../health/thread-health-server.js';
import { activityPort } from '../../aws/activity-calls.js';
import { LeanCalls } from '../../aws/lean/lean-calls.js';
import type { ActivityPort, ReportAnswer } from '../../aws/activity-port.js';
import type { Heartbeat } from '../heartbeat/heartbeats.js';
import { HeartbeatScheduler } from '../heartbeat/heartbeat-scheduler.js';
import { HandedIdentity } from './handed-identity.js';
import { LeaseLedger } from './lease-ledger.js';
import { MainLoopWatch } from './main-loop-watch.js';
import {
  type ErrorText,
  type FromThread,
  type ThreadOptions,
  TURN_MS,
  toText,
  type ToThread,
} from './thread-messages.js';

/**
 * The code of the heartbeat thread. It has its own connections and its own scheduler. With the main thread it shares
 * only a number and the memory of the lease ledger, so it can send heartbeats whatever handlers do on the main thread.
 * In Node, all threads measure time from the start of the process, so both threads read the same clock.
 */

const { turns, ledger: memory, rate, stallAfterMs, addresses } = workerData as ThreadOptions;
setDefaultResultOrder(addresses.order);
setDefaultAutoSelectFamily(addresses.autoSelectFamily);
const send = (message: FromThread): void => parentPort?.postMessage(message);

/** Collects the results of heartbeats during a turn of the event loop, so that they are sent as one message. */
class Results {
  readonly #accepted = new Map<number, number>();
  readonly #answered: number[] = [];
  readonly #lateMs: number[] = [];
  readonly #failed: ErrorText[] = [];
  #waiting = false;

  accepted(id: number, at: number): void {
    this.#accepted.set(id, at);
    this.#send();
  }

  answered(id: number): void {
    this.#answered.push(id);
    this.#send();
  }

  sent(lateMs: number): void {
    this.#lateMs.push(lateMs);
    this.#send();
  }

  failed(error: Error): void {
    this.#failed.push(toText(error));
    this.#send();
  }

  #send(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    turn.after(() => {
      this.#waiting = false;
      const parts = {
        answered: this.#answered.splice(0),
        lateMs: this.#lateMs.splice(0),
        failed: this.#failed.splice(0),
      };
      send({ kind: 'results', accepted: [...this.#accepted], ...parts });
      this.#accepted.clear();
    });
  }
}

const results = new Results();
const mainLoop = new MainLoopWatch({
  ...{ turns, stallAfterMs, clock },
  onStuck: (blockedMs) =>
    writeLine(
      `The event loop has been blocked for ${showDuration(blockedMs)}: it is taken for stuck. Heartbeats stop, so that the service gives its tasks to other workers.`,
    ),
  onUnblocked: (blockedMs, gaveUp) => send({ kind: 'unblocked', blockedMs, gaveUp }),
});
const health = new ThreadHealthServer(mainLoop, clock, send);
const scheduler = new HeartbeatScheduler({
  ...{ clock, rate, random: Math.random },
  onStretch: (stretched, load) => send({ kind: 'load', stretched, load }),
  onAnswer: (error) => {
    if (error) results.failed(error);
  },
  onSent: (lateMs) => results.sent(lateMs),
});

const ledger = new LeaseLedger(memory);
/**
 * The regions in the order in which they were opened. The ledger contains a region's index in this list, not its name.
 */
const regions: string[] = [];
const ports = new Map<string, ActivityPort>();
const beats = new Map<number, Heartbeat>();
const identity = new HandedIdentity({
  clock,
  ask: ({ type, error }, number) => send({ kind: 'refused', number, type, error: toText(error) }),
  onRenewed: () => scheduler.mended(),
});

/** Writes directly to standard error, because the main thread, which writes the log, is blocked. */
function writeLine(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // Standard error is closed.
  }
}

function open({ region, recipes }: Extract<ToThread, { kind: 'region' }>): void {
  regions.push(region);
  const calls = new LeanCalls({ recipes, identity: () => identity.current() });
  const port = activityPort((request, call, onEnd) => calls.begin(request, call, onEnd), identity);
  const heartbeat: ActivityPort['heartbeat'] = async (...args) =>
    mainLoop.stuck ? STUCK : port.heartbeat(...args);
  ports.set(region, { ...port, heartbeat });
}

const STUCK: ReportAnswer = {
  kind: 'retry',
  pace: 'slow',
  mayHaveArrived: false,
  error: new Error('the main thread is taken for stuck'),
};

function readLedger(): void {
  // A region's message is sent before any of its leases is written, so there can't be any yet.
  if (regions.length === 0) return;
  const { leases, over } = ledger.read();
  release(over);
  for (const { region, ...lease } of leases) track({ ...lease, region: regions[region] ?? '' });
}

function release(ids: readonly number[]): void {
  for (const id of ids) {
    beats.get(id)?.release();
    beats.delete(id);
  }
}

function track({
  id,
  region,
  token,
  everyMs,
  leasedAt,
}: Omit<Extract<ToThread, { kind: 'track' }>, 'kind'>): void {
  const port = ports.get(region);
  if (!port) return;
  const beat: Heartbeat = scheduler.track({
    ...{ token, everyMs, leasedAt },
    port: {
      ...port,
      heartbeat: async (...args) => {
        const sentAt = clock.now();
        const answer = await port.heartbeat(...args);
        if (answer.kind === 'ok') results.accepted(id, sentAt);
        return answer;
      },
    },
    onGone: (error) => {
      beats.delete(id);
      send({ kind: 'gone', id, error: toText(error) });
    },
  });
  beats.set(id, beat);
}

function take(message: ToThread): void {
  // The ledger may contain entries that were written before this message was sent.
  readLedger();
  if (message.kind === 'region') open(message);
  else if (message.kind === 'identity') identity.take(message.identity, message.number);
  else if (message.kind === 'track') track(message);
  else if (message.kind === 'send-now') {
    const { id } = message;
    void (beats.get(id)?.now() ?? Promise.resolve()).then(() => results.answered(id));
  } else if (message.kind === 'release') release(message.ids);
  else if (message.kind !== 'read-ledger') health.take(message);
}

parentPort?.on('message', take);
clock.every(TURN_MS, readLedger);
