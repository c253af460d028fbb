import { Injectable } from '@nestjs/common';

@Injectable()
export class Greeter {
  greet(who: string): string {
    return `Hello ${who}!`;
  }
}
