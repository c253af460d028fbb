import { ArrayMaxSize, IsArray, IsNumber } from 'class-validator';
import { Activity, Handle, runCommand, type TaskContext } from '../framework/index.js';

export class StatisticsInput {
  @IsArray()
  @ArrayMaxSize(10_000)
  @IsNumber({}, { each: true })
  numbers!: number[];
}

/**
 * Runs a program in another language, `programs/describe_numbers.py`. Where Python is missing, only the tasks of this
 * activity fail.
 */
@Activity('arn:aws:states:ap-northeast-1:123456789012:activity:StatisticsActivity')
export class StatisticsActivity {
  @Handle({ throws: ['TooFewNumbers'] })
  compute(input: StatisticsInput, task: TaskContext): Promise<unknown> {
    return runCommand(task, 'python3', ['programs/describe_numbers.py'], {
      input,
      errors: { 3: 'TooFewNumbers' },
      timeout: '1m',
    });
  }
}
