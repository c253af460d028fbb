import { InvalidArgumentError, Option } from 'commander';
import type { StackOptions } from '../../check/template/stacks.js';
import { LARGEST_SCALE, LEAST_SCALE } from '../../base/time/scaled-clock.js';
import { repeatable } from './shared-flags.js';
import type { Logger } from '../../base/log/log.js';

/** The flags of the local service as commander parses them. */
export interface AccessFlags {
  readonly allowHost?: readonly string[];
  readonly allowOrigin?: readonly string[];
  readonly console?: boolean;
  readonly workers?: readonly string[];
  readonly template?: readonly string[];
  readonly cdk?: readonly string[];
  readonly parameter?: Readonly<Record<string, string>>;
  readonly mockConfig?: string;
  readonly timeScale?: number;
  readonly verbose?: boolean;
}

/** The flags that say where the files of a project are. */
export interface ProjectFlags {
  readonly config?: string;
  readonly activities?: string;
  readonly machines?: string;
  readonly region?: string;
}

/** Returns these flags as they are written on a command line. */
export const projectFlagsOf = ({ config, activities, machines, region }: ProjectFlags): readonly string[] =>
  Object.entries({ config, activities, machines, region }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );

/**
 * The host names and origins from which the local service accepts requests, the user's choice if it shows its console
 * (a web page), and the templates whose machines it runs.
 */
export interface Access {
  readonly allowHosts?: readonly string[];
  readonly allowOrigins?: readonly string[];
  /** Absent if neither `--console` nor `--no-console` is given. */
  readonly console?: boolean;
  /** The health ports of further workers that the console shows, as the flag `--workers` names them. */
  readonly workers?: readonly string[];
  /** The templates of SAM, CloudFormation and the CDK. Absent if no flag names one. */
  readonly stacks?: StackOptions;
  /** The path of a mock file of Step Functions Local. Absent if neither a flag nor a variable names one. */
  readonly mockConfig?: string;
  /** The number of seconds that pass for executions in a real second. @default 1 */
  readonly timeScale?: number;
  /** True to log a line for each transition of an execution. @default false */
  readonly verbose?: boolean;
  /** The flags that say where the files of the project are, as they are written on a command line. */
  readonly projectFlags: readonly string[];
}

export const accessFlags: readonly Option[] = [
  new Option(
    '--allow-host <name...>',
    'further names (NAME or NAME:PORT) by which the local service may be called',
  ),
  new Option('--allow-origin <url...>', 'further web pages that may call the local service'),
  new Option('--console', 'serve the console to other machines too'),
  new Option('--no-console', 'serve no console'),
  repeatable('--workers <NAME[:PORT],…>', 'health ports of further workers that the console shows'),
  repeatable('--template <path>', 'a template of SAM or CloudFormation whose machines and activities to run'),
  repeatable('--cdk <folder>', 'what `cdk synth` has written, such as cdk.out, in place of --template'),
  new Option(
    '--parameter <NAME=VALUE>',
    'the value of a parameter of the templates, or of AWS::Region; can be repeated',
  ).argParser(readParameter),
  new Option(
    '--mock-config <path>',
    'a mock file of Step Functions Local (default: MockConfigFile.json in this folder, if there is one)',
  ).env('SFN_MOCK_CONFIG'),
  new Option(
    '--time-scale <N>',
    'how many seconds pass for executions in a second: with 60, a Wait of an hour takes a minute (default: 1)',
  ).argParser(readScale),
  new Option('--verbose', 'log a line for each transition of an execution'),
];

/** @throws InvalidArgumentError if the text isn't a number in the range of time scales */
function readScale(text: string): number {
  const scale = Number(text);
  if (text.trim() !== '' && scale >= LEAST_SCALE && scale <= LARGEST_SCALE) return scale;
  throw new InvalidArgumentError(`Expected a number from ${LEAST_SCALE} to ${LARGEST_SCALE}.`);
}

/**
 * Reads a parameter of a template.
 * @param before the parameters read from the earlier occurrences of the flag
 * @throws InvalidArgumentError if the text has no name and no `=`
 */
function readParameter(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('Expected NAME=VALUE.');
  return { ...before, [name]: value };
}

/** Returns the host names, the origins, the choice of a console, its workers and the templates that the flags set. */
export const accessOf = ({
  allowHost,
  allowOrigin,
  console,
  workers,
  mockConfig,
  timeScale,
  verbose,
  ...others
}: AccessFlags & ProjectFlags): Access => ({
  allowHosts: allowHost,
  allowOrigins: allowOrigin,
  console,
  workers,
  ...(mockConfig !== undefined && { mockConfig }),
  ...(timeScale !== undefined && { timeScale }),
  ...(verbose !== undefined && { verbose }),
  projectFlags: projectFlagsOf(others),
  ...stacksOf(others),
});

/** @throws Error if there are parameters and no template */
function stacksOf({ template = [], cdk = [], parameter = {} }: AccessFlags): Pick<Access, 'stacks'> {
  if (template.length + cdk.length > 0)
    return { stacks: { templates: template, assemblies: cdk, parameters: parameter } };
  if (Object.keys(parameter).length === 0) return {};
  throw new Error('--parameter is for a template: name it too, --template template.yaml or --cdk cdk.out');
}

/** Warns of flags that have no effect, since no local service is started. */
export function warnUnshown(log: Logger, { workers = [], stacks }: Access): void {
  if (stacks) log.warn('--template and --cdk are for the local service, which is not started here');
  if (workers.length === 0) return;
  log.warn(
    `--workers is for the console of the local service, which is not started here: run stepwright local --workers ${workers.join(',')}`,
  );
}
