import { compileMachine, DefinitionError } from '../asl/machine.js';
import type { Operation } from '../api/operation.js';
import { Checker, MAX } from '../api/request-validation.js';

/** What is wrong with a definition, each with its place, while a person writes it. Nothing is created. */
export const checkDefinition: Operation = ({ body }) => {
  const checker = new Checker(body);
  const definition = checker.requiredText('definition', { min: 1, max: MAX.definition });
  checker.done();
  try {
    compileMachine(definition);
    return { problems: [] };
  } catch (error) {
    if (error instanceof DefinitionError) return { problems: error.problems };
    throw error;
  }
};
