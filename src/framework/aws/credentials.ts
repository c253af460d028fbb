import { AsyncResource } from 'node:async_hooks';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Abortable } from '../base/abort.js';
import { type Clock, wallTime } from '../base/time/clock.js';
import { Timer } from '../base/time/timers.js';
import { showError } from '../base/show.js';
import type { Logger } from '../base/log/log.js';
import { within } from '../base/time/wait.js';
import type { CallEnd, CallFailure } from './call.js';
import {
  CredentialSource,
  expiry,
  type ProvidedCredentials,
  isSame,
  renewalTime,
  type SourceOptions,
} from './credential-source.js';

/**
 * The time at which a call was sent, and the generation of the credentials that it was signed with: a number that grows
 * by one each time that the credentials are replaced.
 */
export interface AsOf {
  readonly generation: number;
  readonly sentAt: number;
}

/** A failed call that can be made once more if its credentials were refused and there are new ones. */
export interface Repeatable<T> {
  readonly signal: Abortable;
  readonly attempt: () => Promise<CallEnd<T>>;
  /**
   * Called when the call is found to have been refused for its credentials. It isn't known yet then if there are new
   * credentials, and so if the call will be made again.
   */
  readonly again: () => void;
}

/** The fields of a failed call that show if its credentials were refused. */
export type Refusal = Pick<CallFailure, 'type' | 'error'>;

/** Renews the credentials. It is told the result of each call, to find out if the service refuses the current ones. */
export interface Renewal {
  /**
   * Returns the current time and the current generation of the credentials. The caller keeps both and passes them back
   * with the call's result. To be called just before a call is sent.
   */
  asOf(): AsOf;
  /** Records that the service accepted a call. @param asOf what {@link asOf} returned when the call was sent */
  accepted?(asOf: AsOf): void;
  /**
   * Makes a failed call once more if the service refused its credentials and there are new ones.
   * @returns the result of the last attempt
   */
  failed<T>(end: CallEnd<T>, asOf: AsOf, call: Repeatable<T>): Promise<CallEnd<T>>;
  /**
   * Records that a call has failed which the worker itself will repeat. If the service refused the call's credentials,
   * new ones are requested.
   * @returns true if there are new credentials already
   */
  refused(refusal: Refusal, asOf: AsOf): boolean;
  /** Calls the listener whenever refused credentials are replaced with new ones. */
  onRenewed?(listener: () => void): void;
}

interface CredentialsSettings extends Pick<SourceOptions, 'clock' | 'remake' | 'readFiles'> {
  readonly log: Logger;
  /** True if the provider may return other credentials later; false for a plain value, which never changes. */
  readonly renewable: boolean;
  /**
   * True if Stepwright keeps the credentials for further calls. False for a provider of the user that keeps them
   * itself: it is then called before each call to the service.
   */
  readonly kept: boolean;
}

/**
 * The names of the service's errors that other credentials may fix. If a key was deleted or deactivated, the service
 * doesn't recognize it. If only one half of a key was replaced, the signature doesn't match.
 */
export const REFUSED = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
]);
/**
 * The names of errors that may mean that the session was revoked in IAM, which new credentials fix. More often a
 * permission for one kind of call is missing, so that another call's success doesn't prove that the credentials work.
 */
const DENIED = new Set(['AccessDenied', 'AccessDeniedException']);

/** A call that needs credentials waits for the provider until this many milliseconds after the provider was asked. */
const WAIT_LIMIT_MS = 5_000;
/**
 * If credentials were not refused for this many milliseconds, the next refusal counts as a new problem, not as part of
 * the last one.
 */
const QUIET_MS = 60_000;

/** The refusals of the credentials by the service since the credentials last worked. */
interface Refusals {
  readonly first: Error;
  /**
   * True if one accepted call proves that the credentials work again. False if the refusals may be due to a permission
   * that is missing for some calls only.
   */
  readonly provable: boolean;
  /** The number of the newest credentials that were refused, see `#generation`. */
  readonly generation: number;
  readonly lastAt: number;
  readonly logged: boolean;
}

/**
 * The credentials of all clients, from one provider. They are refreshed if the service refuses them, if the provider
 * fails, or before they expire: at once, then after 1 s, then after doubled waits up to 30 s. Then the calls that wait
 * for them are repeated. A call waits only if there are no credentials, or if they were refused.
 */
export class Credentials implements Renewal {
  readonly #refresh: CredentialRefresh;
  /**
   * The async context in which refreshes run. A refresh that one call starts serves all calls, so it must not keep the
   * async context of that call's task.
   */
  readonly #context = new AsyncResource('stepwright:credentials');
  readonly #listeners: (() => void)[] = [];
  readonly #source: CredentialSource;
  #asking: Promise<void> | undefined;
  /** The time at which the provider was last asked, in epoch milliseconds. */
  #askedAt = Number.NEGATIVE_INFINITY;
  #credentials: ProvidedCredentials | undefined;
  /** The provider is asked for new credentials from this time on, in epoch milliseconds of the machine's date. */
  #renewAt = Number.POSITIVE_INFINITY;
  /** The number of times that the credentials were replaced with new ones. */
  #generation = 0;
  #refusals: Refusals | undefined;
  /** The error with which the provider last failed; undefined once the provider has returned credentials again. */
  #failure: Error | undefined;
  /** The error with which calls failed because there were no credentials yet; undefined once there are some. */
  #missing: Error | undefined;

