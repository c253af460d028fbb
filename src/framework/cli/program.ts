import '../base/reflect-metadata.js';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Command as CommandOf, Option as OptionOf } from 'commander';
import { OPTIONS } from '../config/config.js';
import { type Flags, flagOf } from '../config/layers.js';
import type { Option as OptionRow } from '../declare/rule.js';
import { writeErrorSync } from '../base/log/stdio.js';
import type { DoctorFlags } from './doctor/doctor.js';
import { type AccessFlags, accessFlags } from './flags/access-flags.js';
import { exit } from './process/exit.js';
import type { ExecFlags } from './exec/exec.js';
import { formatError } from './output/format-error.js';
import type { ListenFlags } from './local/local.js';
import { loadLibrary } from '../base/load-library.js';
import { LEVEL_VARIABLE, LOG_LEVELS, type LogFlags, logFor } from './output/log-for.js';
import { flagsTakenByNpm } from './flags/npm-flags.js';

const { Command, InvalidArgumentError, Option } = loadLibrary('commander') as typeof import('commander');

const { version } = JSON.parse(
  readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8'),
) as {
  version: string;
};

/** The commands, and the flags of each. */
export const program = new Command('stepwright')
  .description('Workers for AWS Step Functions activities')
  .version(version)
  .showHelpAfterError('(see --help)');

const configFlag = new Option('--config <path>', 'the config file (default: nest-style.config.ts, compiled)');
const endpointFlag = new Option('--endpoint <local|aws|URL>', 'where Step Functions is');
const formatFlag = new Option(
  '--log-format <pretty|json>',
  'lines for a person, or of JSON (default: pretty in a terminal)',
).choices(['pretty', 'json']);
const logFlag = new Option(
  '--log-level <level>',
  `least level to log (default: info; or ${LEVEL_VARIABLE})`,
).choices(LOG_LEVELS);

/** The flags of the options that a text can say. */
function optionFlags(wanted: (row: OptionRow, key: string) => boolean): OptionOf[] {
  return Object.entries<OptionRow>(OPTIONS).flatMap(([key, row]) => {
    if (!row.text || !wanted(row, key)) return [];
    return new Option(`${flagOf(key)} <${row.text.shown}>`, `${row.help}${unsetText(row)}`);
  });
}

const unsetText = ({ default: value, unset }: OptionRow): string =>
  value === undefined
    ? unset
      ? ` (default: ${unset})`
      : ''
    : ` (default: ${typeof value === 'string' ? value : JSON.stringify(value)})`;

function addOptions(command: CommandOf, options: readonly OptionOf[]): CommandOf {
  for (const option of options) command.addOption(option);
  return command;
}

const handlerFlag = new Option(
  '--handler <Class.method.option=value>',
  'an option of one handler; can be repeated, and wins over everything else',
).argParser((value: string, before?: readonly string[]) => [...(before ?? []), value]);

/** What commander makes of a command line: the flags of options, and those of the command. */
type Typed<Own extends object = object> = Own & { readonly handler?: readonly string[] };

function flagsOf({ handler = [], ...texts }: Typed): Flags {
  return { texts, handlers: handler };
}

addOptions(
  program.command('start').description('run the worker; with the endpoint `local`, the embedded service too'),
  [
    configFlag,
    endpointFlag,
    logFlag,
    formatFlag,
    ...accessFlags,
    new Option('--processes <N|auto>', 'a supervised set of processes, `auto`: one for each core')
      .env('STEPWRIGHT_PROCESSES')
      .argParser(readProcesses),
    ...optionFlags(() => true),
    handlerFlag,
  ],
).action(async ({ allowHost, allowOrigin, console, processes, ...typed }: Typed<StartTyped>) => {
  const [flags, access, log] = [flagsOf(typed), { allowHost, allowOrigin, console }, logFor(typed)];
  if (processes === undefined) {
    const { start } = await import('./start/start.js');
    await exit(await start(flags, access, log));
  }
  const { startProcesses } = await import('./supervise/start-processes.js');
  const { logLevel, logFormat } = typed;
  await exit(await startProcesses(processes ?? 1, { flags, access, logFlags: { logLevel, logFormat }, log }));
});

interface StartTyped extends AccessFlags, LogFlags {
  readonly processes?: number;
}

/** More than these on one machine are a slip. */
const MOST_PROCESSES = 1_000;

