import type { Logger } from '../../base/log/log.js';
import type { Cancel } from '../../base/time/clock.js';
import type { CallTarget, ResourceAnswer, Resources, SubmittedTask } from '../../asl/runtime/resource.js';
import type { Json } from '../../asl/values/json.js';
import { failedWith } from './service-failure.js';

/** Answers the calls that it takes, such as those of mocked states. */
export interface CallTaker {
  /**
   * Returns true if it takes a call.
   * @param input the input of the call. Undefined when the machine is created: a later call may be taken
   */
  takes(call: CallTarget, input: Json | undefined): boolean;
  /** Returns what a user can do so that it takes the call, as an imperative; undefined if nothing helps. */
  fix(call: CallTarget, input: Json | undefined): string | undefined;
  /**
   * Does the work of a call that it takes. If it rejects, the task fails with States.Runtime.
   * @param cut aborted when the task's time is over, or its execution or branch has ended. The answer is then ignored
   */
  answer(task: SubmittedTask, input: Json, cut: AbortSignal): Promise<ResourceAnswer>;
}

/** Answers each call by the first of a list that takes it. */
export class ResourceList implements Resources {
  /** @param log receives the mistakes of the service */
  constructor(
    private readonly log: Logger,
    private readonly takers: readonly CallTaker[],
  ) {}

  refusal(call: CallTarget, input?: Json): string | undefined {
    if (this.#takerOf(call, input)) return undefined;
    const fixes = this.takers.flatMap((taker) => taker.fix(call, input) ?? []);
    return `Nothing answers '${call.resource}' in the local service: ${fixes.join(', or ')}.`;
  }

  submit(task: SubmittedTask, input: Json): Cancel {
    const taker = this.#takerOf(task.call, input);
    if (!taker) throw new Error(`nothing takes the call of ${task.call.resource}`);
    const cut = new AbortController();
    void taker
      .answer(task, input, cut.signal)
      .catch((err: unknown) => {
        this.log.error({ err, execution: task.execution.arn }, 'the local service failed to answer a Task');
        return failedWith('States.Runtime', String(err));
      })
      .then((answer) => task.answered(answer));
    return () => cut.abort();
  }

  #takerOf(call: CallTarget, input: Json | undefined): CallTaker | undefined {
    return this.takers.find((taker) => taker.takes(call, input));
  }
}
