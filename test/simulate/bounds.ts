import { longestDrain } from '../../src/framework/worker/worker.js';
import type { Hurt, Lease } from './chronicle.js';
import type { Invariants } from './invariants.js';
import type { Member } from './member.js';
import type { HandlerKey, HandlerPlan } from './plan.js';
import { isOnlyThrottled, type Shares } from './shares.js';
import type { SimulatedProcess } from './timeline.js';

/** A worker that nothing has hurt for so long behaves as if nothing ever had. */
const CALM_MS = 120_000;
/** The longest that a handler with waiting tasks and free slots goes without a poll: calm, and right after trouble. */
const FAIR_MS = { calm: 2_000, throttled: 45_000, troubled: 95_000 } as const;
/** A worker has sent its first polls after this time. */
const BORN_MS = 10_000;
/** Timers share their wake-ups, and calls take time. */
const SLACK_MS = 1_500;
/** No answer is older than this while a worker says that it is ready. */
const READY_STALE_MS = 95_000;
/** A lease that came out of a stall waits for so long before its handler is called. */
const COUNTED_MS = 10_000;
/** A worker is not ready for so long after its slots were stuck. */
const STUCK_MS = 70_000;
/** Nor for so long after trouble: a poll that hangs runs into its limit after 75 s, and the next is held for a minute. */
const HUNG_MS = 140_000;
/** Heartbeats may be late for so long after the service refused some for their signature, or throttled them. */
const KEYS_MS = 60_000;
/** Heartbeats go on within this time where their thread has ended. */
const TAKEN_OVER_MS = 5_000;
/** A poll that is held is credit until it runs into its limit. */
const CREDIT_MS = 95_000;

/** Checks the promises that have a time, each second. Returns nothing: it notes what is broken. */
export class Bounds {
  /** Since when a handler with waiting tasks and free slots has no poll, by process and handler. */
  readonly #starved = new Map<string, number>();

  /** When a handler was last held back on purpose, by process and handler. */
  readonly #heldBackAt = new Map<string, number>();
  /** When the tasks of a process last needed more heartbeats than the rate allows. */
  readonly #crowdedAt = new Map<SimulatedProcess, number>();
  /** When a handler of a process last had no slot that could come free. */
  readonly #stuckAt = new Map<SimulatedProcess, number>();
  /** Since when more tasks are said to run than do. */
  readonly #overcounted = new Map<string, number>();

  constructor(private readonly invariants: Invariants) {}

  check(): void {
    for (const member of this.invariants.members) {
      if (member.ended) continue;
      this.invariants.check(member);
      this.#isCrowded(member);
      this.#checkDrain(member);
      if (member.process.stalledUntil > this.#now) continue;
      this.#checkReady(member);
      this.#checkRunning(member);
      const { handlers } = this.invariants.watched.plan;
      for (const handler of handlers) this.#checkFair(member, handler);
    }
    const { live } = this.invariants.watched.chronicle;
    for (const lease of live)
      if (lease.ended !== undefined || lease.to.dead || lease.lost !== undefined) live.delete(lease);
      else this.#checkLease(lease);
  }

  get #now(): number {
    return this.invariants.watched.timeline.now;
  }

  #checkDrain({ stopped, process, worker }: Member): void {
    if (!stopped) return;
    const mostMs =
      longestDrain(this.invariants.watched.plan.graceMs) + (process.stalledMs - stopped.stalledMs) + SLACK_MS;
    if (this.#now - stopped.at > mostMs)
      this.invariants.broken(
        'drain',
        `worker ${worker} drains for ${this.#now - stopped.at} ms, at most ${mostMs}`,
      );
  }

