import type { HotOperation } from '../call.js';

/**
 * The parts that all requests of one operation have in common: everything but the body, the date and the signature.
 * They are taken from a request that the SDK built. A recipe is plain data, so it can be sent to a worker thread.
 */
export interface Recipe {
  /**
   * The origin of all requests, such as `https://states.eu-west-1.amazonaws.com`. It includes the port only if that
   * isn't the default of the protocol.
   */
  readonly origin: string;
  readonly path: string;
  /** Header values by name, in lower case: host, content-type, x-amz-target, user-agent, … */
  readonly headers: Readonly<Record<string, string>>;
  /** The region and the service that signatures name. */
  readonly signingRegion: string;
  readonly signingName: string;
}

export interface Recipes {
  readonly operations: Readonly<Record<HotOperation, Recipe>>;
  /**
   * The milliseconds to add to this machine's clock to get the service's time, as the user has set them in the SDK's
   * settings.
   */
  readonly clockOffsetMs: number;
  /**
   * True if `clockOffsetMs` may be changed after a response has shown that the clock is wrong. False if the user's
   * settings forbid that.
   */
  readonly correctsClock: boolean;
}

/** The credentials with which a request is signed. */
export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