/** @throws InvalidArgumentError where it is neither. */
function readProcesses(value: string): number {
  if (value === 'auto') return availableParallelism();
  const count = Number(value);
  if (/^\d+$/.test(value) && count >= 1 && count <= MOST_PROCESSES) return count;
  throw new InvalidArgumentError(`Expected a number of processes, from 1 to ${MOST_PROCESSES}, or auto.`);
}

addOptions(
  program
    .command('dev')
    .description('compile and run the worker, again on every change; the local service stays up'),
  [
    configFlag,
    endpointFlag,
    logFlag,
    ...accessFlags,
    new Option('--build <command>', "what compiles (default: the project's tsc)"),
    ...optionFlags(() => true),
    handlerFlag,
  ],
).action(async ({ build, allowHost, allowOrigin, console, ...typed }: Typed<DevTyped>) => {
  const { dev } = await import('./dev/dev.js');
  const access = { allowHost, allowOrigin, console };
  const { logLevel } = typed;
  await exit(await dev(flagsOf(typed), { build, access, log: { logLevel } }, logFor(typed)));
});

/** @throws InvalidArgumentError where it is no port. */
function readPort(value: string, before: readonly number[] = []): readonly number[] {
  const port = Number(value);
  if (/^\d+$/.test(value) && port >= 1 && port <= 65_535) return [...before, port];
  throw new InvalidArgumentError('Expected a port, from 1 to 65535.');
}

addOptions(program.command('local').description('run only the local Step Functions, seeded'), [
  configFlag,
  logFlag,
  formatFlag,
  new Option('--host <address>', 'the address to listen on (default: 127.0.0.1)'),
  ...accessFlags,
  new Option('--worker <port>', 'health port of a worker for the console to show; can be repeated').argParser(
    readPort,
  ),
  ...optionFlags(({ ofWorker }) => !ofWorker),
  handlerFlag,
]).action(
  async ({ host, allowHost, allowOrigin, console, worker, ...typed }: Typed<ListenFlags & LogFlags>) => {
    const { local } = await import('./local/local.js');
    await exit(await local(flagsOf(typed), { host, allowHost, allowOrigin, console, worker }, logFor(typed)));
  },
);

addOptions(
  program
    .command('execute')
    .description('start an execution and follow it; its output goes to stdout')
    .argument('<machine>', 'name or ARN of a state machine')
    .argument('[input]', 'JSON, @FILE, or - for standard input', '{}'),
  [
    configFlag,
    endpointFlag,
    ...optionFlags((_, key) => key === 'port' || key === 'region'),
    new Option('--trace', 'tell on stderr what happens, state by state'),
    new Option('--watch', 'run again each time the file of the input changes'),
  ],
).action(async (machine: string, input: string, { trace, watch, ...typed }: Typed<ExecuteTyped>) => {
  const { execute } = await import('./execute/execute.js');
  const how = { trace: trace === true, watch: watch === true };
  await exit(await execute(machine, input, flagsOf(typed), how));
});

interface ExecuteTyped {
  readonly trace?: true;
  readonly watch?: true;
}

/** What says which handlers there are, and where they run: here there is one, and it is a program. */
const NOT_OF_EXEC = new Set(['activities', 'machines', 'run', 'pool']);

addOptions(
  program
    .command('exec')
    .description('run a worker whose tasks are a program in any language')
    .usage('--activity <ARN|name> [options] -- <program> [arguments...]')
    .argument('<program...>', 'the program, and its arguments'),
  [
    new Option('--activity <ARN|name>', 'the activity whose tasks it takes'),
    new Option('--input <way>', 'how it is given the input (default: stdin)').choices([
      ...['stdin', 'file', 'args', 'env', 'none'],
    ]),
    new Option('--output <way>', 'where its result is (default: stdout)').choices(['stdout', 'file', 'none']),
    new Option('--error <CODE=NAME>', 'the error name of an exit code; can be repeated').argParser(
      (value: string, before?: readonly string[]) => [...(before ?? []), value],
    ),
    new Option('--kill-after <duration>', 'between SIGTERM and SIGKILL (default: 3s)'),
    new Option('--memory-mb <N>', 'megabytes of addresses that it may take (default: any number)'),
    ...[configFlag, endpointFlag, logFlag, formatFlag],
    ...optionFlags((_, key) => !NOT_OF_EXEC.has(key)),
  ],
).action(async (command: string[], typed: Typed<ExecFlags & LogFlags>) => {
  const { activityNamed, exec } = await import('./exec/exec.js');
  const { input, output, error, killAfter, memoryMb, activity, ...rest } = typed;
  const own = { input, output, error, killAfter, memoryMb, activity: activityNamed(activity) };
  await exit(await exec(command, flagsOf(rest), own, logFor(typed)));
});

