/** A topic that a window wants. */
export interface Wanted {
  /** A number that the window gives to no other topic. */
  readonly id: number;
  readonly topic: string;
  readonly arn?: string;
  /** The position in the last message that the window has received. */
  seen?: string | undefined;
}

/** A window's message to the hub: all that the window wants. */
export interface ToHub {
  readonly wants: readonly Wanted[];
}

/** The hub's message to a window about one of its topics. */
export type FromHub =
  | {
      readonly kind: 'snapshot' | 'change';
      readonly id: number;
      readonly seen: string | undefined;
      readonly data: string;
    }
  | { readonly kind: 'refused'; readonly id: number; readonly error: string; readonly message: string };

/** The state of the hub's stream. `instance` is another number after a restart of the service. */
export type HubState =
  | { readonly state: 'connecting' | 'lost' }
  | { readonly state: 'live'; readonly instance: number };
