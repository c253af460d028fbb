import type { Flags } from '../config/sources.js';
import { throwProblems } from '../base/errors.js';
import { didYouMean } from '../base/show.js';
import { inputSchema } from '../declare/schema/dto-schema.js';
import { write } from './output/stdio.js';
import { readWorker } from './project/project.js';

/**
 * Prints the JSON Schema of a handler's input. If no handler is given, prints the schemas of all handlers, by
 * `Class.method`. Doesn't start a worker.
 * @returns the exit code
 * @throws StartError if a worker would not start, or there is no such handler
 */
export async function showSchema(flags: Flags, handler: string | undefined): Promise<number> {
  const { plan } = await readWorker(flags);
  throwProblems(plan.problems);
  const schemas = new Map(plan.handlers.map(({ definition }) => [definition.name, inputSchema(definition)]));
  if (handler !== undefined && !schemas.has(handler))
    throw new Error(noHandler(handler, [...schemas.keys()]));
  const shown = handler === undefined ? Object.fromEntries(schemas) : schemas.get(handler);
  await write(`${JSON.stringify(shown, null, 2)}\n`);
  return 0;
}

const noHandler = (name: string, names: readonly string[]): string =>
  `there is no handler '${name}': ${didYouMean(name, names)}`;
