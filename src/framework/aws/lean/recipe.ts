import type { HotOperation } from '../call.js';

/**
 * The parts that all requests of one operation share, as the SDK made its first one: everything but the body, the date
 * and the signature. Plain data, which can be sent to a thread.
 */
export interface Recipe {
  /** `https://states.eu-west-1.amazonaws.com`, with the port where it is not the protocol's default. */
  readonly origin: string;
  readonly path: string;
  /** In small letters: host, content-type, x-amz-target, user-agent, … */
  readonly headers: Readonly<Record<string, string>>;
  /** The region and service that a signature names. */
  readonly signingRegion: string;
  readonly signingName: string;
}

export interface Recipes {
  readonly operations: Readonly<Record<HotOperation, Recipe>>;
  /** The offset of the service's clock from this machine's that the user has set, in milliseconds. */
  readonly clockOffsetMs: number;
  /** True where the offset may be learnt from an answer. */
  readonly correctsClock: boolean;
}

/** The credentials that a request is signed with. */
export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
