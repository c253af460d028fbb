import { InvalidArgumentError, Option } from 'commander';
import type { StackOptions } from '../../check/template/stacks.js';
import { LARGEST_SCALE, LEAST_SCALE } from '../../base/time/scaled-clock.js';
import { repeatable } from './shared-flags.js';
import type { Logger } from '../../base/log/log.js';

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

/** The flags of the local service, as commander parses them. */
export interface LocalServiceFlags extends ProjectFlags {
  readonly allowHost?: readonly string[];
  readonly allowOrigin?: readonly string[];
  /** Absent if neither `--console` nor `--no-console` is given. */
  readonly console?: boolean;
  /** The health ports of further workers that the console shows. */
  readonly workers?: readonly string[];
  readonly template?: readonly string[];
  readonly cdk?: readonly string[];
  readonly parameter?: Readonly<Record<string, string>>;
  readonly mockConfig?: string;
  readonly timeScale?: number;
  readonly verbose?: boolean;
}

export const localServiceFlags: readonly Option[] = [
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

/**
 * Returns the templates of SAM, CloudFormation and the CDK that the flags name; undefined if they name none.
 * @throws Error if there are parameters and no template
 */
export function stacksOf({
  template = [],
  cdk = [],
  parameter = {},
}: LocalServiceFlags): StackOptions | undefined {
  if (template.length + cdk.length > 0)
    return { templates: template, assemblies: cdk, parameters: parameter };
  if (Object.keys(parameter).length === 0) return undefined;
  throw new Error('--parameter is for a template: name it too, --template template.yaml or --cdk cdk.out');
}

/** Warns of flags that have no effect, since no local service is started. */
export function warnUnshown(log: Logger, { workers = [], template, cdk }: LocalServiceFlags): void {
  if (template ?? cdk) log.warn('--template and --cdk are for the local service, which is not started here');
  if (workers.length > 0)
    log.warn(
      `--workers is for the console of the local service, which is not started here: run stepwright local --workers ${workers.join(',')}`,
    );
}
