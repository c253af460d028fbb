import { AsyncResource } from 'node:async_hooks';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { Abort, type Abortable } from '../base/abort.js';
import { type Clock, wallTime } from '../base/time/clock.js';
import { Timer } from '../base/time/timers.js';
import { showError } from '../base/show.js';
import type { Logger } from '../base/log/log.js';
import { within } from '../base/time/wait.js';
import type { CallEnd, CallFailure } from './call.js';
import {
  asSigned,
  type ProvidedCredentials,
  isSame,
  named,
  type Provider,
  providerError,
  renewalTime,
} from './provided-credentials.js';

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

/** Renews the credentials. It is told of each call that failed, to find out if the service refuses the current ones. */
export interface Renewal {
  /**
   * The number of times that the credentials were replaced with others. The caller reads it just before a call is sent,
   * and passes it back with the call's failure.
   */
  readonly generation: number;
  /**
   * Makes a failed call once more if the service refused its credentials and there are new ones.
   * @returns the result of the last attempt
   */
  failed<T>(end: CallEnd<T>, generation: number, call: Repeatable<T>): Promise<CallEnd<T>>;
  /**
   * Records that a call has failed which the worker itself will repeat. If the service refused the call's credentials,
   * new ones are requested.
   * @returns true if there are new credentials already
   */
  refused(refusal: Refusal, generation: number): boolean;
  /** Calls the listener whenever refused credentials are replaced with new ones. */
  onRenewed?(listener: () => void): void;
}

interface CredentialsSettings {
  readonly clock: Clock;
  readonly log: Logger;
  /** True if the provider may return other credentials later; false for a plain value, which never changes. */
  readonly renewable: boolean;
  /**
   * Makes a new provider of credentials. It replaces a provider that has not returned in time, since the SDK's
   * providers make all later requests wait for one that hangs.
   * @default the same provider is used again
   */
  readonly remake?: () => Provider;
  /**
   * Reads AWS's shared config and credentials files again. Called before the provider is asked for new credentials,
   * since the SDK's providers keep what they read first. @default they aren't read again
   */
  readonly readFiles?: () => Promise<void>;
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
 * permission is missing.
 */
const DENIED = new Set(['AccessDenied', 'AccessDeniedException']);

/**
 * A request to the provider that hasn't returned after this many milliseconds counts as failed. Until then, calls that
 * need the credentials wait for it.
 */
const ASK_LIMIT_MS = 10_000;
/** The provider is asked at once, then after this many milliseconds, then after doubled waits up to the longest. */
const LEAST_WAIT_MS = 1_000;
const MOST_WAIT_MS = 30_000;
/**
 * If credentials were not refused for this many milliseconds, the next refusal counts as a new problem, not as part of
 * the last one.
 */
const QUIET_MS = 60_000;

/**
 * The credentials of all clients: those that one provider gave last. Others are requested from it in the background
 * before they expire, or if the service refuses them or the provider has failed: at once, then after 1 s, then after
 * doubled waits up to 30 s. A call waits for the provider only if there are no credentials, or if they were refused; it
 * is then repeated.
 */
export class Credentials implements Renewal {
  /**
   * The async context in which the provider is asked. A request that one call starts serves all calls, so it must not
   * keep the async context of that call's task.
   */
  readonly #context = new AsyncResource('stepwright:credentials');
  readonly #listeners: (() => void)[] = [];
  readonly #timer: Timer;
  readonly #closed = new Abort();
  #provider: Provider | undefined;
  #credentials: ProvidedCredentials | undefined;
  #generation = 0;
  /** Others are requested from this time on, in epoch milliseconds of the machine's date. */
  #renewAt = Number.POSITIVE_INFINITY;
  /** The request to the provider that calls wait for. Another one is made only when it is over. */
  #asking: Promise<void> | undefined;
  /** The requests since all was well, after which the waits between them double. */
  #asks = 0;
  #nextAt = Number.NEGATIVE_INFINITY;
  /** The error with which the provider last failed; undefined once it has returned credentials again. */
  #failure: Error | undefined;
  /** The service's refusals of the credentials, each within a minute of the one before. */
  #refusal: { readonly first: Error; readonly lastAt: number; readonly isLogged: boolean } | undefined;

  constructor(private readonly settings: CredentialsSettings) {
    this.#timer = new Timer(settings.clock, () => void this.#renew());
  }

  get generation(): number {
    return this.#generation;
  }

  /** Makes an SDK client use these credentials. The provider of the first such client is used for all of them. */
  attach(client: SFNClient): void {
    this.#provider ??= client.config.credentials;
    // Without the mark `memoized`, the SDK would keep the first credentials for ever.
    client.config.credentials = Object.assign(async () => this.current(), { memoized: true });
  }

