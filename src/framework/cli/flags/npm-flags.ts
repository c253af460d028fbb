import type { Environment } from '../../base/environment.js';

/** Flags of ours that npm has too: there they may have been meant for it. */
const OF_NPM = new Set(['json']);

/**
 * What to say where `npm run start --port 9000` gave its flags to npm, which leaves them in the environment and hands
 * over what is left; undefined where it did not.
 * @param flags those of the command, without their dashes.
 */
export function flagsTakenByNpm(flags: readonly string[], env: Environment): string | undefined {
  const { npm_lifecycle_event: script, npm_command: command } = env;
  if (script === undefined || (command !== 'run' && command !== 'run-script' && command !== 'start'))
    return undefined;
  const taken = flags.flatMap((flag) => {
    const value = OF_NPM.has(flag) ? undefined : env[`npm_config_${flag.replaceAll('-', '_')}`];
    return value ? [`--${flag}${value === 'true' ? '' : ` ${value}`}`] : [];
  });
  if (taken.length === 0) return undefined;
  return `npm took ${taken.join(' ')} for its own. Flags for Stepwright follow a --: npm run ${script} -- ${taken.join(' ')}`;
}
