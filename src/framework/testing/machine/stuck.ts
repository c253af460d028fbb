import { closest } from 'fastest-levenshtein';
import type { HandlerDefinition } from '../../declare/definition.js';
import type { Execution } from '../../local/engine/execution.js';
import type { ExecutionResult } from './execution-result.js';
import { type HandTasks, stateOf } from './hand-tasks.js';
import type { Trail } from './trail.js';

/** Returns the part of an error message that says how an execution has ended, and which states it has entered. */
export function saidEnd({ status, error, cause, path }: ExecutionResult): string {
  const by = error === undefined ? '' : ` by ${error}${cause === undefined ? '' : `: ${cause}`}`;
  return `the execution has ended before (${SAID[status]}${by}). It entered ${path.join(' → ')}`;
}

const SAID = {
  succeeded: 'succeeded',
  failed: 'failed',
  timedOut: 'timed out',
  aborted: 'stopped',
} as const;

/**
 * Returns the part of an error message that says where an execution waits for something that will never happen, and how
 * to fix it.
 */
export function saidWait(execution: Execution, trail: Trail, handTasks: HandTasks): string {
  const where = trail.states.map((name) => `'${name}'`).join(', ');
  const [task] = handTasks.open(execution);
  const head = `the execution waits in ${where}, and nothing is due any more`;
  if (!task) {
    const [last] = execution.history.page(0, 1, { reverse: true });
    return `${head}. Its last event: ${JSON.stringify(last)}`;
  }
  const state = stateOf(task.order);
  if (handTasks.isGiven(task))
    return `${head}: the test has the task of '${state}' and has not answered it\nFix: await task.succeed(output), or task.fail(error)`;
  const answer = `const task = await execution.task('${state}'); await task.succeed(output)`;
  return handTasks.isStarted(execution)
    ? `${head}: a task of '${state}' waits for an answer by hand\nFix: ${answer}`
    : `${head}: '${state}' waits for a report by its task token\nFix: start the execution, and answer: const execution = await machine.start(input); ${answer}`;
}

/**
 * Returns the part of an error message that says that there is no handler for a task, and which handler may have been
 * meant.
 */
export function saidUnserved(arn: string, handlers: readonly HandlerDefinition[]): string {
  const known = handlers.map(({ name, activity }) => ({
    name,
    takes: activity.kind === 'arn' ? activity.arn : activity.name,
  }));
  const head = `a task of ${arn} waits, and no handler of this test machine takes it`;
  const byHand = 'or answer it by hand: machine.start(input), then execution.task(state)';
  if (known.length === 0)
    return `${head}\nFix: give the class that takes it: activities: [TheActivity]; ${byHand}`;
  const nearest = closest(
    arn,
    known.map(({ takes }) => takes),
  );
  return [
    head,
    ...known.map(({ name, takes }) => `  ${name} takes ${takes}`),
    `Fix: did you mean ${nearest}? Correct the state's "Resource" or the class's @Activity, whichever is wrong; or give the class that takes the task in \`activities\`; ${byHand}`,
  ].join('\n');
}
