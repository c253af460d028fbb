import type { HotOperation } from '../call.js';

/**
 * Everything that all requests of one operation have in common, taken from a request that the SDK built: all but the
 * body, the date and the signature. It is plain data, so it can be sent to a thread.
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
   * The milliseconds that have to be added to this machine's clock to get the service's time, according to the user's
   * settings.
   */
  readonly clockOffsetMs: number;
  /** True if an answer of the service may change `clockOffsetMs`; false if the user's settings forbid that. */
  readonly correctsClock: boolean;
}

/** The credentials with which a request is signed. */
export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
