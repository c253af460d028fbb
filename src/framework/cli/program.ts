import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { StartError } from '../errors.js';
import { createLog } from '../log.js';
import { sayAtOnce } from '../stdio.js';
import type { ExecuteFlags } from './execute.js';
import { end } from './exit.js';
import type { LocalFlags } from './local.js';
import type { StartFlags } from './prepare.js';

const { version } = JSON.parse(
  readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8'),
) as {
  version: string;
};

const program = new Command('stepwright')
  .description('Workers for AWS Step Functions activities')
  .version(version)
  .showHelpAfterError('(see --help)');

const configFlag = new Option('--config <path>', 'the config file (default: nest-style.config.ts, compiled)');
const endpointFlag = new Option('--endpoint <local|aws|URL>', 'where Step Functions is');
const portFlag = new Option('--port <N>', 'port of the local service (default: 8083)');
const logFlag = new Option('--log-level <level>', 'least level to log')
  .choices(['debug', 'info', 'warn', 'error'])
  .default(process.env['STEPWRIGHT_LOG_LEVEL'] || 'info', 'info; or STEPWRIGHT_LOG_LEVEL');

/** Flags that everything which knows handlers takes. */
function handlerFlags(command: Command): Command {
  return command
    .addOption(configFlag)
    .addOption(portFlag)
    .addOption(logFlag)
    .option('--concurrency <N>', 'tasks at once, per handler')
    .option('--pollers <N|MIN-MAX>', 'polls at once, per handler')
    .option('--heartbeat <duration|false>', 'interval between automatic heartbeats')
    .option('--timeout <duration|false>', 'deadline of a handler');
}

handlerFlags(
  program.command('start').description('run the worker; with the endpoint `local`, the embedded service too'),
)
  .addOption(endpointFlag)
  .option('--health-port <N>', 'serve /live and /ready')
  .action(async (flags: StartFlags & LogFlags) => {
    const { start } = await import('./start.js');
    await end(await start(flags, logFor(flags)));
  });

handlerFlags(program.command('local').description('run only the local Step Functions, seeded'))
  .option('--host <address>', 'the address to listen on (default: 127.0.0.1)')
  .option('--allow-host <name...>', 'names it may be called by, beside those of loopback')
  .action(async (flags: LocalFlags & LogFlags) => {
    const { local } = await import('./local.js');
    await end(await local(flags, logFor(flags)));
  });

program
  .command('execute')
  .description('start an execution and follow it; its output goes to stdout')
  .argument('<machine>', 'name or ARN of a state machine')
  .argument('[input]', 'JSON', '{}')
  .addOption(configFlag)
  .addOption(endpointFlag)
  .addOption(portFlag)
  .action(async (machine: string, input: string, flags: ExecuteFlags) => {
    const { execute } = await import('./execute.js');
    await end(await execute(machine, input, flags));
  });

interface LogFlags {
  readonly logLevel: string;
}

/** For a person where there is a terminal, a line of JSON each where there is none. */
const logFor = ({ logLevel }: LogFlags): ReturnType<typeof createLog> =>
  createLog({ level: logLevel, pretty: process.stdout.isTTY });

/** Runs the command that was typed, and ends the process with its exit code. */
export async function runProgram(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    sayAtOnce(explain(error));
    await end(1);
  }
}

/** What was foreseen needs no trace; an error of the service is its name and message. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof StartError || error.name === 'Error') return error.message;
  return '$metadata' in error ? `${error.name}: ${error.message}` : (error.stack ?? error.message);
}
