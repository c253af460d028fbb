import { setTimeout } from 'node:timers/promises';
import { IsNotEmpty, IsString } from 'class-validator';
import { injectable } from 'tsyringe';
import { Activity, defineConfig, Handle, type TaskContext } from '../../src/framework/index.js';

// What `bench/rivals/job.js` does, as a user of Stepwright writes it: with BENCH_HELLO HelloWorld, otherwise a task that
// sleeps.

@injectable()
class Greeter {
  greet(who: string): string {
    return `Hello ${who}!`;
  }
}

class HelloInput {
  @IsString()
  @IsNotEmpty()
  who!: string;
}

@Activity('${BENCH_ACTIVITY_ARN}')
class Hello {
  constructor(private readonly greeter: Greeter) {}

  @Handle()
  hello({ who }: HelloInput): { message: string } {
    return { message: this.greeter.greet(who) };
  }
}

@Activity('${BENCH_ACTIVITY_ARN}')
class Sleeper {
  @Handle({ input: 'any' })
  async run({ n, sleepMs }: { n: number; sleepMs: number }, { signal }: TaskContext): Promise<object> {
    await setTimeout(sleepMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    return { done: n };
  }
}

/** A handler that has nothing to do. */
function idle(number: number): object {
  @Activity(`${process.env['BENCH_ACTIVITY_ARN']}Idle${number}`)
  class Idle {
    @Handle({ input: 'any' })
    run(): void {}
  }
  Object.defineProperty(Idle, 'name', { value: `Idle${number}` });
  return Idle;
}

const { BENCH_WORKER_NAME: workerName, BENCH_GRACE: grace, BENCH_HELLO, BENCH_IDLE = 0 } = process.env;
const others = Array.from({ length: Number(BENCH_IDLE) }, (_, i) => idle(i));

export default defineConfig({
  activities: [BENCH_HELLO ? Hello : Sleeper, ...others] as never,
  workerName,
  ...(grace && { grace }),
});
