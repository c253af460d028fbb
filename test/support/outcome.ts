import type { TaskContext } from 'stepwright';
import type { CompiledHandler } from '../../src/framework/worker/handler/compile.js';
import type { HandlerEnd } from '../../src/framework/declare/outcome.js';

/** Runs a handler with one task. Resolves with the outcome, after all of the handler's code has ended. */
export async function outcomeOf(
  handle: CompiledHandler,
  json: string,
  task: TaskContext,
): Promise<HandlerEnd> {
  let outcome: HandlerEnd | undefined;
  await handle(json, task, (end) => (outcome ??= end));
  if (!outcome) throw new Error('the handler has ended without an outcome');
  return outcome;
}
