import { IsEmail, IsNotEmpty, IsString } from 'class-validator';
import { Activity, type Deferral, Handle, type TaskContext } from 'stepwright';
import { Mail } from './mail.js';

export class Promotion {
  @IsString() @IsNotEmpty() employeeName!: string;
  @IsEmail() managerEmailAddress!: string;
}

@Activity('ManualStep')
export class PromotionActivity {
  constructor(private readonly mail: Mail) {}

  @Handle({ heartbeat: false })
  async ask(promotion: Promotion, task: TaskContext): Promise<Deferral> {
    const id = `promotion-${promotion.employeeName}`;
    const deferral = await task.defer({ id });
    const link = `https://example.com/respond?id=${encodeURIComponent(id)}`;
    await this.mail.send(promotion.managerEmailAddress, `${promotion.employeeName}: ${link}`);
    return deferral;
  }
}
