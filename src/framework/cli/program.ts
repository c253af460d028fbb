import 'reflect-metadata';
import { Command } from 'commander';
import { writeErrorSync } from '../base/log/stdio.js';
import { VERSION } from '../base/package.js';
import { projectCommands } from './commands/project-commands.js';
import { serviceCommands } from './commands/service-commands.js';
import { workerCommands } from './commands/worker-commands.js';
import { formatErrorOf } from './output/format-error.js';
import { exit } from './process/exit.js';
import { isStop } from './process/signals.js';

/** The program with all commands, in the order in which the help lists them, and with the flags of each. */
export const program = new Command('stepwright')
  .description('Workers for AWS Step Functions activities')
  .version(VERSION)
  .showHelpAfterError('(see --help)');

for (const add of [...workerCommands, ...serviceCommands, ...projectCommands]) add(program);

/** Runs the command on the command line, and exits the process with the command's exit code. */
export async function runProgram(): Promise<void> {
  try {
    refuseTakenFlags(process.argv[2]);
    await program.parseAsync();
  } catch (error) {
    // A worker that hasn't started has no tasks, so a signal may interrupt the start.
    if (isStop(error)) await exit(0);
    writeErrorSync(formatErrorOf(process.argv[2], error));
    await exit(1);
  }
}

/**
 * Flags that exist both in a command of `stepwright` and in npm. If npm has taken such a flag, the user may have meant
 * it for npm.
 */
const OF_NPM = new Set(['json']);

/**
 * Refuses a run in which npm has taken flags of the command, as in `npm run start --port 9000`: npm puts such flags into
 * the environment and passes only the other arguments on.
 * @throws Error that says how to pass the flags
 */
function refuseTakenFlags(name: string | undefined): void {
  const { npm_lifecycle_event: script, npm_command: by, ...env } = process.env;
  if (script === undefined || (by !== 'run' && by !== 'run-script' && by !== 'start')) return;
  const options = program.commands.find((command) => command.name() === name)?.options ?? [];
  const taken = options.flatMap(({ long }) => {
    const flag = long?.slice(2) ?? '';
    const value = OF_NPM.has(flag) ? undefined : env[`npm_config_${flag.replaceAll('-', '_')}`];
    return value ? [`--${flag}${value === 'true' ? '' : ` ${value}`}`] : [];
  });
  if (taken.length > 0)
    throw new Error(
      `npm took ${taken.join(' ')} for its own. Flags for Stepwright follow a --: npm run ${script} -- ${taken.join(' ')}`,
    );
}