  constructor(private readonly settings: CredentialsSettings) {
    this.#refresh = new CredentialRefresh(settings.clock, () => this.#askForNew());
    this.#source = new CredentialSource({
      ...settings,
      onAnswer: (credentials) => this.#take(credentials),
      onFailure: (error) => (this.#failure = error),
    });
  }

  /** Makes an SDK client use these credentials. The provider of the first such client is used for all of them. */
  attach(client: SFNClient): void {
    this.#source.use(client.config.credentials);
    // Without the mark `memoized`, the SDK would keep the first credentials for ever.
    client.config.credentials = Object.assign(async () => this.current(), { memoized: true });
  }

  asOf(): AsOf {
    return { generation: this.#generation, sentAt: this.settings.clock.now() };
  }

  accepted(asOf: AsOf): void {
    if (this.#refusals && this.#isDisproved(asOf, this.#refusals)) this.#settle();
  }

  /**
   * If a call's credentials were refused, waits for new ones and repeats the call. That is safe, since the service did
   * nothing. The wait ends when the call's signal aborts.
   */
  async failed<T>(
    end: CallEnd<T>,
    asOf: AsOf,
    { signal, attempt, again }: Repeatable<T>,
  ): Promise<CallEnd<T>> {
    if (!this.#learn(end, asOf)) return end;
    again();
    if (this.#generation === asOf.generation) await this.#waitFor(this.#request(), signal);
    if (this.#generation === asOf.generation) return this.#explained(end);
    const renewed = this.asOf();
    const second = await attempt();
    if (this.#learn(second, renewed)) void this.#request();
    return second;
  }

  refused(refusal: Refusal, asOf: AsOf): boolean {
    if (!this.#noteRefusal(refusal, asOf)) return false;
    if (this.#generation !== asOf.generation) return true;
    void this.#request();
    return false;
  }

  /**
   * Returns the credentials to sign the next call with, or a promise of them if the provider must be called first. The
   * promise rejects with the provider's error if there were never any credentials. Otherwise the last ones stay in use,
   * even past their end: only the service decides if they have expired, since this machine's clock may be wrong.
   */
  current(): ProvidedCredentials | Promise<ProvidedCredentials> {
    const credentials = this.#credentials;
    if (!credentials || !this.settings.kept) return this.#ask();
    if (this.#failure || wallTime() >= this.#renewAt) void this.#request();
    return credentials;
  }

  /** Calls the listener whenever refused credentials are replaced with new ones. */
  onRenewed(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#refresh.close();
    this.#source.close();
  }

  /**
   * Gets credentials from the provider. If the provider fails or takes long, returns the last credentials.
   * @throws the provider's error if there were never any credentials
   */
  async #ask(): Promise<ProvidedCredentials> {
    if (!this.#failure) await this.#waitFor(this.#askOnce());
    if (this.#failure) {
      const asked = this.#request();
      if (!this.#credentials) await this.#waitFor(asked);
    }
    if (this.#credentials) return this.#credentials;
    throw (this.#missing = this.#failure ?? new Error('the provider of credentials gave none'));
  }

  /** Gets credentials from the provider. Simultaneous callers share one request. */
  #askOnce(): Promise<void> {
    this.#asking ??= this.#context.runInAsyncScope(() => {
      this.#askedAt = this.settings.clock.now();
      return this.#source.ask({ forceRefresh: false }).finally(() => (this.#asking = undefined));
    });
    return this.#asking;
  }

  #take(credentials: ProvidedCredentials): void {
    const { renewable, kept } = this.settings;
    const before = this.#credentials;
    const [expiresAt, expiredAt] = [expiry(credentials), before && expiry(before)];
    if (renewable && kept && expiresAt !== expiredAt) this.#renewAt = renewalTime(expiresAt, !before);
    if (isSame(credentials, before)) this.#credentials = credentials;
    else this.#replace(credentials);
    this.#failure = this.#missing = undefined;
  }

  #replace(credentials: ProvidedCredentials): void {
    const error = this.#refusals?.first ?? this.#failure ?? this.#missing;
    const first = !this.#credentials && !error;
    this.#credentials = credentials;
    if (first) return;
    this.#generation++;
    // Credentials that were renewed before they expired aren't logged.
    if (!error) return;
    if (!this.#refusals?.logged) this.settings.log.info({ error: showError(error) }, RENEWED);
    if (this.#refusals) this.#refusals = { ...this.#refusals, logged: true };
    for (const listener of this.#listeners) this.#context.runInAsyncScope(listener);
  }

  /**
   * Records if a call's credentials were accepted or refused.
   * @returns true if the call failed and other credentials may help
   */
  #learn(end: CallEnd<unknown>, asOf: AsOf): end is { readonly failure: CallFailure } {
    if (!('failure' in end)) {
      this.accepted(asOf);
      return false;
    }
    return this.#noteRefusal(end.failure, asOf);
  }

  /** Records a refused call. @returns true if the credentials may be the reason, so that other ones may help */
  #noteRefusal({ type = '', error }: Refusal, asOf: AsOf): boolean {
    const denied = DENIED.has(type);
    if (!this.settings.renewable || !(denied || REFUSED.has(type))) return false;
    if (!this.#isRefused()) this.#settle();
    this.#refusals = {
      first: error,
      provable: !denied,
      logged: false,
      ...this.#refusals,
      generation: Math.max(asOf.generation, this.#refusals?.generation ?? 0),
      lastAt: this.settings.clock.now(),
    };
    return true;
  }

  /**
   * Returns true if an accepted call proves that the credentials work again: it used newer credentials than those that
   * were refused, or it was sent after the last refusal.
   */
  #isDisproved({ generation, sentAt }: AsOf, refusals: Refusals): boolean {
    return refusals.provable && (generation > refusals.generation || sentAt > refusals.lastAt);
  }

  #isRefused(): boolean {
    return this.#refusals !== undefined && this.settings.clock.now() - this.#refusals.lastAt < QUIET_MS;
  }

  #settle(): void {
    this.#refusals = undefined;
    this.#refresh.reset();
  }

  #request(): Promise<void> | undefined {
    return this.#context.runInAsyncScope(() => this.#refresh.request());
  }

  /** Gets new credentials from the provider. @returns true if that must be repeated */
  async #askForNew(): Promise<boolean> {
    const generation = this.#generation;
    this.#askedAt = this.settings.clock.now();
    await this.#source.ask({ forceRefresh: true });
    if (this.#failure || wallTime() >= this.#renewAt) return true;
    if (this.#isRefused()) return this.#generation === generation;
    this.#refresh.reset();
    return false;
  }

  async #waitFor(asked: Promise<void> | undefined, signal?: Abortable): Promise<void> {
    const { clock } = this.settings;
    const leftMs = this.#askedAt + WAIT_LIMIT_MS - clock.now();
    if (asked && leftMs > 0) await within(clock, leftMs, asked, signal);
  }

  /** If the provider failed to return new credentials for a refused call, adds that reason to the call's error. */
  #explained<E extends { readonly failure: CallFailure }>(end: E): E {
    if (!this.#failure) return end;
    const { error } = end.failure;
    const message = `${error.message}; and there are no others: ${showError(this.#failure)}`;
    const explained = Object.assign(new Error(message, { cause: error }), { name: error.name });
    return { ...end, failure: { ...end.failure, error: explained } };
  }
}

const RENEWED =
  'credentials were refused, or could not be had; the provider has new ones, which are used from now on';

/**
 * The shortest and the longest wait, in milliseconds, between two refreshes of the credentials. The wait doubles with
 * each refresh, from the shortest to the longest.
 */
const WAIT_MS = [1_000, 30_000] as const;

/**
 * Repeats the refresh of credentials until there are new ones: at once, then after 1 s, then after doubled waits up to
 * 30 s. Many calls may request a refresh at the same time; that makes no further ones.
 */
export class CredentialRefresh {
  #times = 0;
  #nextAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  readonly #timer: Timer;
  #closed = false;

  /**
   * @param refresh gets new credentials from their provider. Resolves to true if it must be repeated. Must not reject.
   */
  constructor(
    private readonly clock: Clock,
    private readonly refresh: () => Promise<boolean>,
  ) {
    this.#timer = new Timer(clock, () => void this.request());
  }

  /**
   * Refreshes the credentials now or, if the last refresh was too recent, as soon as the wait is over.
   * @returns a promise that resolves when the refresh that is now running has ended; undefined if it is still waiting
   */
  request(): Promise<void> | undefined {
    if (this.#running || this.#closed) return this.#running;
    if (this.#nextAt <= this.clock.now()) this.#running = this.#run();
    else this.#timer.set(this.#nextAt);
    return this.#running;
  }

  /** Ends the doubling of the waits: the next refresh waits a second at most. */
  reset(): void {
    this.#times = 0;
    this.#nextAt = Math.min(this.#nextAt, this.clock.now() + WAIT_MS[0]);
    this.#timer.set(Infinity);
  }

  close(): void {
    this.#closed = true;
    this.#timer.set(Infinity);
  }

  async #run(): Promise<void> {
    this.#timer.set(Infinity);
    const [least, most] = WAIT_MS;
    this.#nextAt = this.clock.now() + Math.min(most, least * 2 ** this.#times++);
    const again = await this.refresh();
    this.#running = undefined;
    if (again) void this.request();
  }
}
