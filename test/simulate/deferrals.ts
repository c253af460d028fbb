import type { Worker, WorkerEvents } from 'stepwright';
import { silentLog } from '../../src/framework/base/log/log.js';
import type { ActivityPort, ReportAnswer } from '../../src/framework/aws/activity-port.js';
import type { ReportRequest } from '../../src/framework/aws/call-request.js';
import type { HandlerDefinition } from '../../src/framework/declare/definition.js';
import { EnginePort } from '../../src/framework/testing/machine/engine-port.js';
import { type Completion, Completions } from '../../src/framework/worker/deferral/completions.js';
import { CallLimiter } from '../../src/framework/worker/poll/call-limiter.js';
import { ReportsInFlight } from '../../src/framework/worker/task/reports-in-flight.js';
import type { Lease } from './chronicle.js';
import type { Work } from './handlers.js';
import type { Watched } from './invariants.js';
import type { Member } from './member.js';
import type { OpenCall } from './network.js';
import { Dice } from './random.js';
import type { OperationName, Plan, PlannedEvent } from './plan.js';
import { outcomeOf } from './service.js';
import { SimulatedProcess } from './timeline.js';

/** A deferred task that nobody completes fails after this time. No run takes so long. */
export const UNTIL = '10h';
/** If the store didn't answer whoever completes a task, another attempt follows after this time. */
const AGAIN_MS = 5_000;
/** A completion that was decided is told by a worker after 30 s, if whoever decided it can't. */
const TOLD_MS = 120_000;

export const idOf = ({ n }: Work): string => `order-${n}`;

/** Lets the workers of a quarter of the plans hold few deferred tasks. Some are stopped while others wait. */
export function withRoom(plan: Plan): Plan {
  const dice = new Dice(plan.seed, 'room');
  if (!plan.deferred || !dice.chance(0.25)) return plan;
  const events = plan.events.flatMap((each): PlannedEvent[] => {
    if (each.kind !== 'tasks' || each.does !== 'defers' || dice.chance(0.5)) return [each];
    const stop = { kind: 'stop', worker: dice.between(0, plan.workers - 1), backMs: 5_000 } as const;
    return [
      { ...each, count: each.count + 4 },
      { ...stop, at: each.at + each.ms + dice.pick([1_000, 5_000]) },
    ];
  });
  return {
    ...plan,
    mostDeferred: dice.between(1, 3),
    events: events.toSorted((one, other) => one.at - other.at),
  };
}

/** Completes deferred tasks as somebody else would, and holds them against what they promise. */
export class DeferredTasks {
  readonly #watched: Watched;
  readonly #broken: (invariant: string, what: string) => void;
  readonly #dice: Dice;
  readonly #deferred = new Set<Lease>();
  /** The workers that have taken over no deferred tasks of others. */
  readonly #holders = new Set<Worker>();
  /** The heartbeats that left after their tasks had been deferred. */
  readonly #beats = new WeakSet<OpenCall>();
  /** The processes that were told that a lease is over. */
  readonly #told = new Map<Lease, Set<SimulatedProcess>>();
  /** The tasks whose outcomes were decided, and when. */
  readonly #decided = new Map<Lease, number>();
  /** Those of them that the service still waits for. */
  readonly #untold = new Set<Lease>();
  readonly #port: EnginePort;
  #people = 0;

  constructor(watched: Watched, broken: (invariant: string, what: string) => void) {
    this.#watched = watched;
    this.#broken = broken;
    this.#dice = new Dice(watched.plan.seed, 'people');
    this.#port = new EnginePort(watched.service.engine);
  }

