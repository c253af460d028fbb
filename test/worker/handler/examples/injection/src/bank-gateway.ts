import { injectable } from 'tsyringe';
import type { Gateway } from './gateway.js';

@injectable()
export class BankGateway implements Gateway {
  async charge(card: string, cents: number): Promise<string> {
    return `receipt of ${cents} cents from ${card}`;
  }
}
