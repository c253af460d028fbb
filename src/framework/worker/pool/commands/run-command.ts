import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Cancel, systemClock } from '../../../base/time/clock.js';
import { ActivityFailure } from '../../../declare/activity-failure.js';
import type { TaskContext } from '../../../declare/task-context.js';
import { OWN_ERROR, Refusal } from '../../handler/outcome/own-errors.js';
import { CommandFailed, exitData, type ProgramExit } from '../program-exit.js';
import { Program, type ProgramOptions } from './program.js';
import { checkOptions, type CommandOptions, type CommandPlan } from './options.js';
import { ProgramOutput } from './program-output.js';
import { PAYLOAD_LIMIT_BYTES } from '../../../base/size.js';

/**
 * Runs a program for a task, in any language, and returns its result. The lines that the program prints are written to
 * the task's log, or become its progress. When the task's signal aborts, the program's whole process group gets
 * SIGTERM, and SIGKILL after `killAfter`.
 *
 * Resolves when the program has exited, even if a process that it started keeps its pipes open; such processes are
 * ended.
 * @returns the program's standard output if it is one JSON text, else its last line, or the content of its output file.
 * @throws the signal's reason if the signal aborted.
 * @throws ActivityFailure if the exit code is in `errors`, or the program exits with an error and its result
 * names one.
 * @throws {@link CommandFailed} for any other exit code except 0, for a signal, for a limit, or if the program can't be
 * started.
 */
