import { IsNotEmpty, IsString } from 'class-validator';
import { Activity, Handle, type TaskContext } from 'stepwright';

export class RefundOrderInput {
  @IsString()
  @IsNotEmpty()
  id!: string;
}

@Activity('arn:aws:states:us-east-1:123456789012:activity:RefundOrder')
export class RefundOrderActivity {
  @Handle()
  async run(input: RefundOrderInput, task: TaskContext): Promise<{ id: string }> {
    task.log.info({ id: input.id }, 'at work');
    return { id: input.id };
  }
}
