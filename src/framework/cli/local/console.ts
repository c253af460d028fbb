import { isIP } from 'node:net';
import type { HandlerDefinition } from '../../declare/definition.js';
import { inputSchema, type JsonSchema } from '../../declare/schema/dto-schema.js';
import type { ConsoleOptions, ConsoleWorker } from '../../local/index.js';
import { type LocalServiceFlags, projectFlagsOf } from '../flags/local-service-flags.js';
import { projectCheck } from '../project/project-check.js';
import { withWatched } from '../workers/watched-workers.js';
import { exampleInput } from './example-input.js';

/** The input of a handler, as the console's form for it needs it. */
export interface ConsoleInput {
  readonly schema: JsonSchema;
  /** An example as JSON text; undefined if the handler accepts any input. */
  readonly example: string | undefined;
}

export const consoleInput = (definition: HandlerDefinition): ConsoleInput => ({
  schema: inputSchema(definition),
  example: exampleInput(definition),
});

/**
 * Returns the options of the local service's console (a web page). At a loopback address there is a console unless it is
 * turned off; at other addresses only if `--console` asks for it.
 * @param inputOf returns the input of the handler of an activity
 * @param workers returns the workers that the console shows beside those of `--workers`
 */
export function consoleOptions(
  flags: LocalServiceFlags & { readonly host?: string },
  inputOf: (activityArn: string) => ConsoleInput | undefined,
  workers: () => readonly ConsoleWorker[],
): false | ConsoleOptions {
  const { host = '127.0.0.1' } = flags;
  const isLoopback = host === 'localhost' || host === '::1' || (isIP(host) !== 0 && host.startsWith('127.'));
  if (!(flags.console ?? isLoopback)) return false;
  return {
    workers: withWatched(workers, flags.workers),
    checkProject: projectCheck(projectFlagsOf(flags)),
    schemaFor: (arn) => inputOf(arn)?.schema,
    exampleFor: (arn) => inputOf(arn)?.example,
  };
}
