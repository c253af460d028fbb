import { readFile } from 'node:fs/promises';
import type { SeedMachine } from '../../local/index.js';
import { JsonText, type PositionOf } from './json-text.js';

/** The text of a state machine, from a file or from Step Functions. */
export interface MachineSource {
  /** The machine's name. */
  readonly name: string;
  /** The name of this text in messages: the file's path, or the ARN of a deployed machine. */
  readonly file: string;
  /** The text in the file or in Step Functions. Variables in it are still written as `${NAME}`. */
  readonly text: string;
  /** The text in which every `${NAME}` is replaced by the variable's value. */
  readonly definition: string;
  /** The names of variables in the text that are unset or empty in the environment. */
  readonly unset: readonly string[];
  /** True if a Task may have any resource, because a substitution stands for it. @default false */
  readonly unknownResources?: boolean;
  /** Returns the position of a value in the file. Set if the text isn't the file's own, as for a template in YAML. */
  readonly positionOf?: PositionOf;
  /** The facts in a template of SAM or CloudFormation about the machine, besides its definition. */
  readonly seed?: Omit<SeedMachine, 'name' | 'definition'>;
}

/**
 * Makes a source from a text, and replaces its variables by their values in the environment.
 * @param file the name of the text in messages
 */
export const machineSource = (
  name: string,
  file: string,
  text: string,
  env: NodeJS.ProcessEnv,
): MachineSource => {
  const { text: definition, unset } = fillVariables(text, env);
  return { name, file, text, definition, unset };
};

/**
 * Replaces every `${NAME}` in the JSON text of a state machine by the variable's value. The value is escaped for the
 * JSON string that contains it.
 * @returns `unset`: the names of variables that are unset or empty, which stay in the text as they are
 */
function fillVariables(text: string, env: NodeJS.ProcessEnv): { text: string; unset: string[] } {
  const unset = new Set<string>();
  const filled = text.replaceAll(/\$\{([A-Za-z_]\w*)\}/g, (whole, name: string) => {
    const value = env[name];
    if (value) return JSON.stringify(value).slice(1, -1);
    unset.add(name);
    return whole;
  });
  return { text: filled, unset: [...unset] };
}

/** Reads the source of a state machine from a file. @param shown the file's name in messages. */
export async function readMachineSource(
  name: string,
  file: string,
  shown: string,
  env: NodeJS.ProcessEnv,
): Promise<MachineSource> {
  return machineSource(name, shown, await readFile(file, 'utf8'), env);
}

/**
 * Returns the text in which the positions of mistakes are looked up. It is the text in the file, unless that is JSON
 * only after its variables were replaced.
 */
export function locatable({ text, definition, positionOf }: MachineSource): JsonText {
  const own = new JsonText(text, positionOf);
  return own.broken ? new JsonText(definition, positionOf) : own;
}
