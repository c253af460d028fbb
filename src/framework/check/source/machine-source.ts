import { readFile } from 'node:fs/promises';
import { type Environment, fillInMachine } from '../../base/environment.js';
import { JsonText } from './json-text.js';

/** The text of a state machine: a file, or what the service keeps. */
export interface MachineSource {
  /** The machine's name. */
  readonly name: string;
  /** What it is called in messages: a path, or an ARN. */
  readonly file: string;
  /** As it stands there, `${NAME}` and all. */
  readonly text: string;
  /** With `${NAME}` filled in. */
  readonly definition: string;
  /** Names of variables in it that are unset or empty. */
  readonly unset: readonly string[];
}

/** @param file what it is called in messages. */
export const machineSource = (name: string, file: string, text: string, env: Environment): MachineSource => {
  const { text: definition, unset } = fillInMachine(text, env);
  return { name, file, text, definition, unset };
};

/** Reads one from a file. @param shown what the file is called in messages. */
export async function readMachineSource(
  name: string,
  file: string,
  shown: string,
  env: Environment,
): Promise<MachineSource> {
  return machineSource(name, shown, await readFile(file, 'utf8'), env);
}

/** The text to find places in: the file's own, or where only the variables make it JSON, the one they are filled in. */
export function locatable({ text, definition }: MachineSource): JsonText {
  const own = new JsonText(text);
  return own.broken ? new JsonText(definition) : own;
}
