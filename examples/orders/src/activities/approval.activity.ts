import { IsInt, IsNotEmpty, IsNumber, IsString } from 'class-validator';
import { Activity, Handle, type TaskContext } from 'stepwright';
import { inject } from 'tsyringe';
import { type Decision, DECISIONS, type Decisions } from '../decisions.js';

export class ApprovalRequest {
  @IsString()
  @IsNotEmpty()
  order!: string;

  @IsInt()
  total!: number;

  @IsNumber()
  risk!: number;
}

/** A task that a person ends. Heartbeats hold its lease meanwhile, so that it may take days. */
@Activity('arn:aws:states:us-east-1:123456789012:activity:ApproveOrder', { concurrency: 100 })
export class ApprovalActivity {
  constructor(@inject(DECISIONS) private readonly decisions: Decisions) {}

  @Handle({ timeout: '2d' })
  async approve({ order, total, risk }: ApprovalRequest, task: TaskContext): Promise<{ decision: Decision }> {
    task.log.warn(
      { total, risk },
      `${order} waits for a person: npm run approve -- ${order}, or npm run refuse -- ${order}`,
    );
    return { decision: await this.decisions.about(order, task.signal) };
  }
}
