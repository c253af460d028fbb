import { Argument, type Command, Option } from 'commander';
import {
  type LocalServiceFlags,
  localServiceFlags,
  type ProjectFlags,
  projectFlagsOf,
} from '../flags/local-service-flags.js';
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
import type { ExecuteFlags } from '../execute/execute.js';
import type { TestFlags } from '../execute/test-state.js';
import { type LogFlags, logFor } from '../flags/log-flags.js';
import { exit } from '../process/exit.js';
import type { DeferredFlags, DeferredVerb } from '../deferred.js';
import type { ScalerFlags } from '../scale/scaler.js';
import { PLACES_HELP } from '../flags/worker-places.js';
import type { VerifyFlags } from '../verify/verify.js';

interface LocalFlags extends LocalServiceFlags, LogFlags {
  readonly host?: string;
}

function addLocal(program: Command): void {
  addCommand(program, 'local', 'run the local Step Functions without a worker', [
    configFlag,
    logFlag,
    formatFlag,
    new Option('--host <address>', 'the address to listen on (default: 127.0.0.1)'),
    ...localServiceFlags,
    ...optionFlags(({ ofWorker }) => !ofWorker),
    handlerFlag,
  ]).action(async (parsed: Parsed<LocalFlags>) => {
    const { local } = await import('../local/local.js');
    await exit(await local(flagsOf(parsed), parsed, logFor(parsed)));
  });
}

function addExecute(program: Command): void {
  addCommand(program, 'execute', 'start an execution, wait for its end, and print its output', [
    configFlag,
    endpointFlag,
    ...optionFlags((_, key) => key === 'port' || key === 'region'),
    new Option('--trace', 'print each step on stderr'),
    new Option('--watch', 'start an execution each time the input file changes'),
    new Option('--from <state>', 'begin in this state, with the variables of an earlier execution'),
    new Option('--of <execution>', 'with --from: ARN of the earlier execution, or its name after MACHINE'),
    new Option(
      '--input <JSON>',
      'with --from: input of the state, as INPUT (default: as in the earlier execution)',
    ),
  ])
    .argument('[machine]', 'name or ARN of a state machine')
    .argument('[input]', 'JSON, @FILE, or - for standard input (default: {})')
    .action(async (machine: string | undefined, input: string | undefined, parsed: Parsed<ExecuteFlags>) => {
      const { execute } = await import('../execute/execute.js');
      await exit(await execute(machine, input, flagsOf(parsed), parsed));
    });
}

function addPull(program: Command): void {
  addCommand(program, 'pull', 'show an execution of AWS at the local service, to run it on from there', [
    configFlag,
    endpointFlag,
    ...optionFlags((_, key) => key === 'port'),
  ])
    .argument('<execution>', 'ARN of an execution')
    .action(async (execution: string, parsed: Parsed) => {
      const { pull } = await import('../execute/pull.js');
      await exit(await pull(execution, flagsOf(parsed)));
    });
}

function addTestState(program: Command): void {
  addCommand(program, 'test-state', 'run one state of a state machine, and print its output', [
    configFlag,
    endpointFlag,
    ...optionFlags((_, key) => key === 'port' || key === 'region'),
    new Option('--state <name>', 'the state, if the file has a whole machine'),
    new Option('--input <JSON>', 'input of the state: JSON, @FILE, or - (default: {})'),
    new Option('--mock <JSON>', 'result of the task, or list of the results of a Map or Parallel'),
    new Option('--error <name>', 'instead of --mock: the error with which the task fails').conflicts('mock'),
    new Option('--cause <text>', 'with --error: the cause'),
    new Option('--variables <JSON>', 'variables of the state, as an object'),
    new Option('--context <JSON>', 'with --mock or --error: the context object'),
    new Option('--retries <N>', 'the retries that were made before (default: 0)'),
    new Option('--role <ARN>', 'at AWS: the role of the test'),
    new Option('--level <level>', 'debug prints each step of the data flow (default: info)').choices([
      'info',
      'debug',
      'trace',
    ]),
    new Option('--json', 'print the whole answer as JSON'),
  ])
    .argument('<file>', 'the definition of a state machine or of a state, as JSON')
    .action(async (file: string, parsed: Parsed<TestFlags>) => {
      const { testState } = await import('../execute/test-state.js');
      await exit(await testState(file, parsed, flagsOf(parsed)));
    });
}

