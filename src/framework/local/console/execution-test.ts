import type { Execution } from '../engine/execution.js';
import { errors } from '../engine/service-error.js';
import { viewEvent } from '../view/history-event.js';
import { type EndedExecution, NoTestError, testSource } from '../view/test-source.js';

/** Returns an execution as the source of a test that replays it. @throws ServiceError if that can't be done */
export function executionTest(execution: Execution): string {
  try {
    return testSource(endedExecution(execution));
  } catch (error) {
    if (error instanceof NoTestError) throw errors.validation([error.message]);
    throw error;
  }
}

/** Returns an execution with its whole history. @throws ServiceError if it is still running */
export function endedExecution({ name, machine, input, status, end, history }: Execution): EndedExecution {
  if (status === 'RUNNING') throw errors.validation([`The execution '${name}' is still running`]);
  return {
    ...{ name, machine: machine.name, definition: machine.definition, input, status },
    ...{ output: end?.output, error: end?.error, cause: end?.cause },
    events: history.all().map(viewEvent),
  };
}
