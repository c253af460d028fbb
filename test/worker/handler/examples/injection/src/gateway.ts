import type { InjectionToken } from 'tsyringe';

export interface Gateway {
  charge(card: string, cents: number): Promise<string>;
}

/** The token of a Gateway: an interface does not exist at run time. */
export const GATEWAY: InjectionToken<Gateway> = Symbol('GATEWAY');
