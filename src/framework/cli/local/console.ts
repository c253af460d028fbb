import { isIP } from 'node:net';
import { inputSchema } from '../../declare/schema/dto-schema.js';
import { exampleInput } from './example-input.js';
import type { ConsoleOptions, ConsoleWorker } from '../../local/index.js';
import type { PlannedHandler } from '../../worker/build/plan.js';
import { projectCheck } from '../project/project-check.js';
import { localArn } from './seed.js';

/**
 * Returns true if the local service shows its console (a web page). At a loopback address it does unless the console is
 * turned off. At other addresses it does only if that is requested.
 */
export function wantsConsole(asked: boolean | undefined, host = '127.0.0.1'): boolean {
  return asked ?? (host === 'localhost' || (isIP(host) !== 0 && (host === '::1' || host.startsWith('127.'))));
}

/**
 * Returns the options of a console (the web page of the local service) that shows these workers, and example inputs and
 * forms for these handlers.
 * @param projectFlags the flags that say where the files of the project are
 */
export function consoleOptions(
  handlers: readonly PlannedHandler[],
  region: string | undefined,
  projectFlags: readonly string[],
  workers?: () => readonly ConsoleWorker[],
): ConsoleOptions {
  const handlerOf = (arn: string): PlannedHandler | undefined =>
    handlers.find(({ definition }) => localArn(definition.activity, region) === arn);
  return {
    checkProject: projectCheck(projectFlags),
    ...(workers && { workers }),
    schemaFor: (arn) => {
      const handler = handlerOf(arn);
      return handler && inputSchema(handler.definition);
    },
    exampleFor: (arn) => {
      const handler = handlerOf(arn);
      const example = handler && exampleInput(handler.definition);
      return example === undefined ? undefined : JSON.stringify(example);
    },
  };
}
