import { StringDecoder } from 'node:string_decoder';
import { systemClock } from '../../../base/time/clock.js';
import type { TaskContext } from '../../../declare/task-context.js';
import { isPlainObject } from '../../../base/json.js';
import { OWN_ERROR, Refusal } from '../../handler/outcome/own-errors.js';
import { PAYLOAD_LIMIT_BYTES } from '../../../base/size.js';

/** The maximum length of a line that can be a task's output, in bytes. A longer line is not kept whole. */
const LINE_LIMIT = PAYLOAD_LIMIT_BYTES;
/** The most characters of standard output that are kept to be read as one JSON text. Beyond it, the last line is kept. */
const KEPT_CHARACTERS = 4 * PAYLOAD_LIMIT_BYTES;
/**
 * The most characters of a printed line that are logged. `LOGGED_PER_SECOND`: the most lines that are logged in a
 * second.
 */
const LOGGED_CHARACTERS = 2_000;
const LOGGED_PER_SECOND = 100;

/**
 * The output of a program. Its lines are written to the task's log. Lines such as `{"progress": 0.4, "message": "…"}`
 * become the task's progress. The rest of standard output is the result if it is one JSON text, else its last line is.
 * Only a limited part of the output is kept in memory.
 */
export class ProgramOutput {
  readonly #lines = {
    stdout: new Lines((line) => this.#stdout(line)),
    stderr: new Lines((line) => this.#log('stderr', line)),
  };
  /** The lines of standard output, or its last one if they are too long to be kept. */
  #kept: string[] = [];
  #keptCharacters = 0;
  #second = Number.NEGATIVE_INFINITY;
  #logged = 0;
  #dropped = 0;

  constructor(private readonly task: TaskContext) {}

  add(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    this.#lines[stream].add(chunk);
  }

  /** Ends both streams. If their last text has no line break, it is treated as a line. */
  end(): void {
    this.#lines.stdout.end();
    this.#lines.stderr.end();
    this.#logDropped();
  }

  /**
   * Returns the value of standard output if all of it is one JSON text, else that of its last line; null if nothing was
   * printed.
   * @throws Refusal if neither is JSON.
   */
  result(): unknown {
    const last = this.#kept.at(-1);
    if (last === undefined) return null;
    if (last.length > LINE_LIMIT)
      throw new Refusal(
        OWN_ERROR.outputTooLarge,
        `the program printed a line of more than ${LINE_LIMIT} bytes`,
      );
    const parsed = this.#parsed();
    if (parsed) return parsed.value;
    throw new Refusal(
      OWN_ERROR.invalidOutput,
      `expected standard output, or its last line, to be JSON; got the last line ${JSON.stringify(last.slice(0, 200))}: print the result as JSON, on the last line or alone`,
    );
  }

  /** The failure that the result names, such as `{"error": "BadInput", "cause": "…"}`; undefined if it names none. */
  get failure(): { readonly error: string; readonly cause: string | undefined } | undefined {
    const value = this.#parsed()?.value;
    if (!isPlainObject(value) || typeof value['error'] !== 'string' || value['error'] === '')
      return undefined;
    const { error, cause } = value;
    return { error, cause: typeof cause === 'string' ? cause : undefined };
  }

  #parsed(): { readonly value: unknown } | undefined {
    return parse(this.#kept.join('\n')) ?? parse(this.#kept.at(-1) ?? '');
  }

  #stdout(line: string): void {
    const progress =
      line.startsWith('{"progress"') || line.startsWith('{ "progress"') ? parse(line)?.value : undefined;
    if (isPlainObject(progress)) {
      const { progress: fraction, message } = progress;
      return this.task.progress(
        typeof fraction === 'number' ? fraction : undefined,
        typeof message === 'string' ? message : undefined,
      );
    }
    this.#log('stdout', line);
    this.#keep(line);
  }

  #keep(line: string): void {
    this.#keptCharacters += line.length;
    if (this.#keptCharacters > KEPT_CHARACTERS) this.#kept = [line];
    else this.#kept.push(line);
  }

  #log(stream: 'stdout' | 'stderr', line: string): void {
    const second = Math.floor(systemClock.now() / 1000);
    if (second !== this.#second) {
      this.#logDropped();
      this.#second = second;
      this.#logged = 0;
    }
    if (this.#logged++ < LOGGED_PER_SECOND) this.task.log.info({ stream }, line.slice(0, LOGGED_CHARACTERS));
    else this.#dropped++;
  }

  #logDropped(): void {
    if (this.#dropped > 0)
      this.task.log.warn({ lines: this.#dropped }, 'the program prints faster than its lines are logged');
    this.#dropped = 0;
  }
}

/**
 * Splits a stream into lines, and skips empty ones. A line that is longer than `LINE_LIMIT` is cut off somewhat after
 * that limit.
 */
class Lines {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(private readonly onLine: (line: string) => void) {}

  add(chunk: Buffer): void {
    const [first = '', ...lines] = this.#decoder.write(chunk).split('\n');
    if (this.#rest.length <= LINE_LIMIT) this.#rest += first;
    for (const line of lines) {
      this.#emitLine();
      this.#rest = line;
    }
  }

  end(): void {
    this.#rest += this.#decoder.end();
    this.#emitLine();
  }

  #emitLine(): void {
    const line = this.#rest.trim();
    this.#rest = '';
    if (line !== '') this.onLine(line);
  }
}

function parse(line: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(line) as unknown };
  } catch {
    return undefined;
  }
}
