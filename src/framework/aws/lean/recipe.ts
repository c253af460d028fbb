import type { HotOperation } from '../call.js';

/**
 * The parts that all requests of one operation share, taken from a request that the SDK built: everything but the body,
 * the date and the signature. Plain data, which can be sent to a thread.
 */
export interface Recipe {
  /** The origin of all requests, as `https://states.eu-west-1.amazonaws.com`; with a port other than the protocol's own. */
  readonly origin: string;
  readonly path: string;
  /** Header values by name, in small letters: host, content-type, x-amz-target, user-agent, … */
  readonly headers: Readonly<Record<string, string>>;
  /** The region and service that a signature names. */
  readonly signingRegion: string;
  readonly signingName: string;
}

export interface Recipes {
  readonly operations: Readonly<Record<HotOperation, Recipe>>;
  /** The milliseconds to add to this machine's clock for the service's time, as the user's settings say. */
  readonly clockOffsetMs: number;
  /** True where an answer may correct the clock's offset; false where the user's settings forbid it. */
  readonly correctsClock: boolean;
}

/** The credentials that a request is signed with. */
export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
