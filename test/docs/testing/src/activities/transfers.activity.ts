// src/activities/transfers.activity.ts
import { IsInt, IsString, Min } from 'class-validator';
import { Activity, ActivityFailure, CLOCK, type Clock, Handle, type TaskContext } from 'stepwright';
import { inject, injectable } from 'tsyringe';

export class Transfer {
  @IsString() to!: string;
  @IsInt() @Min(1) cents!: number;
}

@injectable()
export class Bank {
  async transfer(to: string, cents: number): Promise<string> {
    return `real money: ${to} ${cents}`;
  }
}

@injectable()
export class Ledger {
  readonly lines: string[] = [];
}

@Activity('transfer', { heartbeat: '10s' })
export class Transfers {
  constructor(
    private readonly bank: Bank,
    private readonly ledger: Ledger,
    @inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Handle({ timeout: '5m' })
  async transfer({ to, cents }: Transfer, task: TaskContext): Promise<{ receipt: string }> {
    if (cents > 1_000_000) throw new ActivityFailure('LimitExceeded', 'too much', { limit: 1_000_000 });
    await this.clock.sleep(30_000, task.signal);
    task.signal.throwIfAborted();
    const receipt = await this.bank.transfer(to, cents);
    task.log.info({ receipt }, 'transferred');
    this.ledger.lines.push(receipt);
    return { receipt };
  }
}
