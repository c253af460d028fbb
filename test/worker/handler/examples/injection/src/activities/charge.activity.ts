import { IsInt, IsString } from 'class-validator';
import { Activity, Handle } from 'stepwright';
import { inject } from 'tsyringe';
import { GATEWAY, type Gateway } from '../gateway.js';

export class Charge {
  @IsString() card!: string;
  @IsInt() cents!: number;
}

@Activity('charge')
export class ChargeActivity {
  constructor(@inject(GATEWAY) private readonly gateway: Gateway) {}

  @Handle()
  charge({ card, cents }: Charge): Promise<string> {
    return this.gateway.charge(card, cents);
  }
}
