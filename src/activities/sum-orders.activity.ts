import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IsInt, IsNotEmpty, IsObject, IsString, Min } from 'class-validator';
import { dynamodb } from '../framework/aws/stores/dynamodb.js';
import { Activity, ActivityFailure, directory, Handle, type TaskContext } from '../framework/index.js';

export class SumOrdersInput {
  /** The path of a file with one order a line, as in `{"customer":"ann","cents":250}`. */
  @IsString() @IsNotEmpty() file!: string;
}

/** The state of a run, for the next run to go on from. */
class SumState {
  /** The size of the summed file in bytes: the state of another file does not count. */
  @IsInt() size!: number;
  /** The bytes of the file that are summed, up to the end of a line. */
  @IsInt() @Min(0) offset!: number;
  @IsInt() @Min(0) lines!: number;
  /** The sum of each customer. */
  @IsObject() cents!: Record<string, number>;
}

const LINES_BETWEEN_CHECKPOINTS = 50_000;

/**
 * The store of the states. Workers on several machines share a table; without one, the processes of this machine share
 * a folder.
 */
const { ORDERS_TABLE: table } = process.env;
const store = table ? dynamodb({ table }) : directory(join(tmpdir(), 'stepwright-orders'));

/**
 * Sums the orders of a file, as a batch job: reads a file of any length with little memory, reports the progress, stops
 * when its worker drains, and goes on where the last run has stopped or was killed, on any worker that shares the store
 * and sees the same files.
 */
@Activity('arn:aws:states:ap-northeast-1:123456789012:activity:SumOrdersActivity', { concurrency: 2 })
export class SumOrdersActivity {
  @Handle({
    throws: ['Interrupted', 'BadOrder'],
    checkpoint: { store, key: ({ file }: SumOrdersInput) => file, keep: '7d' },
  })
  async sum({ file }: SumOrdersInput, task: TaskContext): Promise<object> {
    const { size } = await stat(file);
    const done = await this.#resume(size, task);
    let saved = done.lines;
    for await (const lines of linesFrom(file, done.offset)) {
      for (const { text, bytes } of lines) {
        if (text !== '') count(done, text);
        done.offset += bytes;
        done.lines++;
      }
      const progress = { fraction: done.offset / size, message: `${done.lines} lines` };
      const stopping = task.signal.aborted || task.shuttingDown.aborted;
      if (stopping || done.lines - saved >= LINES_BETWEEN_CHECKPOINTS) {
        await task.checkpoint.save(done, progress);
        saved = done.lines;
      } else task.progress(progress.fraction, progress.message);
      if (stopping) throw new ActivityFailure('Interrupted', `stopped after ${done.lines} lines`);
    }
    const cents = Object.values(done.cents).reduce((sum, each) => sum + each, 0);
    return { lines: done.lines, customers: Object.keys(done.cents).length, cents };
  }

  async #resume(size: number, task: TaskContext): Promise<SumState> {
    const saved = await task.checkpoint.load(SumState);
    if (saved?.size !== size) return { size, offset: 0, lines: 0, cents: {} };
    task.log.info({ lines: saved.lines }, 'going on where an earlier run has left off');
    return saved;
  }
}

function count(done: SumState, text: string): void {
  const { customer, cents } = orderOf(text, done.lines + 1);
  done.cents[customer] = (done.cents[customer] ?? 0) + cents;
}

function orderOf(text: string, line: number): { customer: string; cents: number } {
  try {
    return JSON.parse(text) as { customer: string; cents: number };
  } catch (cause) {
    throw new ActivityFailure('BadOrder', `line ${line} is no JSON`, { line }, { cause });
  }
}

/**
 * Yields the lines of a file from an offset on, several at a time, each with its length in bytes, the line's end
 * included.
 */
async function* linesFrom(
  file: string,
  offset: number,
): AsyncGenerator<readonly { readonly text: string; readonly bytes: number }[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { start: offset }) as AsyncIterable<Buffer>) {
    const text = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const lines: { text: string; bytes: number }[] = [];
    let from = 0;
    for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10, from)) {
      lines.push({ text: text.toString('utf8', from, end).trim(), bytes: end + 1 - from });
      from = end + 1;
    }
    rest = text.subarray(from);
    if (lines.length > 0) yield lines;
  }
  if (rest.length > 0) yield [{ text: rest.toString('utf8').trim(), bytes: rest.length }];
}
