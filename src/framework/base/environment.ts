/** Variables by name, as `process.env` holds them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Fills `${NAME}` in the JSON text of a state machine. The value is escaped, so that it stays inside the string it
 * stands in, whatever it holds.
 * @returns `unset`: the names that are unset or empty; they are left as they stand.
 */
export function fillInMachine(text: string, env: Environment): { text: string; unset: string[] } {
  const unset = new Set<string>();
  const filled = text.replaceAll(/\$\{([A-Za-z_]\w*)\}/g, (whole, name: string) => {
    const value = env[name];
    if (value) return JSON.stringify(value).slice(1, -1);
    unset.add(name);
    return whole;
  });
  return { text: filled, unset: [...unset] };
}
