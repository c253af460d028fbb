import { CheckpointError } from '../../../declare/checkpoint.js';
import type { Constructor } from '../../../declare/class.js';
import type { Groups } from '../../../declare/dto/dto-shape.js';
import { Refusal } from '../outcome/refusal.js';
import { compileInput } from './compile-input.js';

/**
 * Makes an instance of a class from the JSON of a checkpoint, and validates it by the rules of the class.
 * @throws CheckpointError of kind `unreadable` that names the class and each violation
 */
export async function readSaved(value: unknown, type: Constructor<object>, groups: Groups): Promise<unknown> {
  const input = { kind: 'class', type } as const;
  const validate = compileInput({ input, groups, unknownKeys: 'drop', showValues: false });
  try {
    return await validate(value);
  } catch (error) {
    if (!Refusal.is(error)) throw error;
    const shown = error.violations.slice(0, MOST_SHOWN).map(({ path, message }) => `${path}: ${message}`);
    throw new CheckpointError(
      'unreadable',
      `the saved checkpoint is no valid ${type.name}: ${shown.join('; ')}. Give the class a form that accepts it, or load it with { unreadable: 'ignore' } to begin anew`,
      { cause: error },
    );
  }
}

const MOST_SHOWN = 10;