  /**
   * Returns the credentials to sign the next call with, or a promise of the first ones, which rejects with the
   * provider's error. The last ones stay in use even past their end: only the service decides if they have expired,
   * since this machine's clock may be wrong.
   */
  current(): ProvidedCredentials | Promise<ProvidedCredentials> {
    const credentials = this.#credentials;
    if (!credentials) return this.#first();
    if (this.#failure || this.#isEnding()) void this.#renew();
    return credentials;
  }

  /**
   * If a call's credentials were refused, waits for new ones and repeats the call. That is safe, since the service did
   * nothing. The wait ends when the call's signal aborts.
   */
  async failed<T>(
    end: CallEnd<T>,
    generation: number,
    { signal, attempt, again }: Repeatable<T>,
  ): Promise<CallEnd<T>> {
    if (!('failure' in end) || !this.#noteRefusal(end.failure)) return end;
    again();
    if (this.#generation === generation) {
      const asked = this.#renew();
      if (asked) await within(this.settings.clock, ASK_LIMIT_MS, asked, signal);
    }
    if (this.#generation === generation) return this.#explained(end);
    const second = await attempt();
    if ('failure' in second && this.#noteRefusal(second.failure)) void this.#renew();
    return second;
  }

  refused(refusal: Refusal, generation: number): boolean {
    if (!this.#noteRefusal(refusal)) return false;
    if (this.#generation !== generation) return true;
    void this.#renew();
    return false;
  }

  onRenewed(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#closed.abort(undefined);
    this.#timer.set(Number.POSITIVE_INFINITY);
  }

  async #first(): Promise<ProvidedCredentials> {
    await this.#renew();
    if (this.#credentials) return this.#credentials;
    throw this.#failure ?? named(new Error(GAVE_NONE));
  }

  /**
   * Requests credentials from the provider: now, or when the wait since the last request is over.
   * @returns a promise that resolves when the request that is now under way is over; undefined if there is none
   */
  #renew(): Promise<void> | undefined {
    if (this.#asking || this.#closed.aborted) return this.#asking;
    const isEarly = this.settings.clock.now() < this.#nextAt;
    this.#timer.set(isEarly ? this.#nextAt : Number.POSITIVE_INFINITY);
    if (!isEarly) this.#asking = this.#context.runInAsyncScope(() => this.#ask());
    return this.#asking;
  }

  async #ask(): Promise<void> {
    const { clock, remake } = this.settings;
    const generation = this.#generation;
    const isFirst = this.#asks === 0 && !this.#credentials;
    this.#nextAt = clock.now() + Math.min(MOST_WAIT_MS, LEAST_WAIT_MS * 2 ** this.#asks++);
    let isLate = false;
    const fail = (error: Error): void => {
      if (!isLate) this.#failure = error;
    };
    // Credentials that come late are used too.
    const answered = this.#read(isFirst).then(
      (credentials) => this.#take(credentials),
      (thrown: unknown) => fail(providerError(thrown)),
    );
    const isInTime = await within(clock, ASK_LIMIT_MS, answered, this.#closed);
    this.#asking = undefined;
    if (this.#closed.aborted) return;
    if (!isInTime) {
      fail(named(new Error(`the provider of credentials did not answer within ${ASK_LIMIT_MS / 1000} s`)));
      isLate = true;
      if (remake) this.#provider = remake();
    }
    const isStillRefused = this.#isRefused() && this.#generation === generation;
    if (this.#failure || this.#isEnding() || isStillRefused) void this.#renew();
    else if (!this.#isRefused()) this.#endTrouble();
  }

  /** @param isFirst true if the provider may return credentials that it has kept */
  async #read(isFirst: boolean): Promise<ProvidedCredentials> {
    if (!isFirst) await this.settings.readFiles?.();
    const credentials = await this.#provider?.(isFirst ? undefined : { forceRefresh: true });
    if (!credentials) throw named(new Error(GAVE_NONE));
    return asSigned(credentials);
  }

  #take(credentials: ProvidedCredentials): void {
    const before = this.#credentials;
    const refusal = this.#isRefused() ? this.#refusal : undefined;
    const error = refusal?.first ?? this.#failure;
    this.#credentials = credentials;
    this.#failure = undefined;
    if (this.settings.renewable) this.#renewAt = renewalTime(credentials);
    if (isSame(credentials, before) || (!before && !error)) return;
    this.#generation++;
    // Credentials that were renewed before they expired aren't logged.
    if (!error) return;
    if (!refusal?.isLogged) this.settings.log.info({ error: showError(error) }, RENEWED);
    if (refusal) this.#refusal = { ...refusal, isLogged: true };
    for (const listener of this.#listeners) this.#context.runInAsyncScope(listener);
  }

  /** Records a refused call. @returns true if the credentials may be the reason, so that other ones may help */
  #noteRefusal({ type = '', error }: Refusal): boolean {
    if (!this.settings.renewable || !(DENIED.has(type) || REFUSED.has(type))) return false;
    const recent = this.#isRefused() ? this.#refusal : undefined;
    if (!recent) this.#endTrouble();
    this.#refusal = { first: error, isLogged: false, ...recent, lastAt: this.settings.clock.now() };
    return true;
  }

  #isRefused(): boolean {
    return this.#refusal !== undefined && this.settings.clock.now() - this.#refusal.lastAt < QUIET_MS;
  }

  #isEnding(): boolean {
    return wallTime() >= this.#renewAt;
  }

  /** Ends the waits between requests: the next one is made at once. */
  #endTrouble(): void {
    this.#asks = 0;
    this.#nextAt = Number.NEGATIVE_INFINITY;
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

const GAVE_NONE = 'the provider of credentials gave none';
const RENEWED =
  'credentials were refused, or could not be had; the provider has new ones, which are used from now on';
