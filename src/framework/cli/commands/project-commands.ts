import { type Command, Option } from 'commander';
import { VERSION } from '../../base/package.js';
import type { CheckFlags } from '../check.js';
import type { TypesFlags } from '../types/write-types.js';
import type { DoctorFlags } from '../doctor/doctor.js';
import {
  addCommand,
  configFlag,
  endpointFlag,
  flagsOf,
  handlerFlag,
  optionFlags,
  type Parsed,
} from '../flags/shared-flags.js';
import { exit } from '../process/exit.js';

function addConfig(program: Command): void {
  addCommand(program, 'config', 'print every option with its value and source', [
    configFlag,
    endpointFlag,
    ...optionFlags(),
    handlerFlag,
    new Option('--json', 'print JSON'),
  ]).action(async ({ json, ...parsed }: Parsed<{ json?: true }>) => {
    const { showConfig } = await import('../show-config.js');
    await exit(await showConfig(flagsOf(parsed), json === true));
  });
}

function addCheck(program: Command): void {
  addCommand(program, 'check', 'compare classes with state machines; print nothing if they agree', [
    new Option('--config <path...>', 'the config file; several if workers share the state machines'),
    new Option('--endpoint <local|aws|URL>', 'also check the state machines that are deployed there'),
    ...optionFlags((_, key) => ['port', 'region', 'machines', 'activities'].includes(key)),
    new Option('--fix', 'write the fixes that need no decision of yours'),
    new Option('--strict', 'exit with 1 on advice too'),
    new Option('--json', 'print JSON'),
  ]).action(async ({ config, ...parsed }: Parsed<CheckFlags>) => {
    const { check } = await import('../check.js');
    await exit(await check(flagsOf(parsed), { ...parsed, config }));
  });
}

function addSchema(program: Command): void {
  program
    .command('schema')
    .description('print the JSON Schema of the input of each handler, or of one')
    .argument('[handler]', 'Class.method')
    .addOption(configFlag)
    .action(async (handler: string | undefined, parsed: Parsed) => {
      const { showSchema } = await import('../show-schema.js');
      await exit(await showSchema(flagsOf(parsed), handler));
    });
}

function addTypes(program: Command): void {
  addCommand(
    program,
    'types',
    'write TypeScript types of activities and state machines, for code that starts executions',
    [
      configFlag,
      ...optionFlags((_, key) => ['region', 'machines', 'activities'].includes(key)),
      new Option('--out <file>', 'the file to write (default: print)'),
      new Option('--check', 'write nothing, and exit with 1 if the file of --out is out of date'),
    ],
  ).action(async (parsed: Parsed<TypesFlags>) => {
    if (parsed.check && parsed.out === undefined)
      throw new Error('--check needs the file: --check --out FILE');
    const { writeTypes } = await import('../types/write-types.js');
    await exit(await writeTypes(flagsOf(parsed), parsed));
  });
}

function addNew(program: Command): void {
  program
    .command('new')
    .description('write a new project')
    .argument('<name>', 'the folder, and the name of the package')
    .option('--nest', 'write a NestJS application')
    .option('--from <tarball>', 'the tarball that the project installs stepwright from')
    .option('--region <region>', 'of the ARNs (default: AWS_REGION, or us-east-1)')
    .option('--account <digits>', 'of the ARNs (default: AWS_ACCOUNT_ID, or one that is made up)')
    .action(
      async (name: string, options: { nest?: true; from?: string; region?: string; account?: string }) => {
        const { newProject } = await import('../new/new.js');
        await exit(await newProject(name, { version: VERSION, ...options }));
      },
    );
}

function addGenerate(program: Command): void {
  program
    .command('generate')
    .description('add an activity to the project')
    .command('activity')
    .description('add an activity with its class, its test and a state machine')
    .argument('<name>', 'such as refund-order or RefundOrder')
    .option('--activity <ARN or name>', 'what it takes the tasks of (default: an ARN beside the others)')
    .option('--region <region>', 'of the ARN (default: that of the others, of the config, or AWS_REGION)')
    .option('--account <digits>', 'of the ARN (default: that of the others, or AWS_ACCOUNT_ID)')
    .action(async (name: string, options: { activity?: string; region?: string; account?: string }) => {
      const { generateActivity } = await import('../new/generate.js');
      await exit(await generateActivity(name, options));
    });
}

function addDoctor(program: Command): void {
  addCommand(program, 'doctor', 'examine what a worker needs: credentials, network, permissions, limits', [
    configFlag,
    endpointFlag,
    ...optionFlags(),
    handlerFlag,
    new Option('--stop-timeout <duration>', 'the time that the platform waits between SIGTERM and SIGKILL'),
    new Option('--json', 'print JSON'),
  ]).action(async (parsed: Parsed<DoctorFlags>) => {
    const { doctor } = await import('../doctor/doctor.js');
    await exit(await doctor(flagsOf(parsed), parsed));
  });
}

/** Each adds one of the commands that read or write a project, in the order in which the help lists them. */
export const projectCommands = [addConfig, addCheck, addSchema, addTypes, addNew, addGenerate, addDoctor];
