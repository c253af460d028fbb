import { closest } from 'fastest-levenshtein';
import type { Option } from '../declare/rule.js';
import type { Problem } from '../base/errors.js';
import { HANDLERS_VARIABLE } from './by-handler.js';
import { OPTIONS } from './config.js';
import { variableOf } from './layers.js';

/**
 * The variables with the prefix `STEPWRIGHT_` that set no option of the config. The first three are read by the
 * commands; the others are set by `exec` for the program that handles a task.
 */
const OTHERS = [
  HANDLERS_VARIABLE,
  'STEPWRIGHT_LOG_LEVEL',
  'STEPWRIGHT_INPUT',
  'STEPWRIGHT_INPUT_FILE',
  'STEPWRIGHT_OUTPUT_FILE',
];
/**
 * Matches the variables that Kubernetes sets in each container for a Service named `stepwright…`. They aren't mistakes
 * of the user. STEPWRIGHT_PORT isn't matched here: Kubernetes sets it too, but it is also the variable of the option
 * `port`.
 */
const OF_KUBERNETES = /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP)/;

/** Finds the variables whose names begin with `STEPWRIGHT_` but that nothing reads, such as a mistyped one. */
export function unknownVariables(env: NodeJS.ProcessEnv): Problem[] {
  const known = [
    ...Object.entries<Option>(OPTIONS).flatMap(([key, { text }]) => (text ? variableOf(key) : [])),
    ...OTHERS,
  ];
  return Object.keys(env)
    .filter((name) => name.startsWith('STEPWRIGHT_') && !known.includes(name) && !OF_KUBERNETES.test(name))
    .map((name) => ({
      code: 'CONFIG_UNKNOWN_KEY',
      where: name,
      what: 'no option has this variable, so it is ignored',
      fix: `did you mean ${closest(name, known)}? \`npx stepwright config\` lists all options; otherwise unset it`,
    }));
}
