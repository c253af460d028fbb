import type { Clock } from '../../base/time/clock.js';
import type { TaskContext } from '../../declare/task-context.js';
import type { CompiledHandler } from '../handler/compile.js';
import type { Checkpoints } from '../keep/checkpoints.js';
import { ownFailure, shutdownFailure } from '../handler/outcome/failure.js';
import type { Outcome } from '../handler/outcome/outcome.js';
import { OWN_ERROR } from '../handler/outcome/own-error.js';
import { unlessAborted } from '../../base/time/wait.js';
import { HostedRun } from './hosted-run.js';
import { HostNotStarted, type Pool, type PooledHost } from './pool.js';

/** The most threads or processes that are tried for one task, if each of them exits before the task has begun. */
const MOST_HOSTS = 3;

/**
 * Makes a handler whose tasks run in the threads or processes of a pool. It is called in the same way as a handler that
 * runs on the main thread.
 */
export function hostedHandler(pool: Pool, clock: Clock, checkpoints?: Checkpoints): CompiledHandler {
  return async (text, context, onEnd) => {
    for (let hosts = 0; hosts < MOST_HOSTS; hosts++) {
      const pooled = pool.acquire();
      const failure = await failureToBegin(pooled, context);
      if (failure) {
        onEnd(failure);
        if (context.signal.aborted) pool.release(pooled);
        else await pool.backOff(context.signal);
        return;
      }
      const end = await new HostedRun(pooled, context, { clock, checkpoints }, onEnd).run(text);
      if (end === 'settled') pool.release(pooled);
      else pool.kill(pooled);
      if (end !== 'not-begun') return;
      // An idle host may exit at any time, even while a task is being sent to it.
      context.log.debug(`its ${pooled.host.kind} exited before the handler was called: another one runs it`);
    }
    onEnd(ownFailure(OWN_ERROR.handlerCrashed, NEVER_BEGUN));
  };
}

const NEVER_BEGUN = `the handler was not called: ${MOST_HOSTS} threads or processes exited, one after another, before it began`;

/**
 * Waits until the thread or process (the host) is ready for the task. Resolves to undefined then. Resolves to the
 * task's failure if the host couldn't be started, or if the task's signal aborted first.
 */
async function failureToBegin(
  { host, ready }: PooledHost,
  { signal }: TaskContext,
): Promise<Outcome | undefined> {
  try {
    await unlessAborted(signal, ready);
    return undefined;
  } catch (error) {
    if (!(error instanceof HostNotStarted))
      return shutdownFailure('the worker stopped, and the handler was not called any more');
    return ownFailure(
      OWN_ERROR.handlerCrashed,
      `the handler's ${host.kind} could not be started: ${error.message}`,
    );
  }
}
