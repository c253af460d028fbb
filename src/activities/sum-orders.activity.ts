import { createReadStream } from 'node:fs';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { IsNotEmpty, IsString } from 'class-validator';
import { Activity, ActivityFailure, Handle, type TaskContext } from '../framework/index.js';

export class SumOrdersInput {
  /** The path of a file with one order a line, as in `{"customer":"ann","cents":250}`. */
  @IsString() @IsNotEmpty() file!: string;
}

/** The progress of a run, for the next run to go on from. */
interface Checkpoint {
  /** The size of the summed file in bytes: a checkpoint of another file does not count. */
  readonly size: number;
  /** The bytes of the file that are summed, up to the end of a line. */
  offset: number;
  lines: number;
  readonly cents: Record<string, number>;
}

const LINES_BETWEEN_CHECKPOINTS = 50_000;

/**
 * Sums the orders of a file, as a batch job: reads a file of any length with little memory, reports the progress, stops
 * when its worker drains, and goes on where the last run has stopped, on any worker that sees the same files.
 */
@Activity('arn:aws:states:ap-northeast-1:123456789012:activity:SumOrdersActivity', { concurrency: 2 })
export class SumOrdersActivity {
  @Handle({ throws: ['Interrupted', 'BadOrder'] })
  async sum({ file }: SumOrdersInput, task: TaskContext): Promise<object> {
    const { size } = await stat(file);
    const done = await this.#resume(file, size);
    if (done.offset > 0) task.log.info({ lines: done.lines }, 'going on where an earlier run has left off');
    let saved = done.lines;
    for await (const lines of linesFrom(file, done.offset)) {
      for (const { text, bytes } of lines) {
        if (text !== '') count(done, text);
        done.offset += bytes;
        done.lines++;
      }
      task.progress(done.offset / size, `${done.lines} lines`);
      const stopping = task.signal.aborted || task.shuttingDown.aborted;
      if (stopping || done.lines - saved >= LINES_BETWEEN_CHECKPOINTS) {
        await this.#save(file, done);
        saved = done.lines;
      }
      if (stopping) throw new ActivityFailure('Interrupted', `stopped after ${done.lines} lines`);
    }
    await rm(checkpointOf(file), { force: true });
    const cents = Object.values(done.cents).reduce((sum, each) => sum + each, 0);
    return { lines: done.lines, customers: Object.keys(done.cents).length, cents };
  }

  async #resume(file: string, size: number): Promise<Checkpoint> {
    const none: Checkpoint = { size, offset: 0, lines: 0, cents: {} };
    try {
      const saved = JSON.parse(await readFile(checkpointOf(file), 'utf8')) as Checkpoint;
      return saved.size === size ? saved : none;
    } catch {
      return none;
    }
  }

  /** Replaces the checkpoint in one step: where a run is killed meanwhile, the earlier checkpoint stays whole. */
  async #save(file: string, done: Checkpoint): Promise<void> {
    const path = checkpointOf(file);
    await writeFile(`${path}.new`, JSON.stringify(done));
    await rename(`${path}.new`, path);
  }
}

const checkpointOf = (file: string): string => `${file}.checkpoint`;

function count(done: Checkpoint, text: string): void {
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
