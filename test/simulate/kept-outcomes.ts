import { decodeRecord } from '../../src/framework/worker/keep/record.js';
import type { Lease, Outcome } from './chronicle.js';
import type { Watched } from './invariants.js';
import type { Member } from './member.js';
import { isReport, type OpenCall } from './network.js';
import { type Answer, outcomeOf } from './service.js';
import type { SimulatedProcess } from './timeline.js';

/** Whoever has lived without trouble for so long has taken over what a dead worker left. */
const RESCUED_MS = 60_000;
/** So long after the last trouble every record of a dead worker has been looked at: records without a lease are looked for every 5 min. */
export const CLEANED_MS = 7 * 60_000;

/** What is known of one outcome in the store. */
interface Kept {
  readonly outcome: Outcome;
  /** True once its worker was told that the store has it. */
  isAcknowledged: boolean;
  /** The processes that offered it for a dead worker, and those of them that were told that it is over. */
  readonly rescuers: Set<SimulatedProcess>;
  readonly told: Set<SimulatedProcess>;
}

/** Holds the outbox against what it promises. */
export class KeptOutcomes {
  readonly #watched: Watched;
  readonly #broken: (invariant: string, what: string) => void;
  readonly #kept = new Map<string, Kept>();
  /** The tokens of the records that are in the store, by their keys. */
  readonly #records = new Map<string, string>();
  /** Tokens whose reports may leave without being kept. */
  readonly #unkept = new Set<string>();
  #diedAt = Number.NEGATIVE_INFINITY;
  readonly #dead = new Set<SimulatedProcess>();
  readonly #members = new Map<SimulatedProcess, Member>();

  constructor(watched: Watched, broken: (invariant: string, what: string) => void) {
    this.#watched = watched;
    this.#broken = broken;
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
      if (kept) kept.isAcknowledged = true;
      else this.#broken('kept', 'an outcome is said to be kept that is not in the store');
    });
  }

  /** Checks a report that leaves the worker which had the task. */
  reportLeft({ n, token, refused }: Lease, outcome: Outcome): void {
    if (!this.#watched.plan.outbox) return;
    const kept = this.#kept.get(token);
    if (!kept && !this.#unkept.has(token))
      this.#broken('kept first', `the report of #${n} left before its outcome was in the store`);
    if (kept && !isSame(kept.outcome, outcome) && !refused)
      this.#broken('one outcome', `#${n} was kept with another outcome than was offered`);
  }

  /** Checks a call about a lease that another worker had. */
  rescueLeft({ n, token, refused, to }: Lease, { request: { operation, body, from } }: OpenCall): void {
    const kept = this.#kept.get(token);
    const { owner } = from;
    if (!kept) return this.#broken('holder', `a ${operation} of #${n} from a process that never got it`);
    if (kept.told.has(from))
      this.#broken('accepted', `a ${operation} of #${n} by ${owner.name}, which was told that it is over`);
    if (operation === 'SendTaskHeartbeat') return;
    // A worker that was told to stop leaves to others what it can't report in its drain.
    const hasStopped = this.#members.get(to)?.stopped !== undefined;
    if (!to.dead && !hasStopped && to.stalledMs === 0 && !this.#watched.store.wasTroubled)
      this.#broken('rescue', `#${n} was offered by ${owner.name} while its worker lived`);
    kept.rescuers.add(owner);
    const outcome = outcomeOf(operation, body);
    if (!isSame(kept.outcome, outcome) && !(refused && outcome.status === 'failed'))
      this.#broken('one outcome', `#${n} was kept with another outcome than ${owner.name} offered`);
  }

  rescueEnded({ token }: Lease, { request }: OpenCall, { status }: Answer, isGone: boolean): void {
    // A heartbeat that is accepted says that the task still runs.
    const isAccepted = status === 200 && isReport(request.operation);
    if (isAccepted || isGone) this.#kept.get(token)?.told.add(request.from);
  }

  /** Checks that what dead workers have kept is offered by the living. To be called each second. */
  check(members: Iterable<Member>): void {
    const { plan, timeline, service, store, chronicle } = this.#watched;
    if (!plan.outbox) return;
    let calmMs = 0;
    for (const { process, ended, stopped, bornAt } of members) {
      if (process.dead && !this.#dead.has(process)) {
        this.#dead.add(process);
        this.#diedAt = timeline.now;
      }
      if (ended || stopped || process.stalledUntil > timeline.now) continue;
      calmMs = Math.max(calmMs, timeline.now - Math.max(bornAt, process.stalledUntil));
    }
    const since = Math.max(this.#diedAt, store.isTroubled ? timeline.now : store.troubledAt);
    if (Math.min(calmMs, timeline.now - since) < RESCUED_MS) return;
    for (const [token, { isAcknowledged, rescuers }] of this.#kept) {
      const lease = chronicle.lease(token);
      if (!lease?.to.dead || !isAcknowledged || rescuers.size > 0 || lease.accepted) continue;
      if (service.isOpen(lease))
        this.#broken('rescue', `#${lease.n} was kept, its worker is dead, and nobody offers it`);
    }
  }

  /** Checks that nothing is left in the store, after all workers have stopped. */
  async checkEnd(): Promise<void> {
    const { plan, store } = this.#watched;
    // A write that takes longer than its limit may come after everything else.
    if (!plan.outbox || plan.events.some((each) => each.kind === 'store' && each.how === 'slow')) return;
    const { keys } = await store.records.list('outcomes/');
    const left = keys.filter((key) => !key.startsWith('outcomes/given-up/'));
    if (left.length > 0) this.#broken('left over', `${left.length} outcomes are left in the store`);
  }

  #written(key: string, value: Uint8Array): void {
    if (!key.startsWith('outcomes/')) return;
    const record = decodeRecord('outcome', value);
    if (record.is !== 'read') return;
    const { token, status, output, error, cause } = record.fields;
    this.#records.set(key, String(token));
    const outcome: Outcome =
      status === 'succeeded'
        ? { status, text: String(output) }
        : { status: 'failed', text: `${String(error)} ${String(cause)}` };
    const known = this.#kept.get(String(token));
    if (known && !isSame(known.outcome, outcome))
      this.#broken('one outcome', `an outcome was replaced by another in the store`);
    const fresh = { outcome, isAcknowledged: false, rescuers: new Set<never>(), told: new Set<never>() };
    this.#kept.set(String(token), known ?? fresh);
  }

  /** An outcome leaves the store once the service has it, or wants it no more, and not before. */
  #removed(key: string): void {
    const token = this.#records.get(key);
    this.#records.delete(key);
    if (token === undefined || [...this.#records.values()].includes(token)) return;
    const lease = this.#watched.chronicle.lease(token);
    const isOver = lease && (lease.toldAcceptedAt !== undefined || lease.saidGone);
    if (!isOver && this.#kept.get(token)?.told.size === 0)
      this.#broken(
        'kept until over',
        `the outcome of #${lease?.n} left the store, and nobody was told that it is over`,
      );
  }
}

const isSame = (one: Outcome, another: Outcome): boolean =>
  one.status === another.status && one.text === another.text;
