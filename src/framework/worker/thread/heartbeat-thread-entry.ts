import type { Abortable } from '../../base/abort.js';
import { setDefaultResultOrder } from 'node:dns';
import { writeSync } from 'node:fs';
import { setDefaultAutoSelectFamily } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock as clock } from '../../base/time/clock.js';
import { turn } from '../../base/time/turn.js';
import { showDuration } from '../../base/time/duration.js';
import { ThreadHealthServer } from '../health/thread-health-server.js';
import { activityPort, type Renewal } from '../../aws/activity-calls.js';
import { LeanCalls } from '../../aws/lean/lean-calls.js';
import type { Identity } from '../../aws/lean/recipe.js';
import type { ActivityPort, ReportAnswer } from '../../aws/port.js';
import type { Heartbeat } from '../heartbeat/heartbeats.js';
import { HeartbeatScheduler } from '../heartbeat/heartbeat-scheduler.js';
import { LeaseLedger } from './lease-ledger.js';
import { MainLoopWatch } from './main-loop-watch.js';
import {
  type ErrorText,
  type FromThread,
  textToAnswer,
  type ThreadOptions,
  TURN_MS,
  toText,
  type ToThread,
} from './thread-messages.js';

/**
 * The thread that heartbeats live in: it has its own connections and scheduler, and shares nothing with the main thread
 * but a number and the ledger of leases. Whatever handlers do there, leases are beaten here. Node counts the time of all
 * threads from the start of the process, so that both read the same clock.
 */

const { turns, ledger: memory, rate, stallAfterMs, addresses } = workerData as ThreadOptions;
setDefaultResultOrder(addresses.order);
setDefaultAutoSelectFamily(addresses.autoSelectFamily);
const send = (message: FromThread): void => parentPort?.postMessage(message);

/** What is told is gathered for a turn, so that a crowd of beats is one message. */
class News {
  readonly #taken = new Map<number, number>();
  readonly #asked: number[] = [];
  readonly #lateMs: number[] = [];
  readonly #failed: ErrorText[] = [];
  #waiting = false;

  taken(id: number, at: number): void {
    this.#taken.set(id, at);
    this.#send();
  }

  asked(id: number): void {
    this.#asked.push(id);
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
        asked: this.#asked.splice(0),
        lateMs: this.#lateMs.splice(0),
        failed: this.#failed.splice(0),
      };
      send({ kind: 'news', taken: [...this.#taken], ...parts });
      this.#taken.clear();
    });
  }
}

const news = new News();
const mainLoop = new MainLoopWatch({
  ...{ turns, stallAfterMs, clock },
  onGivenUp: (blockedMs) =>
    say(
      `The event loop has been blocked for ${showDuration(blockedMs)}: it is taken for stuck. Heartbeats stop, so that the service gives its tasks to other workers.`,
    ),
  onTurned: (blockedMs, gaveUp) => send({ kind: 'turned', blockedMs, gaveUp }),
});
const probes = new ThreadHealthServer(mainLoop, clock, send);
const scheduler = new HeartbeatScheduler({
  ...{ clock, rate, random: Math.random },
  onStretch: (stretched, load) => send({ kind: 'stretch', stretched, load }),
  onAnswer: (error) => {
    if (error) news.failed(error);
  },
  onSent: (lateMs) => news.sent(lateMs),
});

const ledger = new LeaseLedger(memory);
/** In the order in which they were opened. */
const regions: string[] = [];
const ports = new Map<string, ActivityPort>();
const beats = new Map<number, Heartbeat>();
/** Beats that the main thread tries instead, by number. */
const instead = new Map<number, (answer: ReportAnswer) => void>();
let lastInstead = 0;
let identity: Identity | undefined;
let giveIdentity: (given: Identity) => void = () => {};
const firstIdentity = new Promise<Identity>((resolve) => (giveIdentity = resolve));

/** The main thread's log can't be written while that is blocked. */
function say(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // Nobody reads it.
  }
}

/** Credentials are renewed by the main thread, which makes the call again. */
const NO_RENEWAL: Renewal = {
  asOf: () => ({ generation: 0, sentAt: 0 }),
  accepted: () => {},
  failed: (end) => Promise.resolve(end),
  onRenewed: () => {},
};

function open({ region, recipes }: Extract<ToThread, { kind: 'region' }>): void {
  regions.push(region);
  const calls = new LeanCalls({ recipes, identity: () => identity ?? firstIdentity });
  const port = activityPort(
    (operation, input, call, onEnd) => calls.begin(operation, input, call, onEnd),
    NO_RENEWAL,
  );
  const heartbeat = async (token: string, signal: Abortable): Promise<ReportAnswer> => {
    if (mainLoop.gaveUp) return STUCK;
    const answer = await port.heartbeat(token, signal);
    // Credentials, access, keys: it may have what is needed, and mend it for the next ones.
    const mendable = answer.kind === 'retry' && answer.pace === 'slow';
    return mendable ? askMain(region, token, signal, answer) : answer;
  };
  ports.set(region, { ...port, heartbeat });
}

const STUCK: ReportAnswer = {
  kind: 'retry',
  pace: 'slow',
  mayHaveArrived: false,
  error: new Error('the main thread is taken for stuck'),
};

/** @returns its answer; ours where it has none before the signal aborts */
function askMain(
  region: string,
  token: string,
  signal: Abortable,
  otherwise: ReportAnswer,
): Promise<ReportAnswer> {
  return new Promise((resolve) => {
    const beat = ++lastInstead;
    const end = (answer: ReportAnswer): void => {
      instead.delete(beat);
      signal.removeEventListener('abort', giveUp);
      resolve(answer);
    };
    const giveUp = (): void => end(otherwise);
    if (signal.aborted) return resolve(otherwise);
    signal.addEventListener('abort', giveUp, { once: true });
    instead.set(beat, end);
    send({ kind: 'refused', beat, region, token });
  });
}

function readLedger(): void {
  // What is in it comes from a region, and that is told before.
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
        if (answer.kind === 'ok') news.taken(id, sentAt);
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
  // What was written before it was sent comes first.
  readLedger();
  if (message.kind === 'region') open(message);
  else if (message.kind === 'identity') {
    ({ identity } = message);
    giveIdentity(identity);
  } else if (message.kind === 'track') track(message);
  else if (message.kind === 'now') {
    const { id } = message;
    void (beats.get(id)?.now() ?? Promise.resolve()).then(() => news.asked(id));
  } else if (message.kind === 'release') release(message.ids);
  else if (message.kind === 'instead') instead.get(message.beat)?.(textToAnswer(message.answer));
  else if (message.kind !== 'read') probes.take(message);
}

parentPort?.on('message', take);
clock.every(TURN_MS, readLedger);
