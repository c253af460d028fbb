import type { Clock } from '../../base/time/clock.js';
import type { TaskContext } from '../../declare/task-context.js';
import type { CompiledHandler } from '../handler/compile.js';
import { ownFailure, shutdownFailure } from '../handler/outcome/failure.js';
import type { Outcome } from '../handler/outcome/outcome.js';
import { OWN_ERROR } from '../handler/outcome/own-error.js';
import { unlessAborted } from '../../base/time/wait.js';
import { HostedRun } from './hosted-run.js';
import { HostUnfit, type Member, type Pool } from './pool.js';

/** A handler whose tasks run in the threads or processes of a pool. To its caller it is as one of the main thread. */
export function hostedHandler(pool: Pool, clock: Clock): CompiledHandler {
  return async (text, context, onOutcome) => {
    const member = pool.take();
    const notBegun = await untilReady(member, context);
    if (notBegun) {
      onOutcome(notBegun);
      if (context.signal.aborted) pool.giveBack(member);
      else await pool.rest(context.signal);
      return;
    }
    const reusable = await new HostedRun(member, context, clock, onOutcome).run(text);
    if (reusable) pool.giveBack(member);
    else pool.end(member);
  };
}

/** @returns what to tell of a task that can't begin, or need not. */
async function untilReady({ host, ready }: Member, { signal }: TaskContext): Promise<Outcome | undefined> {
  try {
    await unlessAborted(signal, ready);
    return undefined;
  } catch (error) {
    if (!(error instanceof HostUnfit))
      return shutdownFailure('the worker stopped, and the handler was not called any more');
    return ownFailure(
      OWN_ERROR.handlerCrashed,
      `the handler's ${host.kind} could not be started: ${error.message}`,
    );
  }
}
