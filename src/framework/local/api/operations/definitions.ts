import { DefinitionError } from '../../asl/machine.js';
import { hasHeapFor } from '../../engine/heap.js';
import { errors } from '../../engine/service-error.js';

/** The types of machines. */
export const TYPES = ['STANDARD', 'EXPRESS'];

/** The most bytes that reading and compiling a definition takes for each of its characters. */
const COMPILING = 100;

/** @throws ServiceError ThrottlingException if the process has no memory now to read this definition */
export function checkHeapFor(definition: string): void {
  if (!hasHeapFor(COMPILING * definition.length)) throw errors.throttled();
}

/**
 * Compiles the definition of a request.
 * @throws ServiceError InvalidDefinition, which lists all mistakes; ThrottlingException if there is no memory now
 */
export function compiled<T>(definition: string, compile: (definition: string) => T): T {
  checkHeapFor(definition);
  try {
    return compile(definition);
  } catch (error) {
    throw error instanceof DefinitionError ? errors.invalidDefinition(error.message) : error;
  }
}
