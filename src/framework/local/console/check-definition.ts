import { problemsIn } from '../asl/machine.js';
import type { Call } from '../api/server.js';
import { checkHeapFor, MAX } from '../api/request-validation.js';
import type { Commands } from './api.js';

type CheckDefinition = Commands['CheckDefinition'];

const DEFINITION: keyof CheckDefinition['request'] = 'definition';

/**
 * Returns the problems in a definition, each with the path of its field. The page calls this while a person is writing
 * the definition. Nothing is created.
 */
export function checkDefinition({ checker }: Call): CheckDefinition['answer'] {
  const definition = checker.requiredText(DEFINITION, { min: 1, max: MAX.definition });
  checker.done();
  checkHeapFor(definition);
  return { problems: problemsIn(definition) };
}