addOptions(
  program.command('config').description('print every option, with its value and where that comes from'),
  [configFlag, endpointFlag, ...optionFlags(() => true), handlerFlag, new Option('--json', 'as JSON')],
).action(async ({ json, ...typed }: Typed<{ json?: true }>) => {
  const { showConfig } = await import('./show/show-config.js');
  await exit(await showConfig(flagsOf(typed), json === true));
});

addOptions(
  program
    .command('check')
    .description('compare the classes with the state machines: nothing is printed where they agree'),
  [
    new Option('--config <path...>', 'the config file; several, where workers share the machines'),
    new Option('--endpoint <local|aws|URL>', 'also look at the state machines that are deployed there'),
    ...optionFlags((_, key) => ['port', 'region', 'machines', 'activities'].includes(key)),
    new Option('--fix', 'write into the files what can be decided without you'),
    new Option('--strict', 'fail on advice, too'),
    new Option('--json', 'as JSON'),
  ],
).action(async ({ config = [], fix, strict, json, ...typed }: Typed<CheckTyped>) => {
  const { check } = await import('./check/check.js');
  const how = { configs: config, fix: fix === true, strict: strict === true, json: json === true };
  await exit(await check(flagsOf(typed), how));
});

interface DevTyped extends AccessFlags, LogFlags {
  readonly build?: string;
}

interface CheckTyped {
  readonly config?: readonly string[];
  readonly fix?: true;
  readonly strict?: true;
  readonly json?: true;
}

program
  .command('schema')
  .description('print the JSON Schema of what each handler takes, or of one')
  .argument('[handler]', 'Class.method')
  .addOption(configFlag)
  .action(async (handler: string | undefined, typed: Typed) => {
    const { showSchema } = await import('./show/show-schema.js');
    await exit(await showSchema(flagsOf(typed), handler));
  });

program
  .command('new')
  .description('write a project that runs into a new folder')
  .argument('<name>', 'the folder, and the name of the package')
  .option('--from <tarball>', 'what to install stepwright from; it is copied into the project')
  .action(async (name: string, { from }: { from?: string }) => {
    const { newProject } = await import('./new/new.js');
    await exit(await newProject(name, { version, from }));
  });

program
  .command('generate')
  .description('add something to the project')
  .command('activity')
  .description('add an activity: its class, its test, and a state machine that runs it')
  .argument('<name>', 'such as refund-order or RefundOrder')
  .option('--activity <ARN or name>', 'what it takes the tasks of (default: an ARN beside the others)')
  .action(async (name: string, options: { activity?: string }) => {
    const { generateActivity } = await import('./new/generate.js');
    await exit(await generateActivity(name, options));
  });

addOptions(
  program
    .command('doctor')
    .description('examine what a worker needs: credentials, network, permissions, limits; it takes no task'),
  [
    ...[configFlag, endpointFlag, ...optionFlags(() => true), handlerFlag],
    new Option('--stop-timeout <duration>', 'the time that the platform leaves between SIGTERM and SIGKILL'),
    new Option('--json', 'as JSON'),
  ],
).action(async ({ stopTimeout, json, ...typed }: Typed<DoctorFlags>) => {
  const { doctor } = await import('./doctor/doctor.js');
  await exit(await doctor(flagsOf(typed), { stopTimeout, json }));
});

/** @throws Error where npm took the flags of the command for its own. */
function refuseTakenFlags(name: string | undefined): void {
  const options = program.commands.find((command) => command.name() === name)?.options ?? [];
  const flags = options.flatMap(({ long }) => long?.slice(2) ?? []);
  const said = flagsTakenByNpm(flags, process.env);
  if (said) throw new Error(said);
}

/** Runs the command that was typed, and ends the process with its exit code. */
export async function runProgram(): Promise<void> {
  try {
    refuseTakenFlags(process.argv[2]);
    await program.parseAsync();
  } catch (error) {
    writeErrorSync(formatError(error));
    await exit(1);
  }
}
