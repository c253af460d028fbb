import type { DevFlags } from '../dev/dev.js';
import { Argument, type Command, Option } from 'commander';
import type { ControlVerb } from '../control-socket.js';
import type { ExecFlags } from '../exec.js';
import { type LocalServiceFlags, localServiceFlags } from '../flags/local-service-flags.js';
import {
  addCommand,
  configFlag,
  endpointFlag,
  flagsOf,
  formatFlag,
  handlerFlag,
  logFlag,
  optionFlags,
  type Parsed,
  repeatable,
} from '../flags/shared-flags.js';
import { type LogFlags, logFor } from '../flags/log-flags.js';
import { exit } from '../process/exit.js';

interface StartFlags extends LocalServiceFlags, LogFlags {
  readonly control?: string;
}

function addStart(program: Command): void {
  addCommand(program, 'start', 'run the worker; at the endpoint `local` also the local Step Functions', [
    configFlag,
    endpointFlag,
    logFlag,
    formatFlag,
    ...localServiceFlags,
    new Option('--control <path>', 'open a Unix socket for the command `control`'),
    ...optionFlags(),
    handlerFlag,
  ]).action(async (parsed: Parsed<StartFlags>) => {
    const { start } = await import('../start/start.js');
    await exit(await start(flagsOf(parsed), parsed));
  });
}

function addControl(program: Command): void {
  program
    .command('control')
    .description('pause, resume or configure a handler of a worker that was started with --control')
    .argument('<path>', 'the socket of the worker')
    .addArgument(new Argument('[verb]', 'what to do').choices(['status', 'pause', 'resume', 'configure']))
    .argument('[handler]', 'Class.method')
    .argument('[options...]', 'of configure: concurrency=5, pollers=1-3, rate=10/s')
    .action(async (path: string, verb: ControlVerb = 'status', handler?: string, options: string[] = []) => {
      const { control } = await import('../control.js');
      await exit(await control(path, verb, handler === undefined ? [] : [handler, ...options]));
    });
}

function addDev(program: Command): void {
  addCommand(program, 'dev', 'compile and run the worker, and start it again on every change', [
    configFlag,
    endpointFlag,
    logFlag,
    ...localServiceFlags,
    new Option('--build <command>', "the command that compiles (default: the project's tsc)"),
    ...optionFlags(),
    handlerFlag,
  ]).action(async (parsed: Parsed<DevFlags>) => {
    const { dev } = await import('../dev/dev.js');
    await exit(await dev(flagsOf(parsed), parsed, logFor(parsed)));
  });
}

/**
 * The options for which `exec` has no flag. They choose the handlers and where these run, but `exec` has only one
 * handler, which is a program.
 */
const NOT_OF_EXEC = new Set(['activities', 'machines', 'run', 'pool']);

function addExec(program: Command): void {
  addCommand(program, 'exec', 'run a worker that runs a program for each task', [
    new Option('--activity <ARN|name>', 'the activity whose tasks the program runs').makeOptionMandatory(),
    new Option('--input <way>', 'how the program receives the input (default: stdin)').choices([
      'stdin',
      'file',
      'args',
      'env',
      'none',
    ]),
    new Option('--output <way>', 'where the program writes its result (default: stdout)').choices([
      'stdout',
      'file',
      'none',
    ]),
    repeatable('--error <CODE=NAME>', 'the error name of an exit code; can be repeated'),
    new Option('--kill-after <duration>', 'the time between SIGTERM and SIGKILL (default: 3s)'),
    new Option('--memory-mb <N>', "the limit of the program's address space in megabytes (default: none)"),
    repeatable(
      '--pass-through <FIELD>',
      'a field of the input that the program gets as a variable, and the output has again; can be repeated',
    ),
    new Option('--healthy <command>', 'a shell command that has to succeed before each poll'),
    new Option('--empty-output <JSON>', 'the output where the program gives none (default: null)'),
    configFlag,
    endpointFlag,
    logFlag,
    formatFlag,
    ...optionFlags((_, key) => !NOT_OF_EXEC.has(key)),
  ])
    .usage('--activity <ARN|name> [options] -- <program> [arguments...]')
    .argument('<program...>', 'the program, and its arguments')
    .action(async (words: string[], parsed: Parsed<ExecFlags & LogFlags>) => {
      const { exec } = await import('../exec.js');
      await exit(await exec(words, flagsOf(parsed), parsed));
    });
}

/** Each adds one of the commands that run workers, in the order in which the help lists them. */
export const workerCommands = [addStart, addDev, addControl, addExec];
