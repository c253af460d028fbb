import type { TaskContext } from 'stepwright';
import type { Lease } from './chronicle.js';
import type { Broken } from './held-back.js';
import type { Member } from './member.js';
import type { Plan } from './plan.js';
import type { SimulatedProcess } from './timeline.js';

/** A signal is aborted within this time, in a thread or a process too. */
const ABORTED_MS = 2_000;
/** A handler is not called later than this after its signal was due to abort. */
const BEGUN_MS = 100;
/** A handler in a pool is ended 5 s after its abort. */
const ENDED_MS = 10_000;
/** A worker that stood still for this long asks whether a task that waited meanwhile is still wanted. */
const STILL_MS = 2_000;
/** It waits so long for the answer, or less where its heartbeats are given up sooner. */
const ASKED_MS = { most: 2_000, least: 500 } as const;

interface Running {
  readonly task: TaskContext;
  readonly at: SimulatedProcess;
  readonly since: number;
}

/** Holds what a handler is told, and what it is not called for, against what a worker promises. */
export class Signals {
  readonly #running = new Map<Lease, Running>();
  /** Leases that were over before their worker could read them, and when it asked for them. */
  readonly #unread = new Map<Lease, number>();

  constructor(
    private readonly plan: Plan,
    private readonly broken: Broken,
  ) {}

  /** @param isOpen false where the service waits for no report on it any more */
  received(lease: Lease, process: SimulatedProcess, isOpen: boolean): void {
    const { stalledUntil, stalledSince } = process;
    const waited = stalledUntil === process.now() && stalledUntil - stalledSince > STILL_MS;
    if (waited && lease.leasedAt < stalledUntil && !isOpen) this.#unread.set(lease, Infinity);
  }

  /** Notes that a heartbeat leaves. */
  asks(lease: Lease, now: number): void {
    if (this.#unread.get(lease) === Infinity) this.#unread.set(lease, now);
  }

  /** Notes that the worker has heard something of a heartbeat, if only that it failed. */
  heard(lease: Lease): void {
    this.#unread.delete(lease);
  }

  /** @param at the process or the thread in which the handler runs @param member undefined before it runs */
  began(lease: Lease, task: TaskContext, at: SimulatedProcess, member: Member | undefined): void {
    const { n, toldGoneAt, receivedAt = 0, to } = lease;
    const now = at.now();
    const askedMs = now - (this.#unread.get(lease) ?? 0);
    if (now - receivedAt < ASKED_MS.most && askedMs < ASKED_MS.least)
      this.broken('wanted', `the handler of #${n} was called unasked, and the task had timed out unread`);
    if (toldGoneAt !== undefined && at === to)
      this.broken('wanted', `the handler of #${n} was called, which was told to be gone`);
    const { stopped } = member ?? {};
    const due = Math.min(this.#unwantedAt(lease), stopped ? stopped.at + this.plan.graceMs : Infinity);
    const lateMs = now - Math.max(due, at.stalledUntil, to.stalledUntil);
    if (lateMs > BEGUN_MS)
      this.broken('begins in time', `the handler of #${n} was called ${lateMs} ms after its abort`);
    if (stopped && this.plan.drain === 'fail' && receivedAt > stopped.at)
      this.broken('drain', `the handler of #${n} was called, which arrived after the stop`);
    // A signal that is made early is aborted, one that is made late is made so.
    if (n % 2 === 0) void [task.signal, task.shuttingDown];
    this.#running.set(lease, { task, at, since: now });
  }

  /** The instant at which nobody wants the result any more, as far as the worker can know. */
  #unwantedAt({ handler, receivedAt = Infinity, toldGoneAt = Infinity }: Lease): number {
    const { timeoutMs = false } = this.plan.handlers.find(({ key }) => key === handler) ?? {};
    return Math.min(timeoutMs === false ? Infinity : receivedAt + timeoutMs, toldGoneAt);
  }

  settled(lease: Lease): void {
    this.#running.delete(lease);
    this.#unread.delete(lease);
  }

  /** Checks the signals of the handlers that run. To be called each second. */
  check(memberOf: (process: SimulatedProcess) => Member | undefined): void {
    for (const [lease, { task, at, since }] of this.#running) {
      const { to, n, handler } = lease;
      if (at.dead || to.dead) {
        this.#running.delete(lease);
        continue;
      }
      const from = Math.max(since, at.stalledUntil, to.stalledUntil);
      const lateMs = (due: number): number => at.timeline.now - Math.max(from, due);
      const stopped = memberOf(to)?.stopped?.at ?? Infinity;
      if (lateMs(stopped) > ABORTED_MS && !task.shuttingDown.aborted)
        this.broken('signals', `the handler of #${n} is not told that its worker stops`);
      const { run } = this.plan.handlers.find(({ key }) => key === handler) ?? {};
      const abortedMs = lateMs(this.#unwantedAt(lease));
      if (abortedMs > ABORTED_MS && !task.signal.aborted)
        this.broken('signals', `the handler of #${n} is not told that nobody wants its result`);
      if (abortedMs > ENDED_MS && run !== 'main')
        this.broken('pools', `the handler of #${n} runs ${abortedMs} ms after its abort`);
    }
  }
}
