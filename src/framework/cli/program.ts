import '../base/reflect-metadata.js';
import { writeErrorSync } from '../base/log/stdio.js';
import { VERSION } from '../base/version.js';
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
import { Command } from './flags/commander.js';
import { flagsTakenByNpm } from './flags/npm-flags.js';
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
