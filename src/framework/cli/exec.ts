import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { Config } from '../config/config.js';
import type { Flags } from '../config/texts.js';
import { Activity, Handle } from '../declare/decorators.js';
import type { Constructor } from '../declare/definition.js';
import type { TaskContext } from '../declare/task-context.js';
import { type Problem, StartError } from '../errors.js';
import { checkOptions, type CommandOptions } from '../executor/commands/options.js';
import { runCommand } from '../executor/commands/run-command.js';
import type { Logger } from '../log.js';
import { showEndpoint } from '../service/endpoint.js';
import { makePlan } from '../worker/start/plan.js';
import { sayActivities, sayDrain, WAITING } from './banner.js';
import { loadConfigIfAny } from './project/config-file.js';
import { runWorker } from './start/run-worker.js';
import { stopSignal } from './signals.js';

/** What only `exec` has flags for. */
export interface ExecFlags {
  readonly activity: string;
  readonly input?: string;
  readonly output?: string;
  readonly error?: readonly string[];
  readonly killAfter?: string;
  readonly memoryMb?: string;
}

/** What would make another worker of it. */
const NOT_OF_EXEC = new Set(['STEPWRIGHT_ACTIVITIES', 'STEPWRIGHT_HANDLERS', 'STEPWRIGHT_RUN']);

/**
 * Runs a worker for one activity whose tasks are a program's: it connects as `execute` does and starts no service.
 * @returns the exit code. @throws StartError before anything runs.
 */
export async function exec(
  command: readonly string[],
  flags: Flags,
  own: ExecFlags,
  log: Logger,
): Promise<number> {
  const [file = '', ...args] = command;
  const options = commandOptions(own);
  const { config, baseDir } = await loadConfigIfAny(flags.texts['config'], process.cwd());
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_OF_EXEC.has(name)));
  const activities = [commandActivity(own.activity, file, args, options)];
  const plan = await makePlan({ config: connectionOf(config, activities), baseDir, flags, env });
  const problems = [...plan.problems, ...missingProgram(file)];
  const stop = stopSignal(log, 'stopping: running programs get their grace; once more to stop at once');
  return runWorker({ ...plan, problems }, { log, stop }, (worker) => {
    if (plan.endpoint) log.info(`Endpoint: ${showEndpoint(plan.endpoint)}`);
    sayActivities(log, worker.status().handlers);
    sayDrain(log, worker.longestDrainMs);
    worker.on('state', ({ to }) => {
      if (to === 'running') log.info(WAITING);
    });
  });
}

/** Of a project's config what is said of the connection and of all handlers: its activities are not run here. */
const connectionOf = (config: Config, activities: readonly Constructor[]): Config => ({
  ...config,
  ...{ activities, interceptors: [], handlers: {}, run: 'main', setup: undefined, observe: [] },
});

function commandActivity(
  activity: string,
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Constructor {
  @Activity(activity, { concurrency: 1 })
  class Exec {
    @Handle({ input: 'any' })
    run(_input: unknown, task: TaskContext): Promise<unknown> {
      return runCommand(task, file, args, options);
    }
  }
  return Exec;
}

/** @throws Error for a flag that means nothing. */
function commandOptions({ input, output, error = [], killAfter, memoryMb }: ExecFlags): CommandOptions {
  const options = {
    inputAs: input,
    outputFrom: output,
    errors: Object.fromEntries(error.map(errorName)),
    killAfter,
    memoryMb: memoryMb === undefined ? undefined : Number(memoryMb),
  } as CommandOptions;
  checkOptions(options);
  return options;
}

function errorName(text: string): [string, string] {
  const [, code, name] = /^(\d+)=(.+)$/.exec(text) ?? [];
  if (code === undefined || name === undefined)
    throw new Error(`--error: expected CODE=NAME, such as 3=BadInput, got ${JSON.stringify(text)}`);
  return [code, name];
}

/** Whether the program is there; what to say where it is not. */
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

/** @throws StartError where no activity was named. */
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
