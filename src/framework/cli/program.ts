import 'reflect-metadata';
import { Command } from 'commander';
import { writeErrorSync } from '../base/log/stdio.js';
import { VERSION } from '../base/package.js';
import {
  addCheck,
  addConfig,
  addDoctor,
  addGenerate,
  addNew,
  addSchema,
  addTypes,
} from './commands/project.js';
import { addDeferred, addExecute, addLocal, addMcp, addScaler, addTestState } from './commands/service.js';
import { addControl, addDev, addExec, addStart } from './commands/workers.js';
import { formatErrorOf } from './output/format-error.js';
import { exit } from './process/exit.js';

/** The program with all commands, in the order in which the help lists them, and with the flags of each. */
export const program = new Command('stepwright')
  .description('Workers for AWS Step Functions activities')
  .version(VERSION)
  .showHelpAfterError('(see --help)');

addStart(program);
addDev(program);
addControl(program);
addLocal(program);
addExecute(program);
addTestState(program);
addMcp(program);
addExec(program);
addConfig(program);
addCheck(program);
addSchema(program);
addTypes(program);
addNew(program, VERSION);
addGenerate(program);
addDoctor(program);
addScaler(program);
addDeferred(program);

/** Runs the command on the command line, and exits the process with the command's exit code. */
export async function runProgram(): Promise<void> {
  try {
    refuseTakenFlags(process.argv[2]);
    await program.parseAsync();
  } catch (error) {
    writeErrorSync(formatErrorOf(process.argv[2], error));
    await exit(1);
  }
}

/** Throws if npm has taken flags that were meant for the command. @throws Error that says how to pass the flags */
function refuseTakenFlags(name: string | undefined): void {
  const options = program.commands.find((command) => command.name() === name)?.options ?? [];
  const flags = options.flatMap(({ long }) => long?.slice(2) ?? []);
  const problem = flagsTakenByNpm(flags, process.env);
  if (problem) throw new Error(problem);
}

/**
 * Flags that exist both in a command of `stepwright` and in npm. If npm has taken such a flag, the user may have meant
 * it for npm.
 */
const OF_NPM = new Set(['json']);

/**
 * Returns an error message about flags that npm has taken, as in `npm run start --port 9000`: npm puts such flags into
 * the environment and passes only the other arguments to the command. Returns undefined if npm has taken none.
 * @param flags the command's flags, without their dashes
 */
function flagsTakenByNpm(flags: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const { npm_lifecycle_event: script, npm_command: command } = env;
  if (script === undefined || (command !== 'run' && command !== 'run-script' && command !== 'start'))
    return undefined;
  const taken = flags.flatMap((flag) => {
    const value = OF_NPM.has(flag) ? undefined : env[`npm_config_${flag.replaceAll('-', '_')}`];
    return value ? [`--${flag}${value === 'true' ? '' : ` ${value}`}`] : [];
  });
  if (taken.length === 0) return undefined;
  return `npm took ${taken.join(' ')} for its own. Flags for Stepwright follow a --: npm run ${script} -- ${taken.join(' ')}`;
}
