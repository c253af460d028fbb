import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { systemClock } from '../../../base/time/clock.js';
import { ActivityFailure } from '../../../declare/activity-failure.js';
import type { TaskContext } from '../../../declare/task-context.js';
import { Refusal } from '../../handler/outcome/refusal.js';
import { OUTPUT_LIMIT_BYTES } from '../../handler/outcome/outcome.js';
import { OWN_ERROR } from '../../handler/outcome/own-error.js';
import { endData, type ProgramEnd } from '../groups.js';
import { CommandFailed } from './command-failed.js';
import { checkOptions, type CommandOptions, type CommandPlan } from './options.js';
import { Printed } from './printed.js';

/** Why a program was stopped before its own end. */
type Stopped = { readonly why: 'aborted' } | { readonly why: 'limit'; readonly message: string };

/**
 * Runs a program for a task, in any language, and gives its result. What it prints becomes lines of the task's log and
 * its progress. It ends with the task: when the signal aborts, the whole process group gets SIGTERM, and SIGKILL after
 * `killAfter`. Resolves when the program has ended, whoever still holds its pipes; what it leaves running is ended.
 * @returns the last line of JSON on its standard output, or what it wrote to its output file.
 * @throws the signal's reason where that aborted; an ActivityFailure for an exit code in `errors`, or where its last line
 * of JSON names an error; else
 * {@link CommandFailed}, for any other exit code but 0, a signal, a limit, or a program that can't be started.
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
    return await run(task, file, args, plan, folder);
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function run(
  task: TaskContext,
  file: string,
  args: readonly string[],
  plan: CommandPlan,
  folder: string | undefined,
): Promise<unknown> {
  const text = plan.input === undefined ? task.rawInput : JSON.stringify(plan.input);
  const files = { input: join(folder ?? '', 'input.json'), output: join(folder ?? '', 'output.json') };
  if (plan.inputAs === 'file') await writeFile(files.input, text);
  // Only where one runs: whoever imports the framework, a test bed too, need not load what starts processes.
  const { Program } = await import('./program.js');
  task.signal.throwIfAborted();
  const printed = new Printed(task);
  let stopped: Stopped | undefined;
  let bytes = 0;
  const stop = (reason: Stopped): void => {
    stopped ??= reason;
    program.stop();
  };
  const program = new Program({
    ...{ file, cwd: plan.cwd, memoryMb: plan.memoryMb, killAfterMs: plan.killAfterMs },
    args: [...args, ...inputArgs(plan, text)],
    env: {
      ...process.env,
      ...(plan.inputAs === 'env' && { STEPWRIGHT_INPUT: text }),
      ...(plan.inputAs === 'file' && { STEPWRIGHT_INPUT_FILE: files.input }),
      ...(plan.outputFrom === 'file' && { STEPWRIGHT_OUTPUT_FILE: files.output }),
      ...plan.env,
    },
    stdin: plan.inputAs === 'stdin' ? text : undefined,
    onOutput: (stream, chunk) => {
      bytes += chunk.length;
      if (bytes > plan.outputLimit)
        stop({ why: 'limit', message: `printed more than ${plan.outputLimit} bytes` });
      else printed.add(stream, chunk);
    },
  });
  const over = new AbortController();
  const onAbort = (): void => stop({ why: 'aborted' });
  task.signal.addEventListener('abort', onAbort, { once: true, signal: over.signal });
  const cancel =
    plan.timeoutMs === undefined
      ? undefined
      : systemClock.after(plan.timeoutMs, () =>
          stop({ why: 'limit', message: `did not end within ${plan.timeout}` }),
        );
  try {
    const end = await program.ended;
    printed.end();
    if (stopped?.why === 'aborted') throw task.signal.reason;
    if (stopped) throw new CommandFailed(`${basename(file)} ${stopped.message}: it was ended`, end);
    if (end.exitCode !== 0) throw failureOf(file, end, plan.errors, printed);
    return plan.outputFrom === 'file'
      ? await readOutput(files.output)
      : plan.outputFrom === 'stdout'
        ? printed.result()
        : null;
  } finally {
    cancel?.();
    over.abort();
  }
}

/** A list of texts is the arguments themselves; anything else is one of them, as JSON. */
function inputArgs({ inputAs }: CommandPlan, text: string): readonly string[] {
  if (inputAs !== 'args') return [];
  const input: unknown = JSON.parse(text);
  return Array.isArray(input) && input.every((each) => typeof each === 'string') ? input : [text];
}

function failureOf(
  file: string,
  end: ProgramEnd,
  errors: Readonly<Record<string, string>>,
  { failure }: Printed,
): Error {
  const how = end.signal === null ? `ended with exit code ${end.exitCode}` : `was ended by ${end.signal}`;
  const last = end.stderr.split('\n').at(-1);
  const message = `${basename(file)} ${how}${last ? `: ${last}` : ''}`;
  const name = end.exitCode === null ? undefined : (errors[end.exitCode] ?? failure?.error);
  if (name === undefined) return new CommandFailed(message, end);
  const named = new ActivityFailure(name, failure?.cause ?? message, endData(end));
  // It was made here, which is no place that anybody looks for.
  return Object.assign(named, { stack: `${named.name}: ${named.message}` });
}

async function readOutput(file: string): Promise<unknown> {
  const size = await stat(file).then(
    ({ size: bytes }) => bytes,
    () => undefined,
  );
  if (size === undefined)
    throw new Refusal(OWN_ERROR.invalidOutput, 'the program wrote nothing to STEPWRIGHT_OUTPUT_FILE');
  if (size > OUTPUT_LIMIT_BYTES)
    throw new Refusal(
      OWN_ERROR.outputTooLarge,
      `the program wrote ${size} bytes to STEPWRIGHT_OUTPUT_FILE; at most ${OUTPUT_LIMIT_BYTES} are allowed`,
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
