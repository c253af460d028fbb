import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { Config } from '../config/config.js';
import { badValue, type Flags, unknownVariables } from '../config/sources.js';
import { Activity, Handle } from '../declare/decorators.js';
import type { Constructor } from '../declare/class.js';
import { isReserved } from '../declare/activity-failure.js';
import type { TaskContext } from '../declare/task-context.js';
import type { Problem } from '../base/errors.js';
import { readDigits } from '../declare/option-rules.js';
import { show } from '../base/show.js';
import { checkOptions, type CommandOptions } from '../worker/pool/commands/options.js';
import { runCommand } from '../worker/pool/commands/run-command.js';
import type { LogFlags } from './flags/log-flags.js';
import { showEndpoint } from '../aws/endpoint.js';
import { makePlan } from '../worker/build/plan.js';
import { logActivities, logDrain, logWarnings, WAITING } from './output/banner.js';
import { loadConfigIfAny } from './project/config-file.js';
import { logWithTasks } from './start/task-log.js';
import { checkPlanHere, runWorker } from './start/run-worker.js';
import { stopSignal } from './process/signals.js';
import { isPlainObject, parseJson } from '../base/json.js';
import { OWN_ERROR, Refusal } from '../worker/handler/outcome/own-errors.js';
import { systemClock } from '../base/time/clock.js';
import { Program } from '../worker/pool/commands/program.js';

/** The flags that only `exec` has. */
export interface ExecFlags {
  readonly activity: string;
  readonly input?: string;
  readonly output?: string;
  readonly error?: readonly string[];
  readonly killAfter?: string;
  readonly memoryMb?: string;
  /** Names of the fields of the input that the program gets as variables, and that its output has again. */
  readonly passThrough?: readonly string[];
  /** A shell command that has to succeed before each poll. */
  readonly healthy?: string;
  /** JSON: the output where the program's is `null`. */
  readonly emptyOutput?: string;
}

/**
 * The environment variables of options that `exec` ignores. They choose the handlers and where these run, but `exec`
 * has only one handler, which is a program.
 */
const NOT_OF_EXEC = new Set(['STEPWRIGHT_ACTIVITIES', 'STEPWRIGHT_HANDLERS', 'STEPWRIGHT_RUN']);

/**
 * Runs a worker for one activity. For each task it runs a program. Connects to the same endpoint as `execute` would,
 * and starts no local service.
 * @returns the exit code
 * @throws StartError before anything runs
 */
export async function exec(
  command: readonly string[],
  flags: Flags,
  own: ExecFlags & LogFlags,
): Promise<number> {
  const { log, taskLog } = logWithTasks(own);
  const [file = '', ...args] = command;
  const options = commandOptions(own);
  const { config, baseDir } = await loadConfigIfAny(flags);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_OF_EXEC.has(name)));
  const activities = [commandActivity(own, (task, env) => runCommand(task, file, args, { ...options, env }))];
  const plan = await makePlan({ config: connectionOf(config, activities), baseDir, flags, env });
  const problems = [...plan.problems, ...flagProblems(own, options), ...missingProgram(file)];
  const stop = stopSignal(log, 'stopping: running programs get their grace; once more to stop at once');
  const beforePoll = own.healthy === undefined ? undefined : healthCheck(own.healthy, stop);
  const checked = await checkPlanHere({ ...plan, problems }, { log, stop, beforePoll });
  return runWorker(checked, checked.endpoint, { taskLog, stop }, (worker) => {
    logWarnings(log, unknownVariables(process.env));
    log.info(`Endpoint: ${showEndpoint(checked.endpoint)}`);
    logActivities(log, worker.status().handlers);
    logDrain(log, worker.longestDrainMs);
    worker.on('state', ({ to }) => {
      if (to === 'running') log.info(WAITING);
    });
  });
}

/**
 * Returns a project's config with `activities` as its only activities, and without anything else that belongs to its
 * own handlers: interceptors, `setup`, observers, and the options of individual handlers. The connection and the
 * options for all handlers stay.
 */
const connectionOf = (config: Config, activities: readonly Constructor[]): Config => ({
  ...config,
  activities,
  interceptors: [],
  handlers: {},
  run: 'main',
  setup: undefined,
  observe: [],
});

function commandActivity(
  { activity, passThrough = [], emptyOutput = 'null' }: ExecFlags,
  run: (task: TaskContext, env: Readonly<Record<string, string>>) => Promise<unknown>,
): Constructor {
  @Activity(activity, { concurrency: 1 })
  class Exec {
    @Handle({ input: 'any' })
    async run(input: unknown, task: TaskContext): Promise<unknown> {
      const fields = passedFields(input, passThrough);
      const output = await run(task, variablesOf(fields));
      return withFields(output ?? JSON.parse(emptyOutput), fields);
    }
  }
  return Exec;
}

const commandOptions = ({ input, output, error = [], killAfter, memoryMb }: ExecFlags): CommandOptions =>
  ({
    inputAs: input,
    outputFrom: output,
    errors: Object.fromEntries(error.map(codeAndName)),
    killAfter,
    memoryMb: memoryMb === undefined ? undefined : (readDigits(memoryMb) as number),
  }) as CommandOptions;

function codeAndName(text: string): [code: string, name: string] {
  const [code = '', ...name] = text.split('=');
  return [code, name.join('=')];
}

