import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { Config } from '../../config/config.js';
import type { Flags } from '../../config/layers.js';
import { Activity, Handle } from '../../declare/decorators.js';
import type { Constructor } from '../../declare/class.js';
import { isReserved } from '../../declare/activity-failure.js';
import type { TaskContext } from '../../declare/task-context.js';
import { type Problem, StartError } from '../../base/errors.js';
import { isJson, readDigits } from '../../declare/rule.js';
import { show } from '../../base/show.js';
import { checkOptions, type CommandOptions } from '../../worker/pool/commands/options.js';
import { runCommand } from '../../worker/pool/commands/run-command.js';
import type { Logger } from '../../base/log/log.js';
import { showEndpoint } from '../../aws/endpoint.js';
import { makePlan } from '../../worker/build/plan.js';
import { logActivities, logWarnings, logDrain, WAITING } from '../output/banner.js';
import { loadConfigIfAny } from '../project/config-file.js';
import type { Worker } from '../../worker/worker.js';
import type { TaskLog } from '../start/task-log.js';
import { runWorker } from '../start/run-worker.js';
import { unknownVariables } from '../../config/unknown-variables.js';
import { stopSignal } from '../process/signals.js';
import { healthCheck } from './health-check.js';
import { PassedFields } from './passed-fields.js';

/** The flags that only `exec` has. */
export interface ExecFlags {
  readonly activity: string;
  readonly input?: string;
  readonly output?: string;
  readonly error?: readonly string[];
  readonly killAfter?: string;
  readonly memoryMb?: string;
  /** Names of fields of the input, for {@link PassedFields}. */
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
  own: ExecFlags,
  { log, taskLog }: { readonly log: Logger; readonly taskLog: TaskLog },
): Promise<number> {
  const [file = '', ...args] = command;
  const options = commandOptions(own);
  const { config, baseDir } = await loadConfigIfAny(flags.texts['config'], process.cwd());
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_OF_EXEC.has(name)));
  const activities = [commandActivity(own, (task, env) => runCommand(task, file, args, { ...options, env }))];
  const plan = await makePlan({ config: connectionOf(config, activities), baseDir, flags, env });
  const problems = [...plan.problems, ...flagProblems(own, options), ...missingProgram(file)];
  const stop = stopSignal(log, 'stopping: running programs get their grace; once more to stop at once');
  const announce = (worker: Worker): void => {
    logWarnings(log, unknownVariables(process.env));
    if (plan.endpoint) log.info(`Endpoint: ${showEndpoint(plan.endpoint)}`);
    logActivities(log, worker.status().handlers);
    logDrain(log, worker.longestDrainMs);
    worker.on('state', ({ to }) => {
      if (to === 'running') log.info(WAITING);
    });
    void taskLog.follow(worker, plan.endpoint);
  };
  try {
    const beforePoll = own.healthy === undefined ? undefined : healthCheck(own.healthy, stop);
    return await runWorker({ ...plan, problems }, { log, stop, ...(beforePoll && { beforePoll }) }, announce);
  } finally {
    await taskLog.close();
  }
}

/**
 * Returns a project's config with `activities` as its only activities, and without anything else that belongs to its
 * own handlers: interceptors, `setup`, observers, and the options of individual handlers. The connection and the
 * options for all handlers stay.
 */
const connectionOf = (config: Config, activities: readonly Constructor[]): Config => ({
  ...config,
  ...{ activities, interceptors: [], handlers: {}, run: 'main', setup: undefined, observe: [] },
});

function commandActivity(
  { activity, passThrough = [], emptyOutput = 'null' }: ExecFlags,
  run: (task: TaskContext, env: Readonly<Record<string, string>>) => Promise<unknown>,
): Constructor {
  @Activity(activity, { concurrency: 1 })
  class Exec {
    @Handle({ input: 'any' })
    async run(input: unknown, task: TaskContext): Promise<unknown> {
      const fields = new PassedFields(input, passThrough);
      const output = await run(task, fields.env);
      return fields.addTo(output ?? JSON.parse(emptyOutput));
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
  return [
    ...error.flatMap(errorProblems),
    ...passThrough.filter((name) => !/^[A-Za-z_]\w*$/.test(name)).map(noVariable),
    ...(isJson(emptyOutput) ? [] : [noJson(emptyOutput)]),
    ...refusal('--kill-after', { killAfter }),
    ...refusal('--memory-mb', { memoryMb }),
  ];
}

const noVariable = (name: string): Problem => ({
  code: 'CONFIG_BAD_VALUE',
  where: '--pass-through',
  what: `expected a name that an environment variable can have, got ${show(name)}`,
  fix: 'name a field of letters, digits and underscores, as in --pass-through _EXECUTION_NAME',
});

const noJson = (text: string): Problem => ({
  code: 'CONFIG_BAD_VALUE',
  where: '--empty-output',
  what: `expected JSON, got ${show(text)}`,
  fix: "write it as in --empty-output '{}'",
});

function refusal(where: string, option: CommandOptions): Problem[] {
  try {
    checkOptions(option);
    return [];
  } catch (error) {
    return [{ code: 'CONFIG_BAD_VALUE', where, what: (error as Error).message, fix: `correct ${where}` }];
  }
}

function errorProblems(text: string): Problem[] {
  const [code, name] = codeAndName(text);
  const problem = (what: string, fix: string): Problem[] => [
    { code: 'CONFIG_BAD_VALUE', where: '--error', what, fix },
  ];
  if (!/^\d+$/.test(code) || name === '')
    return problem(`expected CODE=NAME, got ${show(text)}`, 'write it as in --error 3=BadInput');
  if (Number(code) < 1 || Number(code) > 255)
    return problem(
      `expected an exit code from 1 to 255, got ${show(text)}`,
      'name one of a program that fails: with 0 the task succeeds',
    );
  if (isReserved(name))
    return problem(
      `${name} is no name to give: those that begin with States. are the service's, those with Stepwright. the worker's`,
      `choose one of your own, such as --error ${code}=${name.slice(name.indexOf('.') + 1) || 'BadInput'}`,
    );
  return [];
}

/** Returns a problem if the program doesn't exist or isn't executable. */
export function missingProgram(file: string): Problem[] {
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

/** Returns the value of the flag `--activity`. @throws StartError if the flag is missing */
export function activityNamed(activity: string | undefined): string {
  if (activity) return activity;
  throw new StartError([
    {
      code: 'ACTIVITY_REF_INVALID',
      where: '--activity',
      what: 'it is missing',
      fix: 'name the activity: stepwright exec --activity ARN|NAME -- PROGRAM ARGUMENTS',
    },
  ]);
}
