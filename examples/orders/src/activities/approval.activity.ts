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

/**
 * A task that a person completes. It uses no slot while it waits, and outlives the worker: another one goes on with its
 * heartbeats.
 */
@Activity('arn:aws:states:us-east-1:123456789012:activity:ApproveOrder')
export class ApprovalActivity {
  @Handle({ output: Approval })
  approve({ order, total, risk }: ApprovalRequest, task: TaskContext): Deferral {
    task.log.warn(
      { total, risk },
      `${order} waits for a person: npm run approve -- ${order}, or npm run refuse -- ${order}`,
    );
    return task.defer({ until: '2d', id: order });
  }
}