/** Finds mistakes in the flags that describe the program. */
function flagProblems(
  { error = [], passThrough = [], emptyOutput = 'null' }: ExecFlags,
  { killAfter, memoryMb }: CommandOptions,
): Problem[] {
  const named = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name);
  return [
    ...error.flatMap(errorProblems),
    ...passThrough.filter((name) => !named(name)).map((name) => badValue('--pass-through', FIELD, name)),
    ...(parseJson(emptyOutput) === undefined ? [badValue('--empty-output', EMPTY_OUTPUT, emptyOutput)] : []),
    ...refusal('--kill-after', { killAfter }),
    ...refusal('--memory-mb', { memoryMb }),
  ];
}

const FIELD = {
  expected: 'a name that an environment variable can have',
  fix: 'name a field of letters, digits and underscores, as in --pass-through _EXECUTION_NAME',
};
const EMPTY_OUTPUT = { expected: 'JSON', fix: "write it as in --empty-output '{}'" };
const ERROR = { expected: 'CODE=NAME', fix: 'write it as in --error 3=BadInput' };
const ERROR_CODE = {
  expected: 'an exit code from 1 to 255',
  fix: 'name one of a program that fails: with 0 the task succeeds',
};

const mistake = (where: string, what: string, fix: string): Problem => ({
  code: 'CONFIG_BAD_VALUE',
  where,
  what,
  fix,
});

function refusal(where: string, option: CommandOptions): Problem[] {
  try {
    checkOptions(option);
    return [];
  } catch (error) {
    return [mistake(where, (error as Error).message, `correct ${where}`)];
  }
}

function errorProblems(text: string): Problem[] {
  const [code, name] = codeAndName(text);
  if (!/^\d+$/.test(code) || name === '') return [badValue('--error', ERROR, text)];
  if (Number(code) < 1 || Number(code) > 255) return [badValue('--error', ERROR_CODE, text)];
  if (!isReserved(name)) return [];
  return [
    mistake(
      '--error',
      `${name} is no name to give: those that begin with States. are the service's, those with Stepwright. the worker's`,
      `choose one of your own, such as --error ${code}=${name.slice(name.indexOf('.') + 1) || 'BadInput'}`,
    ),
  ];
}

/** Returns a problem if the program doesn't exist or isn't executable. */
function missingProgram(file: string): Problem[] {
  const places = file.includes('/')
    ? [resolve(file)]
    : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, file));
  if (places.some(isProgram)) return [];
  return [
    {
      code: 'COMMAND_NOT_FOUND',
      where: `-- ${file}`,
      what: file.includes('/') ? `${places[0]} is no program that may be run` : 'it is in no folder of PATH',
      fix: 'install it, correct the name, or make it executable (chmod +x)',
    },
  ];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Returns the fields of a task's input that `--pass-through` names. A field that the input lacks is left out. */
const passedFields = (input: unknown, names: readonly string[]): Record<string, unknown> =>
  isPlainObject(input)
    ? Object.fromEntries(
        names.filter((name) => Object.hasOwn(input, name)).map((name) => [name, input[name]]),
      )
    : {};

/** Returns fields as environment variables. A value that is no text is written as JSON. */
const variablesOf = (fields: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );

/**
 * Returns the output with the fields in it. They replace fields of the same names, and `null` becomes an object.
 * @throws Refusal if there are fields and the output is no object
 */
function withFields(output: unknown, fields: Readonly<Record<string, unknown>>): unknown {
  const names = Object.keys(fields);
  if (names.length === 0) return output;
  if (output === null) return fields;
  if (isPlainObject(output)) return { ...output, ...fields };
  throw new Refusal(
    OWN_ERROR.invalidOutput,
    `--pass-through adds ${names.join(', ')} to the output, which has to be an object; the program's is ${show(output)}`,
  );
}

const CHECK_LIMIT_MS = 30_000;
/** The time between SIGTERM and SIGKILL for the processes of a check that has to end. */
const CHECK_KILL_AFTER_MS = 1_000;

/**
 * Returns a function that runs a shell command and resolves with undefined if it ends with 0, otherwise with an error
 * that says how it ended. Never rejects. After 30 s, or when the worker stops, the command and its processes are ended.
 */
const healthCheck = (command: string, stop: AbortSignal) => async (): Promise<Error | undefined> => {
  try {
    const how = await runCheck(command, stop);
    return how === undefined ? undefined : new Error(`--healthy '${command}' ${how}`);
  } catch (error) {
    return error as Error;
  }
};

/** Runs the command. @returns how it failed; undefined if it succeeded. @throws CommandFailed if it can't be started */
async function runCheck(command: string, stop: AbortSignal): Promise<string | undefined> {
  const program = new Program({
    file: '/bin/sh',
    args: ['-c', command],
    cwd: undefined,
    env: process.env,
    stdin: undefined,
    memoryMb: undefined,
    killAfterMs: CHECK_KILL_AFTER_MS,
    onOutput: () => {},
  });
  let ended: string | undefined;
  const end = (why: string): void => {
    ended ??= why;
    program.stop();
  };
  const onStop = (): void => end('was ended, because the worker stops');
  const cancel = systemClock.after(CHECK_LIMIT_MS, () =>
    end(`did not end within ${CHECK_LIMIT_MS / 1_000} s`),
  );
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();
  try {
    const { exitCode, signal, stderr } = await program.exited;
    if (ended !== undefined) return ended;
    if (exitCode === 0) return undefined;
    const last = stderr.trimEnd().split('\n').at(-1);
    const how = signal === null ? `ended with exit code ${exitCode}` : `was ended by ${signal}`;
    return `${how}${last ? `: ${last}` : ''}`;
  } finally {
    cancel();
    stop.removeEventListener('abort', onStop);
  }
}
