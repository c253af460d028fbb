import { IsNotEmpty, IsString } from 'class-validator';
import { Activity, Handle, type TaskContext } from 'stepwright';
import { Greeter } from './greeter';

export class HelloInput {
  @IsString()
  @IsNotEmpty()
  who!: string;
}

@Activity('arn:aws:states:us-east-1:123456789012:activity:HelloWorldActivity')
export class HelloWorldActivity {
  constructor(private readonly greeter: Greeter) {}

  @Handle()
  async hello(input: HelloInput, task: TaskContext): Promise<{ message: string }> {
    task.log.info('greeting');
    return { message: this.greeter.greet(input.who) };
  }
}
