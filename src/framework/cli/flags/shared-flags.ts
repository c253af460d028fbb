import { type Command, Option } from 'commander';
import { OPTIONS } from '../../config/config.js';
import { type Flags, flagOf } from '../../config/sources.js';
import type { Option as OptionRow } from '../../declare/option-rules.js';
import { LEVEL_VARIABLE, LOG_LEVELS } from './log-flags.js';

export const configFlag = new Option(
  '--config <path>',
  'the config file (default: nest-style.config.ts, compiled)',
);
export const endpointFlag = new Option('--endpoint <local|aws|URL>', 'the address of Step Functions');
export const formatFlag = new Option(
  '--log-format <pretty|json>',
  'the form of the log: for a person, or JSON (default: pretty in a terminal)',
).choices(['pretty', 'json']);
export const logFlag = new Option(
  '--log-level <level>',
  `the lowest level that is logged (default: info; or ${LEVEL_VARIABLE})`,
).choices(LOG_LEVELS);
export const handlerFlag = repeatable(
  '--handler <Class.method.option=value>',
  'an option of one handler; overrides all other places; can be repeated',
);

/** Makes a flag that may be repeated. Its values are collected in an array. */
export function repeatable(flag: string, help: string): Option {
  const collect = (value: string, before?: readonly string[]): string[] => [...(before ?? []), value];
  return new Option(flag, help).argParser(collect);
}

/**
 * Makes a flag for each option whose value can be written as text.
 * @param wanted returns true for the options that the command has
 */
export function optionFlags(wanted: (row: OptionRow, key: string) => boolean = () => true): Option[] {
  return Object.entries<OptionRow>(OPTIONS).flatMap(([key, row]) => {
    if (!row.text || !wanted(row, key)) return [];
    return new Option(`${flagOf(key)} <${row.text.shown}>`, `${row.help}${defaultText(row)}`);
  });
}

function defaultText({ default: value, unset }: OptionRow): string {
  if (value !== undefined) return ` (default: ${typeof value === 'string' ? value : JSON.stringify(value)})`;
  return unset ? ` (default: ${unset})` : '';
}

export function addCommand(
  program: Command,
  name: string,
  description: string,
  flags: readonly Option[],
): Command {
  const command = program.command(name).description(description);
  for (const flag of flags) command.addOption(flag);
  return command;
}

/** A parsed command line: the flags of options, and the flags that only this command has. */
export type Parsed<Own extends object = object> = Own & { readonly handler?: readonly string[] };

/** Picks the flags of options, and `--config`, from a parsed command line. */
export function flagsOf({ handler = [], ...flags }: Parsed): Flags {
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries<unknown>(flags))
    if (typeof value === 'string' && (key === 'config' || Object.hasOwn(OPTIONS, key))) texts[key] = value;
  return { texts, handlers: handler };
}
