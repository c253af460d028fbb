// src/activities/charges.activity.ts
import { IsString } from 'class-validator';
import { Activity, ActivityFailure, Handle } from 'stepwright';

export class Payment {
  @IsString() card!: string;
}

@Activity('charge')
export class Charges {
  @Handle({ throws: ['Declined'] })
  charge({ card }: Payment): string {
    if (card === 'stolen') throw new ActivityFailure('Declined', 'the card is stolen');
    return 'charged';
  }
}
