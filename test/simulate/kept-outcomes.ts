import { decodeRecord, KEY_PREFIX } from '../../src/framework/worker/keep/record.js';
import type { Lease, Outcome } from './chronicle.js';
import type { Watched } from './invariants.js';
import type { Member } from './member.js';
import { isReport, type OpenCall } from './network.js';
import { type Answer, outcomeOf } from './service.js';
import type { SimulatedProcess } from './timeline.js';

/** Whoever lives without trouble for so long has offered what a dead worker left: found twice, or found at its start. */
const [FOUND_TWICE_MS, FOUND_FIRST_MS] = [65_000, 10_000];
/** A record is offered by a worker that was there before it only so long after it was written. */
const LEFT_MS = 25_000;
/** A worker has looked into the store for the first time within this time. */
const BORN_MS = 5_000;

/** What is known of one outcome in the store. */
interface Kept {
  readonly outcome: Outcome;
  readonly writtenAt: number;
  /** The processes that offered it for a dead worker, and those of them that were told that it is over. */
  readonly rescuers: Set<SimulatedProcess>;
  readonly told: Set<SimulatedProcess>;
}

/** Holds the outbox against what it promises. */
export class KeptOutcomes {
  readonly #kept = new Map<string, Kept>();
  /** The tokens of the records that are in the store, by their keys. */
  readonly #records = new Map<string, string>();
  /** Tokens whose reports may leave without being kept. */
  readonly #unkept = new Set<string>();
  #diedAt = Number.NEGATIVE_INFINITY;
  readonly #dead = new Set<SimulatedProcess>();
  readonly #members = new Map<SimulatedProcess, Member>();

  constructor(
    private readonly watched: Watched,
    private readonly broken: (invariant: string, what: string) => void,
  ) {
    watched.store.watchers.push(({ key, how, value }) => {
      if (value) this.#written(key, value);
      else if (how !== 'get') this.#removed(key);
    });
  }

