import { IsInt, IsNotEmpty, IsString, Min } from 'class-validator';
import { Activity, Handle } from 'stepwright';
import { inject } from 'tsyringe';
import { GATEWAY, type Gateway } from '../gateway.js';

export class Payment {
  @IsString()
  @IsNotEmpty()
  order!: string;

  @IsString()
  @IsNotEmpty()
  card!: string;

  @IsInt()
  @Min(0)
  total!: number;
}

@Activity('arn:aws:states:us-east-1:123456789012:activity:ChargeCard')
export class PaymentActivity {
  constructor(@inject(GATEWAY) private readonly gateway: Gateway) {}

  @Handle({ timeout: '30s', throws: ['PaymentDeclined'] })
  charge({ order, card, total }: Payment): Promise<{ receipt: string }> {
    // Between two tries nothing is known of the first: the order's id says that it is the same payment.
    return this.gateway.charge(order, card, total);
  }
}
