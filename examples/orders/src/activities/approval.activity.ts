import { IsIn, IsInt, IsNotEmpty, IsNumber, IsString } from 'class-validator';
import { Activity, type Deferral, Handle, type TaskContext } from 'stepwright';

export class ApprovalRequest {
  @IsString()
  @IsNotEmpty()
  order!: string;

  @IsInt()
  total!: number;

  @IsNumber()
  risk!: number;
}

/** What a person decides. */
export class Approval {
  @IsIn(['approved', 'refused'])
  decision!: 'approved' | 'refused';
}

/** A task that a person completes. It uses no slot, and needs no worker, while it waits. */
@Activity('arn:aws:states:us-east-1:123456789012:activity:ApproveOrder')
export class ApprovalActivity {
  @Handle({ output: Approval, heartbeat: false, throws: ['StoreError'] })
  async approve({ order, total, risk }: ApprovalRequest, task: TaskContext): Promise<Deferral> {
    const deferral = await task.defer({ id: order, note: `${total} at a risk of ${risk}` });
    task.log.warn(
      { total, risk },
      `${order} waits for a person: npm run approve -- ${order}, or npm run refuse -- ${order}`,
    );
    return deferral;
  }
}
