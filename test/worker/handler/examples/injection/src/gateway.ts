import type { InjectionToken } from 'tsyringe';

export interface Gateway {
  charge(card: string, cents: number): Promise<string>;
}

/** Stands for a Gateway where the code runs. */
export const GATEWAY: InjectionToken<Gateway> = Symbol('GATEWAY');
