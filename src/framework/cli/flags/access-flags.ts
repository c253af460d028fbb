import type { Option as OptionOf } from 'commander';
import { Option } from './commander.js';
import { repeatable } from './shared-flags.js';

/** The access flags as commander parses them. */
export interface AccessFlags {
  readonly allowHost?: readonly string[];
  readonly allowOrigin?: readonly string[];
  readonly console?: boolean;
  readonly workers?: readonly string[];
}

/**
 * The host names and origins from which the local service accepts requests, and the user's choice if it shows its
 * console (a web page).
 */
export interface Access {
  readonly allowHosts?: readonly string[];
  readonly allowOrigins?: readonly string[];
  /** Absent if neither `--console` nor `--no-console` is given. */
  readonly console?: boolean;
  /** The health ports of further workers that the console shows, as the flag `--workers` names them. */
  readonly workers?: readonly string[];
}

export const accessFlags: readonly OptionOf[] = [
  new Option(
    '--allow-host <name...>',
    'further names (NAME or NAME:PORT) by which the local service may be called',
  ),
  new Option('--allow-origin <url...>', 'further web pages that may call the local service'),
  new Option('--console', 'serve the console to other machines too'),
  new Option('--no-console', 'serve no console'),
  repeatable('--workers <NAME[:PORT],…>', 'health ports of further workers that the console shows'),
];

/** Returns the host names, the origins, the choice of a console and its workers that the flags set. */
export const accessOf = ({ allowHost, allowOrigin, console, workers }: AccessFlags): Access => ({
  allowHosts: allowHost,
  allowOrigins: allowOrigin,
  console,
  workers,
});
