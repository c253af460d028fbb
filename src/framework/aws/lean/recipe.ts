import type { HotOperation } from '../wire.js';

/**
 * All of one operation's requests but their body, date and signature, as the SDK made its first one: plain data, which
 * may be handed to a thread.
 */
export interface Recipe {
  /** `https://states.eu-west-1.amazonaws.com`, with the port where it is not the protocol's own. */
  readonly origin: string;
  readonly path: string;
  /** In small letters: host, content-type, x-amz-target, user-agent, … */
  readonly headers: Readonly<Record<string, string>>;
  /** What a signature is for. */
  readonly signingRegion: string;
  readonly signingName: string;
}

export interface Recipes {
  readonly operations: Readonly<Record<HotOperation, Recipe>>;
  /** How far the user says this machine's clock is behind the service's, in milliseconds. */
  readonly clockOffsetMs: number;
  /** Whether it may be learnt from an answer. */
  readonly correctsClock: boolean;
}

/** What a request is signed with. */
export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
