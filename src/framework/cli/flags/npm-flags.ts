/**
 * Flags that exist both in a command of `stepwright` and in npm. If npm has taken such a flag, the user may have meant
 * it for npm.
 */
const OF_NPM = new Set(['json']);

/**
 * Returns an error message about flags that npm has taken, as in `npm run start --port 9000`: npm puts such flags into
 * the environment and passes only the other arguments to the command. Returns undefined if npm has taken none.
 * @param flags the command's flags, without their dashes
 */
export function flagsTakenByNpm(flags: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
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
