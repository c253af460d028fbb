import type { Option as OptionOf } from 'commander';
import { loadLibrary } from '../../base/load-library.js';

const { Option } = loadLibrary('commander') as typeof import('commander');

/** Who may call the local service, and whether it shows its page. */
export interface AccessFlags {
  readonly allowHost?: readonly string[];
  readonly allowOrigin?: readonly string[];
  /** Undefined where neither `--console` nor `--no-console` was said. */
  readonly console?: boolean;
}

export const accessFlags: readonly OptionOf[] = [
  new Option(
    '--allow-host <name...>',
    'names (NAME or NAME:PORT) that the local service may be called by, beside loopback',
  ),
  new Option('--allow-origin <url...>', 'web pages that may call the local service, beside its own'),
  new Option('--console', 'serve the console also where others than this machine reach it'),
  new Option('--no-console', 'serve no console'),
];
