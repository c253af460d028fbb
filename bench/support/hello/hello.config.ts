import { IsNotEmpty, IsNumber, IsOptional, IsString } from 'class-validator';
import { Activity, defineConfig, Handle, type TaskContext } from 'stepwright';
import { injectable } from 'tsyringe';

// HelloWorld as the README has it, with everything on, in a project that has installed the packed framework. Beside the
// greeting the result says when the handler ran, on a clock that all processes of the machine share.

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

  @IsOptional()
  @IsNumber()
  sleepMs?: number;
}

@Activity('${BENCH_ACTIVITY_ARN}')
class Hello {
  constructor(private readonly greeter: Greeter) {}

  @Handle()
  async hello(input: HelloInput, _task: TaskContext): Promise<{ message: string; at: number }> {
    const at = Number(process.hrtime.bigint()) / 1e6;
    if (input.sleepMs) await new Promise((resolve) => setTimeout(resolve, input.sleepMs));
    return { message: this.greeter.greet(input.who), at };
  }
}

/** The same, whose handler holds all of its input: with BENCH_WHOLE, in place of Hello. */
@Activity('${BENCH_ACTIVITY_ARN}')
class Whole extends Hello {
  @Handle({ input: 'any' })
  override hello(input: HelloInput, task: TaskContext): Promise<{ message: string; at: number }> {
    return super.hello(input, task).finally(() => Object.keys(input));
  }
}

/** Further handlers that have nothing to do. */
function idle(number: number): object {
  const arn = `${process.env['BENCH_ACTIVITY_ARN']}Idle${number}`;
  @Activity(arn)
  class Idle {
    @Handle({ input: 'any' })
    run(): void {}
  }
  Object.defineProperty(Idle, 'name', { value: `Idle${number}` });
  return Idle;
}

const others = Array.from({ length: Number(process.env['BENCH_IDLE'] ?? 0) }, (_, i) => idle(i));

export default defineConfig({ activities: [process.env['BENCH_WHOLE'] ? Whole : Hello, ...others] as never });