  follow({ it, process }: Member): void {
    this.#holders.add(it);
    it.on('task:deferred', ({ token }) => this.#wasDeferred(token));
    // It may hold what it has told to be over before, until its next heartbeat.
    it.on('deferrals:taken', () => {
      this.#holders.delete(it);
      for (const told of this.#told.values())
        for (const each of told) if (each.owner === process) told.delete(each);
    });
    it.on('deferral:ended', (payload) => this.#ended(payload));
  }

  /** True for a lease whose calls are checked here. It may be in the store although its worker was not told so. */
  has(lease: Lease, from: SimulatedProcess, operation: OperationName): boolean {
    if (this.#deferred.has(lease)) return true;
    return (
      operation === 'SendTaskHeartbeat' &&
      lease.to !== from &&
      lease.begun &&
      (JSON.parse(lease.input) as Work).does === 'defers'
    );
  }

  /** Checks a call about a deferred task. */
  left(lease: Lease, call: OpenCall): void {
    const { operation, body, from } = call.request;
    if (operation === 'SendTaskHeartbeat') {
      this.#beats.add(call);
      return this.#beatLeft(lease, from);
    }
    const outcome = outcomeOf(operation, body);
    const work = JSON.parse(lease.input) as Work;
    if (outcome.status !== 'succeeded' || outcome.text !== JSON.stringify({ n: work.n }))
      this.#broken('deferred outcome', `#${lease.n} was completed with another outcome: ${outcome.text}`);
    // A decision whose answer from the store was lost is one all the same.
    if (!this.#decided.has(lease) && !this.#watched.store.wasTroubled)
      this.#broken('deferred outcome', `#${lease.n} was completed, and nobody decided that`);
  }

  /**
   * Checks a heartbeat. The thread of heartbeats learns from the main thread that a task was completed: until that
   * message arrives, which a stall of the main thread delays, it sends heartbeats that are needless, and harmless.
   */
  #beatLeft(lease: Lease, from: SimulatedProcess): void {
    if (this.#told.get(lease)?.has(from))
      this.#broken(
        'deferred gone',
        `a heartbeat of #${lease.n} by ${from.name}, which knows that it is over`,
      );
  }

  /**
   * Notes that a process learnt that a lease is over. It learns nothing from a heartbeat that was on its way when the
   * task was deferred, since that one's task has ended.
   */
  answered(lease: Lease, call: OpenCall, isOver: boolean): void {
    const { operation, from } = call.request;
    if (!isOver || (operation === 'SendTaskHeartbeat' && !this.#beats.has(call))) return;
    const told = this.#told.get(lease) ?? new Set();
    this.#told.set(lease, told.add(from));
  }

  /** Checks that no worker holds too many tasks, and that what was decided is told. To be called each second. */
  check(): void {
    const { timeline, service, store, chronicle, plan } = this.#watched;
    for (const it of this.#holders) {
      const { state, deferred = 0 } = it.status();
      if (state === 'running' && deferred > (plan.mostDeferred ?? Infinity))
        this.#broken(
          'deferred room',
          `a worker holds ${deferred} deferred tasks, at most ${plan.mostDeferred}`,
        );
    }
    for (const lease of this.#untold) {
      if (lease.accepted || !service.isOpen(lease)) {
        this.#untold.delete(lease);
        continue;
      }
      const at = this.#decided.get(lease) ?? timeline.now;
      const calmMs = Math.min(
        timeline.now - at,
        store.isTroubled ? 0 : timeline.now - store.troubledAt,
        ...Array.from({ length: this.#watched.plan.workers }, (_, worker) => chronicle.sinceTrouble(worker)),
      );
      if (calmMs > TOLD_MS)
        this.#broken(
          'deferred told',
          `#${lease.n} was decided ${calmMs} ms ago, and nobody tells the service`,
        );
    }
  }

  /** Checks that nothing is left in the store, after all workers have stopped. */
  async checkEnd(): Promise<void> {
    const { plan, store } = this.#watched;
    // A write that takes longer than its limit may come after everything else.
    if (plan.events.some(({ kind }) => kind === 'store')) return;
    const { keys } = await store.records.list('deferred/');
    const unheard = await Promise.all(keys.map((key) => this.#isUnheard(key)));
    const left = keys.filter((_, i) => !unheard[i]);
    if (left.length > 0)
      this.#broken('left over', `${left.length} records of deferred tasks are left: ${left[0] ?? ''}`);
  }

  /**
   * Returns true if the worker that kept a task has had no heartbeat to send for it since. The task may have been over
   * before that, where it waited for room: whoever completed it was told so, but its worker was not.
   */
  async #isUnheard(key: string): Promise<boolean> {
    const { store, timeline } = this.#watched;
    if (key.startsWith('deferred/ids/')) return false;
    const record = await store.records.get(key);
    const { deferredAt = 0, heartbeatMs } = JSON.parse(Buffer.from(record?.value ?? '{}').toString()) as {
      deferredAt?: number;
      heartbeatMs?: number | false;
    };
    return heartbeatMs === false || timeline.now - deferredAt < (heartbeatMs ?? 0);
  }

  #wasDeferred(token: string): void {
    const lease = this.#watched.chronicle.lease(token);
    if (!lease) return this.#broken('holder', 'a task was deferred that was never handed out');
    this.#deferred.add(lease);
    const { timeline } = this.#watched;
    timeline.at(timeline.now + this.#dice.pick([100, 20_000, 90_000]), () => this.#complete(lease));
  }

  #ended({ token, how }: WorkerEvents['deferral:ended']): void {
    const lease = this.#watched.chronicle.lease(token);
    if (lease && this.#watched.service.isOpen(lease))
      this.#broken('deferred gone', `#${lease.n} is said to be over (${how}), and the service waits for it`);
  }

  /** Somebody completes a task, in a process of its own, which may die after it has decided. */
  #complete(lease: Lease): void {
    const { timeline, store, chronicle, service } = this.#watched;
    const person = new SimulatedProcess(`person${this.#people++}`, timeline, -2);
    const dies = this.#dice.chance(0.25);
    let completed = lease;
    const port: ActivityPort = {
      poll: async () => ({ kind: 'empty' }),
      heartbeat: async () => ({ kind: 'ok' }),
      report: (request) => {
        // A later attempt of the same work has the place of an earlier one.
        const of = chronicle.lease(request.input['taskToken'] ?? '') ?? lease;
        this.#decided.set(of, timeline.now);
        this.#untold.add(of);
        completed = of;
        chronicle.add(person.name, `decides #${of.n}${dies ? ', and dies' : ''}`);
        if (!dies) return this.#report(of, request);
        person.kill();
        return new Promise<never>(() => {});
      },
    };
    const completions = new Completions({
      store: store.open(person, -1),
      clock: person.clock,
      log: silentLog,
      definitions: DEFINITIONS,
      reportsOf: async () => ({
        ...{ port, clock: person.clock, random: () => 0.5, reportLimitMs: 20_000 },
        limiter: new CallLimiter(person.clock, () => 0.5),
        inFlight: new ReportsInFlight(),
      }),
      close: () => {},
    });
    const work = JSON.parse(lease.input) as Work;
    const again = (): void => {
      if (service.isOpen(lease) && !this.#decided.has(lease))
        timeline.at(timeline.now + AGAIN_MS, () => this.#complete(lease));
    };
    const told = (completion: Completion): void => {
      chronicle.add(person.name, `completes #${completed.n}: ${completion}`);
      if (completion === 'accepted' && !completed.accepted)
        this.#broken('deferred told', `the completion of #${completed.n} is said to be accepted, and is not`);
      if (completion === 'unknown') again();
    };
    person.input(0, () => void completions.succeed(idOf(work), { n: work.n }).then(told, again));
  }

  async #report(lease: Lease, request: ReportRequest): Promise<ReportAnswer> {
    const answer = await this.#port.report(request);
    if (answer.kind === 'ok') {
      lease.accepted = outcomeOf(request.operation, request.input);
      lease.acceptedAt = this.#watched.timeline.now;
    }
    return answer;
  }
}

/** The outputs of these handlers are not checked. */
const DEFINITIONS = ['main', 'tight', 'quota', 'crowd', 'plain'].map(
  (key) =>
    ({
      name: `Handlers.${key}`,
      output: undefined,
      groups: undefined,
      inline: [],
    }) as unknown as HandlerDefinition,
);
