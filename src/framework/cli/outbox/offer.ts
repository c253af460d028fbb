import type { ActivityPort } from '../../aws/activity-port.js';
import type { Endpoint } from '../../aws/endpoint.js';
import { StoreError } from '../../base/store/store-error.js';
import type { Store } from '../../base/store/store.js';
import type { Clock } from '../../base/time/clock.js';
import { reportWorlds } from '../../worker/build/report-worlds.js';
import { scopesOf } from '../../worker/build/scopes.js';
import type { KeptOutcome } from '../../worker/keep/outbox/kept-outcome.js';
import { Report, type ReportWorld } from '../../worker/task/report.js';
import type { Holder } from './holders.js';
import { type KeptRow, readKept } from './kept-rows.js';

/** The parts of the command that an offer uses. */
export interface OfferParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly endpoint: Endpoint;
  /** A report is repeated for this long while the service doesn't accept it. */
  readonly reportLimitMs: number;
  /** Returns the connection to a region. */
  readonly portOf: (region: string) => Promise<ActivityPort>;
}

/**
 * The end of the offer of an outcome.
 * - `accepted`: the service has accepted it. The record is removed.
 * - `gone`: the service no longer wants the task. The record is removed.
 * - `failed`: neither. The record stays.
 */
export interface Offered {
  readonly kind: 'accepted' | 'gone' | 'failed';
  /** More about the end, without the token; empty if there is no more to say. */
  readonly words: string;
}

/** Reports outcomes that are kept, as a worker would do. */
export class Offers {
  readonly #parts: OfferParts;
  readonly #reportsOf: (activityArn: string) => Promise<ReportWorld>;

  constructor(parts: OfferParts) {
    this.#parts = parts;
    const { clock, reportLimitMs, portOf } = parts;
    this.#reportsOf = reportWorlds({ clock, random: Math.random, reportLimitMs, portOf });
  }

  /** Reports an outcome and removes its record, unless the service can't be told. Never rejects. */
  async offer({ key }: KeptRow, holder: Holder): Promise<Offered> {
    try {
      return await this.#offer(key, holder);
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error));
    }
  }

  async #offer(key: string, { state, scopes }: Holder): Promise<Offered> {
    const { store } = this.#parts;
    if (state === 'lives') return failed('a worker that lives reports it');
    const found = await readKept(store, key);
    if (found === 'unreadable') return failed('a later release wrote its record, or something else did');
    if (!found) return { kind: 'gone', words: 'another has reported it meanwhile' };
    const elsewhere = this.#elsewhere(found.kept, [...scopes, ...found.scopes]);
    if (elsewhere !== undefined) return failed(elsewhere);
    const offered = await this.#report(found.kept);
    return offered.kind === 'failed' ? offered : this.#remove(key, offered);
  }

  /** Returns why the endpoint is the wrong one for an outcome; undefined if it isn't. */
  #elsewhere({ activityArn }: KeptOutcome, scopes: readonly string[]): string | undefined {
    const [own = ''] = scopesOf([{ activityArn }], this.#parts.endpoint);
    if (scopes.length === 0 || scopes.includes(own)) return undefined;
    return `its task is one of ${scopes.map(placeOf).join(' or ')}, and the endpoint is ${placeOf(own)}: name the other with --endpoint`;
  }

  async #report({ token, activityArn, outcome }: KeptOutcome): Promise<Offered> {
    const report = new Report(token, await this.#reportsOf(activityArn), () => {});
    const end = await report.send(outcome);
    if (end.kind === 'accepted') return { kind: 'accepted', words: '' };
    if (end.kind === 'lost') return failed(end.error.message.replaceAll(token, '…'));
    const words = end.probablyDelivered
      ? 'it was probably accepted: an earlier answer was lost'
      : 'its task timed out, has ended, or its execution has';
    return { kind: 'gone', words };
  }

  async #remove(key: string, offered: Offered): Promise<Offered> {
    try {
      await this.#parts.store.delete(key);
      return offered;
    } catch (error) {
      const why = error instanceof StoreError ? error.message : String(error);
      return failed(`${offered.kind}, but its record could not be removed: ${why}`);
    }
  }
}

const failed = (words: string): Offered => ({ kind: 'failed', words });

/** Returns the endpoint in a scope. */
const placeOf = (scope: string): string => scope.split(' ')[0] ?? scope;