  follow(member: Member): void {
    const { it } = member;
    this.#members.set(member.process, member);
    it.on('outbox:unkept', ({ token }) => void this.#unkept.add(token));
    it.on('outbox:kept', ({ token }) => {
      const kept = this.#kept.get(token);
      if (!kept) this.broken('kept', 'an outcome is said to be kept that is not in the store');
    });
  }

  /** Checks a report that leaves the worker which had the task. */
  reportLeft({ n, token, refused }: Lease, outcome: Outcome): void {
    if (!this.watched.plan.outbox) return;
    const kept = this.#kept.get(token);
    if (!kept && !this.#unkept.has(token))
      this.broken('kept first', `the report of #${n} left before its outcome was in the store`);
    if (kept && !isSame(kept.outcome, outcome) && !refused)
      this.broken('one outcome', `#${n} was kept with another outcome than was offered`);
  }

  /** Checks a call about a lease that another worker had. */
  rescueLeft({ n, token, refused }: Lease, { request: { operation, body, from } }: OpenCall): void {
    const kept = this.#kept.get(token);
    const { owner } = from;
    if (!kept) return this.broken('holder', `a ${operation} of #${n} from a process that never got it`);
    if (kept.told.has(from))
      this.broken('accepted', `a ${operation} of #${n} by ${owner.name}, which was told that it is over`);
    if (operation === 'SendTaskHeartbeat') return;
    const { bornAt = 0 } = this.#members.get(owner) ?? {};
    const ageMs = this.watched.timeline.now - kept.writtenAt;
    const isHurt = owner.stalledMs > 0 || this.watched.store.wasTroubled;
    if (bornAt + BORN_MS < kept.writtenAt && ageMs < LEFT_MS && !isHurt)
      this.broken('rescue', `#${n} was offered by ${owner.name} ${ageMs} ms after it was kept`);
    kept.rescuers.add(owner);
    const outcome = outcomeOf(operation, body);
    if (!isSame(kept.outcome, outcome) && !(refused && outcome.status === 'failed'))
      this.broken('one outcome', `#${n} was kept with another outcome than ${owner.name} offered`);
  }

  rescueEnded({ token }: Lease, { request }: OpenCall, { status }: Answer, isGone: boolean): void {
    // A heartbeat that is accepted says that the task still runs.
    const isAccepted = status === 200 && isReport(request.operation);
    if (isAccepted || isGone) this.#kept.get(token)?.told.add(request.from);
  }

  /** Checks that what dead workers have kept is offered by the living. To be called each second. */
  check(members: Iterable<Member>): void {
    const { plan, timeline, service, store, chronicle } = this.watched;
    if (!plan.outbox) return;
    const all = [...members];
    for (const { process } of all)
      if (process.dead && !this.#dead.has(process)) {
        this.#dead.add(process);
        this.#diedAt = timeline.now;
      }
    // The time for which a worker has been there to find what was left, and that of one that has started since.
    let [calmMs, startedMs] = [0, 0];
    for (const { process, ended, stopped, bornAt, worker } of all) {
      if (ended || stopped || process.stalledUntil > timeline.now) continue;
      const aliveMs = timeline.now - Math.max(bornAt, process.stalledUntil);
      calmMs = Math.max(calmMs, aliveMs);
      if (bornAt > this.#diedAt && chronicle.sinceTrouble(worker) > aliveMs)
        startedMs = Math.max(startedMs, aliveMs);
    }
    const since = store.isTroubled ? timeline.now : store.troubledAt;
    const isFoundTwice = Math.min(calmMs, timeline.now - Math.max(since, this.#diedAt)) > FOUND_TWICE_MS;
    const isFoundFirst = Math.min(startedMs, timeline.now - since - startedMs) > FOUND_FIRST_MS;
    if (!isFoundTwice && !isFoundFirst) return;
    for (const [token, { rescuers }] of this.#kept) {
      const lease = chronicle.lease(token);
      if (!lease?.to.dead || rescuers.size > 0 || lease.accepted) continue;
      if (service.isOpen(lease))
        this.broken('rescue', `#${lease.n} was kept, its worker is dead, and nobody offers it`);
    }
  }

  /** Checks that nothing is left in the store, after all workers have stopped. */
  async checkEnd(): Promise<void> {
    const { plan, store } = this.watched;
    // A write that takes longer than its limit may come after everything else.
    if (!plan.outbox || plan.events.some((each) => each.kind === 'store' && each.how === 'slow')) return;
    const { keys } = await store.records.list(KEY_PREFIX.outcome);
    if (keys.length > 0) this.broken('left over', `${keys.length} outcomes are left in the store`);
  }

  #written(key: string, value: Uint8Array): void {
    if (!key.startsWith(KEY_PREFIX.outcome)) return;
    const { token, status, output, error, cause } = decodeRecord('outcome', key, { value, version: '' });
    this.#records.set(key, String(token));
    const outcome: Outcome =
      status === 'succeeded'
        ? { status, text: String(output) }
        : { status: 'failed', text: `${String(error)} ${String(cause)}` };
    const known = this.#kept.get(String(token));
    if (known && !isSame(known.outcome, outcome))
      this.broken('one outcome', `an outcome was replaced by another in the store`);
    const fresh = { outcome, writtenAt: this.watched.timeline.now };
    this.#kept.set(String(token), known ?? { ...fresh, rescuers: new Set(), told: new Set() });
  }

  /** An outcome leaves the store once the service has it, or wants it no more, and not before. */
  #removed(key: string): void {
    const token = this.#records.get(key);
    this.#records.delete(key);
    if (token === undefined || [...this.#records.values()].includes(token)) return;
    const lease = this.watched.chronicle.lease(token);
    const isOver = lease && (lease.toldAcceptedAt !== undefined || lease.goneTo !== undefined);
    if (!isOver && this.#kept.get(token)?.told.size === 0)
      this.broken(
        'kept until over',
        `the outcome of #${lease?.n} left the store, and nobody was told that it is over`,
      );
  }
}

const isSame = (one: Outcome, another: Outcome): boolean =>
  one.status === another.status && one.text === another.text;