function addVerify(program: Command): void {
  addCommand(program, 'verify', 'compare Step Functions at AWS with what the worker rests on', [
    new Option('--aws', 'at AWS (default: print the permissions, and call nothing)').conflicts('endpoint'),
    new Option('--role <ARN>', 'at AWS: a role that Step Functions may assume; it needs no permissions'),
    new Option('--second-region <name>', 'also send reports to another region'),
    new Option('--json', 'print JSON'),
    configFlag,
    endpointFlag,
    ...optionFlags((_, key) => key === 'port' || key === 'region'),
  ]).action(async (parsed: Parsed<VerifyFlags>) => {
    const { verify } = await import('../verify/verify.js');
    await exit(await verify(parsed, flagsOf(parsed)));
  });
}

function addMcp(program: Command): void {
  addCommand(
    program,
    'mcp',
    'serve the local Step Functions to a coding agent, on standard input and output',
    [
      configFlag,
      endpointFlag,
      ...optionFlags((_, key) => ['port', 'region', 'activities', 'machines'].includes(key)),
    ],
  ).action(async (parsed: Parsed<ProjectFlags>) => {
    const { mcp } = await import('../mcp.js');
    await exit(await mcp(flagsOf(parsed), projectFlagsOf(parsed)));
  });
}

function addScaler(program: Command): void {
  addCommand(program, 'scaler', 'compute how many workers a fleet needs, and serve this number', [
    repeatable('--activity <ARN>', 'an activity of the fleet; can be repeated'),
    repeatable('--workers <NAME[:PORT],…>', PLACES_HELP),
    new Option('--listen <PORT|HOST:PORT>', 'the address to serve at (default: 127.0.0.1:8090)'),
    repeatable('--host <NAME>', 'a further name by which the scaler may be called; can be repeated'),
    new Option('--slots <N>', 'the slots of a worker, used while there is none (default: 10)'),
    new Option('--within <duration>', 'how soon waiting tasks should start (default: 1m)'),
    new Option('--publish', 'publish the numbers to CloudWatch every 20 s'),
    new Option('--fleet <name>', 'the name of the fleet in metrics (default: worker)'),
    logFlag,
    formatFlag,
  ]).action(async (parsed: Parsed<ScalerFlags & LogFlags>) => {
    const { scaler } = await import('../scale/scaler.js');
    await exit(await scaler(parsed, logFor(parsed)));
  });
}

const DEFERRED_VERBS: readonly DeferredVerb[] = ['list', 'succeed', 'fail'];

function addDeferred(program: Command): void {
  addCommand(program, 'deferred', 'list the tasks that were deferred under an id, or complete one', [
    configFlag,
    endpointFlag,
    ...optionFlags((_, key) => key === 'port' || key === 'region'),
    new Option('--by <name>', 'who completes the task (default: the user of this shell)'),
    new Option('--message <text>', 'fail: the message of the error'),
    new Option('--json', 'list: print JSON'),
  ])
    .addArgument(new Argument('<verb>', 'what to do').choices(DEFERRED_VERBS))
    .argument('[id]', 'the id of the task')
    .argument('[value]', 'succeed: the output as JSON; fail: the name of the error')
    .action(
      async (
        verb: DeferredVerb,
        id: string | undefined,
        value: string | undefined,
        parsed: Parsed<DeferredFlags>,
      ) => {
        const { deferred } = await import('../deferred.js');
        await exit(await deferred({ verb, id, value }, flagsOf(parsed), parsed));
      },
    );
}

/** Each adds one of the commands that call Step Functions, or serve it, in the order in which the help lists them. */
export const serviceCommands = [
  addLocal,
  addExecute,
  addPull,
  addTestState,
  addMcp,
  addScaler,
  addDeferred,
  addVerify,
];