  /** True while a handler is paused, or a rate may hold it back. */
  #isHeldBack(member: Member, key: HandlerKey): boolean {
    const isHeld = this.invariants.isHeldBack(member, key);
    if (isHeld) this.#heldBackAt.set(`${member.process.name} ${key}`, this.#now);
    return isHeld;
  }

  /** True where a handler was held back so lately that an older answer counts. */
  #wasHeldBack(member: Member, key: HandlerKey): boolean {
    if (this.#isHeldBack(member, key)) return true;
    const at = this.#heldBackAt.get(`${member.process.name} ${key}`) ?? Number.NEGATIVE_INFINITY;
    return this.#now - at <= READY_STALE_MS + CREDIT_MS;
  }

  #checkReady(member: Member): void {
    if (member.stopped) return;
    const { ready, reasons, handlers } = this.invariants.status(member);
    const calm = Math.min(this.invariants.sinceTrouble(member), this.#now - member.bornAt) > HUNG_MS;
    if (reasons.some((reason) => reason.includes('is left for a task')))
      this.#stuckAt.set(member.process, this.#now);
    // A slot that was stuck for long comes free with a poll, which the service may hold for a minute.
    const wasStuck = this.#now - (this.#stuckAt.get(member.process) ?? 0) < STUCK_MS;
    if (!ready && calm && !wasStuck)
      this.invariants.broken('ready', `not ready without trouble: ${reasons.join('; ')}`);
    if (!ready) return;
    const { answeredAt, polledAt, polls } = this.invariants.underWay(member.process);
    for (const { key } of this.invariants.watched.plan.handlers) {
      const handler = handlers.find(({ name }) => name === `Handlers.${key}`);
      const isHeld = (polls.get(key) ?? 0) > 0;
      // A poll that is held after trouble counts as an answer, unless one ran into its limit.
      const heldFrom = isHeld ? (polledAt.get(key) ?? 0) : 0;
      const since = this.#now - Math.max(answeredAt.get(key) ?? 0, heldFrom, member.bornAt);
      const isFull = handler !== undefined && handler.running >= handler.concurrency;
      const mostMs = READY_STALE_MS + (isHeld ? CREDIT_MS : 0) + member.process.stalledMs;
      if (since > mostMs && !isFull && !this.#wasHeldBack(member, key))
        this.invariants.broken('ready', `ready, but ${key} was last answered ${since} ms ago`);
    }
  }

  /** A slot comes free when its handler has settled, however long its report takes. */
  #checkRunning(member: Member): void {
    for (const { key } of this.invariants.watched.plan.handlers) {
      const id = `${member.process.name} ${key}`;
      const atWork = this.invariants.atWork(member.process, key);
      const told =
        this.invariants.status(member).handlers.find(({ name }) => name === `Handlers.${key}`)?.running ?? 0;
      if (told <= atWork) this.#overcounted.delete(id);
      else this.#overcounted.set(id, this.#overcounted.get(id) ?? this.#now);
      const forMs = this.#now - (this.#overcounted.get(id) ?? this.#now);
      if (forMs > COUNTED_MS)
        this.invariants.broken('slots', `${told} tasks of ${key} are said to run, of which ${atWork} do`);
    }
  }

  #checkFair(member: Member, { key, concurrency: planned }: HandlerPlan): void {
    const id = `${member.process.name} ${key}`;
    const { polls, polledAt } = this.invariants.underWay(member.process);
    // Its slots may have been changed.
    const {
      undelivered = 0,
      used: taken = 0,
      concurrency = planned,
    } = this.invariants.status(member).handlers.find(({ name }) => name === `Handlers.${key}`) ?? {};
    const used = (polls.get(key) ?? 0) + this.invariants.atWork(member.process, key);
    const free = Math.min(concurrency - used, 2 * concurrency - used - undelivered);
    const waits = this.invariants.watched.service.queued(key) > 0;
    if (this.#isHeldBack(member, key)) return void this.#starved.delete(id);
    const since = this.invariants.sinceTrouble(member, 'GetActivityTask', 'process', key);
    const isIdle = free > 0 && (polls.get(key) ?? 0) === 0 && waits;
    if (since <= CALM_MS || this.#now - member.bornAt < BORN_MS) this.#sharesOf(member).forget(key);
    // A task that waits for its thread or process has a slot, too.
    else if (isIdle && taken < concurrency && !member.stopped)
      this.#sharesOf(member).idles(member, key, this.#now);
    if (member.stopped || member.keys.isWithout || !isIdle) return void this.#starved.delete(id);
    const starvedAt = this.#starved.get(id) ?? this.#now;
    this.#starved.set(id, starvedAt);
    const forMs = this.#now - Math.max(starvedAt, polledAt.get(key) ?? 0, member.process.stalledUntil);
    const troubledMs = isOnlyThrottled(this.invariants.watched.plan) ? FAIR_MS.throttled : FAIR_MS.troubled;
    const mostMs = since > CALM_MS ? FAIR_MS.calm : troubledMs;
    if (forMs > mostMs)
      this.invariants.broken(
        'fair',
        `${key} of ${member.process.name} has tasks and slots, and no poll for ${forMs} ms`,
      );
  }

  #sharesOf({ process }: Member): Shares {
    return this.invariants.underWay(process).shares;
  }

  /** True where the worker's tasks need, or lately needed, more heartbeats than its rate allows. */
  #isCrowded(member: Member): boolean {
    const { process } = member;
    const { handlers, heartbeatRate } = this.invariants.watched.plan;
    const needed = this.invariants.status(member).handlers.reduce((sum, { name, running, undelivered }) => {
      const { heartbeatMs = false } = handlers.find(({ key }) => name === `Handlers.${key}`) ?? {};
      return heartbeatMs === false ? sum : sum + ((running + undelivered) * 1_000) / heartbeatMs;
    }, 0);
    // Heartbeats that handlers ask for need the rate, too.
    const { beats } = this.invariants.underWay(process);
    const sent = beats.filter((at) => this.#now - at < 1_000).length;
    if (Math.max(needed, sent) > 0.7 * heartbeatRate) this.#crowdedAt.set(process, this.#now);
    return this.#now - (this.#crowdedAt.get(process) ?? 0) < CALM_MS;
  }

  #checkLease(lease: Lease): void {
    const { service, plan } = this.invariants.watched;
    if (lease.ended || lease.receivedAt === undefined || lease.to.dead || lease.accepted) return;
    const { heartbeatMs } = plan.handlers.find(({ key }) => key === lease.handler) ?? { heartbeatMs: false };
    if (heartbeatMs === false) return;
    const member = [...this.invariants.members].find(({ process }) => process === lease.to);
    const beater = (plan.calls === 'lean' && member?.threads?.running) || lease.to;
    if (!member || member.ended || beater.stalledUntil > this.#now) return;
    this.#checkNextBeat(lease, member, beater.stalledUntil);
    const since = this.invariants.sinceTrouble(member, 'SendTaskHeartbeat', 'process');
    const calm = since > Math.max(30_000, 3 * heartbeatMs) && !this.#isCrowded(member);
    const silentMs = this.#now - Math.max(lease.sentBeatAt, beater.stalledUntil);
    const mostMs = calm ? heartbeatMs + SLACK_MS : 3 * heartbeatMs + 5_000;
    if (silentMs > mostMs && service.isOpen(lease) && !this.#isCrowded(member)) {
      const what = `#${lease.n} of ${lease.handler} was last beaten ${silentMs} ms ago, at most ${mostMs}`;
      this.invariants.broken('beaten', what);
    }
    if (lease.lapsedAt !== undefined || lease.aborted || service.isOpen(lease)) return;
    lease.lapsedAt = this.#now;
    const wasLate = lease.receivedAt - lease.leasedAt > SLACK_MS;
    if (calm && !wasLate)
      this.invariants.broken(
        'kept',
        `the lease of #${lease.n} lapsed at ${member.process.name} without any trouble`,
      );
  }

  /** A heartbeat leaves within its interval, and again soon after one that failed. */
  #checkNextBeat(lease: Lease, member: Member, stalledUntil: number): void {
    const { beats, goneTo, n, handler } = lease;
    if (!beats || goneTo) return;
    const since = (what: Hurt): number => this.invariants.watched.chronicle.sinceTrouble(member.worker, what);
    const isSlowed = since('keys') < KEYS_MS || since('throttled heartbeats') < KEYS_MS;
    const lateMs = this.#now - Math.max(beats.byLatest, stalledUntil);
    if (isSlowed || this.#isCrowded(member) || lateMs <= SLACK_MS || this.#isTakenOver(member)) return;
    this.invariants.broken('beaten', `the next heartbeat of #${n} of ${handler} is late by ${lateMs} ms`);
  }

  /** True shortly after the thread of heartbeats has ended, when the main thread or another thread goes on. */
  #isTakenOver({ threads }: Member): boolean {
    return threads?.changedAt !== undefined && this.#now - threads.changedAt < TAKEN_OVER_MS;
  }
}
