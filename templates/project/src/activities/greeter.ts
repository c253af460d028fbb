import { injectable } from 'tsyringe';

@injectable()
export class Greeter {
  greet(who: string): string {
    return `Hello ${who}!`;
  }
}
