import { ErrorName } from 'stepwright';

@ErrorName('PaymentDeclined')
export class PaymentDeclined extends Error {}

/** Who takes the money. An interface leaves nothing to inject by at run time, so that it has a token. */
export interface Gateway {
  /**
   * @param key the same for every try of the same payment: money is taken once.
   * @throws PaymentDeclined
   */
  charge(key: string, card: string, cents: number): Promise<{ receipt: string }>;
}

export const GATEWAY = Symbol('Gateway');

/** One for this example: it takes nobody's money, and declines the card 'stolen'. */
export class TestGateway implements Gateway {
  async charge(key: string, card: string, _cents: number): Promise<{ receipt: string }> {
    if (card === 'stolen') throw new PaymentDeclined(`the card '${card}' was declined`);
    return { receipt: `receipt-${key}` };
  }
}