export async function runCommand(
  task: TaskContext,
  file: string,
  args: readonly string[] = [],
  options: CommandOptions = {},
): Promise<unknown> {
  const plan = checkOptions(options);
  task.signal.throwIfAborted();
  const folder = plan.usesFiles ? await mkdtemp(join(tmpdir(), 'stepwright-')) : undefined;
  try {
    return await new CommandRun(task, { file, args, plan, folder }).run();
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly plan: CommandPlan;
  /** The temporary folder with the program's input and output files; undefined if neither is used. */
  readonly folder: string | undefined;
}

/** The reason for which a program was stopped before it exited by itself. */
type Stopped = { readonly why: 'aborted' } | { readonly why: 'limit'; readonly message: string };

/** Runs a program once: passes it the input, and reads the result. */
class CommandRun {
  /** The program's input as JSON text. */
  readonly #input: string;
  readonly #inputFile: string;
  readonly #outputFile: string;
  readonly #output: ProgramOutput;
  #bytes = 0;
  #program: Program | undefined;
  #stopped: Stopped | undefined;

  constructor(
    private readonly task: TaskContext,
    private readonly command: Command,
  ) {
    const { plan, folder = '' } = command;
    this.#input = plan.input === undefined ? task.rawInput : JSON.stringify(plan.input);
    this.#inputFile = join(folder, 'input.json');
    this.#outputFile = join(folder, 'output.json');
    this.#output = new ProgramOutput(task);
  }

  async run(): Promise<unknown> {
    if (this.command.plan.inputAs === 'file') await writeFile(this.#inputFile, this.#input);
    this.task.signal.throwIfAborted();
    const program = new Program(this.#programOptions());
    this.#program = program;
    const unwatch = this.#watch();
    try {
      const exit = await program.exited;
      this.#output.end();
      this.#throwFailure(exit);
      return await this.#result();
    } finally {
      unwatch();
    }
  }

  #programOptions(): ProgramOptions {
    const { file, args, plan } = this.command;
    const { cwd, memoryMb, killAfterMs, inputAs, outputFrom } = plan;
    return {
      file,
      cwd,
      memoryMb,
      killAfterMs,
      args: [...args, ...inputArgs(plan, this.#input)],
      env: {
        ...process.env,
        ...(inputAs === 'env' && { STEPWRIGHT_INPUT: this.#input }),
        ...(inputAs === 'file' && { STEPWRIGHT_INPUT_FILE: this.#inputFile }),
        ...(outputFrom === 'file' && { STEPWRIGHT_OUTPUT_FILE: this.#outputFile }),
        ...plan.env,
      },
      stdin: inputAs === 'stdin' ? this.#input : undefined,
      onOutput: (stream, chunk) => this.#onOutput(stream, chunk),
    };
  }

  #onOutput(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    const { outputLimit } = this.command.plan;
    this.#bytes += chunk.length;
    if (this.#bytes > outputLimit)
      this.#stop({ why: 'limit', message: `printed more than ${outputLimit} bytes` });
    else this.#output.add(stream, chunk);
  }

  /**
   * Watches the task's signal and the program's time limit, and stops the program when the signal aborts or the limit
   * is over. @returns a function that stops watching
   */
  #watch(): Cancel {
    const { signal } = this.task;
    const { timeout, timeoutMs } = this.command.plan;
    const onAbort = (): void => this.#stop({ why: 'aborted' });
    const onTimeout = (): void => this.#stop({ why: 'limit', message: `did not end within ${timeout}` });
    signal.addEventListener('abort', onAbort, { once: true });
    const cancel = timeoutMs === undefined ? undefined : systemClock.after(timeoutMs, onTimeout);
    return () => {
      cancel?.();
      signal.removeEventListener('abort', onAbort);
    };
  }

  #stop(reason: Stopped): void {
    this.#stopped ??= reason;
    this.#program?.stop();
  }

  #throwFailure(exit: ProgramExit): void {
    const { file, plan } = this.command;
    if (this.#stopped?.why === 'aborted') throw this.task.signal.reason;
    if (this.#stopped)
      throw new CommandFailed(`${basename(file)} ${this.#stopped.message}: it was ended`, exit);
    if (exit.exitCode !== 0) throw failureOf(file, exit, plan.errors, this.#output);
  }

  async #result(): Promise<unknown> {
    const { outputFrom } = this.command.plan;
    if (outputFrom === 'none') return null;
    return outputFrom === 'file' ? readOutput(this.#outputFile) : this.#output.result();
  }
}

/**
 * Returns the command line arguments that contain the input. If the input is a list of texts, each text is an argument.
 * Otherwise the whole JSON text is one argument.
 */
function inputArgs({ inputAs }: CommandPlan, text: string): readonly string[] {
  if (inputAs !== 'args') return [];
  const input: unknown = JSON.parse(text);
  return Array.isArray(input) && input.every((each) => typeof each === 'string') ? input : [text];
}

function failureOf(
  file: string,
  exit: ProgramExit,
  errors: Readonly<Record<string, string>>,
  { failure }: ProgramOutput,
): Error {
  const how = exit.signal === null ? `ended with exit code ${exit.exitCode}` : `was ended by ${exit.signal}`;
  const last = exit.stderr.split('\n').at(-1);
  const message = `${basename(file)} ${how}${last ? `: ${last}` : ''}`;
  const name = exit.exitCode === null ? undefined : (errors[exit.exitCode] ?? failure?.error);
  if (name === undefined) return new CommandFailed(message, exit);
  const named = new ActivityFailure(name, failure?.cause ?? message, exitData(exit));
  // The stack is replaced, since it would only show this file.
  return Object.assign(named, { stack: `${named.name}: ${named.message}` });
}

async function readOutput(file: string): Promise<unknown> {
  const size = await stat(file).then(
    ({ size: bytes }) => bytes,
    () => undefined,
  );
  if (size === undefined)
    throw new Refusal(OWN_ERROR.invalidOutput, 'the program wrote nothing to STEPWRIGHT_OUTPUT_FILE');
  if (size > PAYLOAD_LIMIT_BYTES)
    throw new Refusal(
      OWN_ERROR.outputTooLarge,
      `the program wrote ${size} bytes to STEPWRIGHT_OUTPUT_FILE; at most ${PAYLOAD_LIMIT_BYTES} are allowed`,
    );
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (error) {
    const { message } = error as Error;
    throw new Refusal(
      OWN_ERROR.invalidOutput,
      `what the program wrote to STEPWRIGHT_OUTPUT_FILE is no JSON: ${message}`,
    );
  }
}
