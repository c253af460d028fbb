import { inject } from 'tsyringe';
import { Activity, ActivityFailure, currentTask, Handle, type TaskContext } from 'stepwright';
import { idOf, UNTIL } from './deferrals.js';
import type { Behaviour, HandlerKey } from './plan.js';
import { arnOf } from './service.js';
import type { SimulatedProcess } from './timeline.js';

/** What a task is to do. */
export interface Work {
  readonly n: number;
  readonly ms: number;
  readonly does: Behaviour;
}

/** Watches handlers at work in one process. */
export interface Stage {
  readonly process: SimulatedProcess;
  began(key: HandlerKey, task: TaskContext): void;
  settled(key: HandlerKey, task: TaskContext): void;
  /** Code of one task ran in the asynchronous context of another, or of none. */
  strayed(task: TaskContext, found: TaskContext | undefined): void;
}

export const STAGE = Symbol('stage');
@Activity(arnOf('main'))
export class Handlers {
  constructor(@inject(STAGE) private readonly stage: Stage) {}

  @Handle({ input: 'any' })
  main(input: unknown, task: TaskContext): Promise<unknown> {
    return this.#perform('main', input as Work, task);
  }

  @Handle({ activity: arnOf('tight'), input: 'any' })
  tight(input: unknown, task: TaskContext): Promise<unknown> {
    return this.#perform('tight', input as Work, task);
  }

  @Handle({ activity: arnOf('quota'), input: 'any' })
  quota(input: unknown, task: TaskContext): Promise<unknown> {
    return this.#perform('quota', input as Work, task);
  }

  @Handle({ activity: arnOf('crowd'), input: 'any' })
  crowd(input: unknown, task: TaskContext): Promise<unknown> {
    return this.#perform('crowd', input as Work, task);
  }

  @Handle({ activity: arnOf('plain'), input: 'any' })
  plain(input: unknown, task: TaskContext): Promise<unknown> {
    return this.#perform('plain', input as Work, task);
  }

  async #perform(key: HandlerKey, work: Work, task: TaskContext): Promise<unknown> {
    this.stage.began(key, task);
    try {
      this.#check(task);
      task.signal.addEventListener('abort', () => this.#check(task), { once: true });
      await this.#work(work, task);
      this.#check(task);
      if (work.does === 'throws') throw new ActivityFailure('Planned', 'as planned');
      if (work.does === 'defers') return task.defer({ until: UNTIL, id: idOf(work) });
      return work.does === 'invalid' ? { n: BigInt(work.n) } : { n: work.n };
    } finally {
      this.stage.settled(key, task);
    }
  }

  async #work({ ms, does }: Work, task: TaskContext): Promise<void> {
    const { process } = this.stage;
    const { clock } = process;
    if (does === 'blocks') {
      await clock.sleep(20, task.signal);
      process.stall(ms);
      // What follows comes once the loop turns again.
      await new Promise<void>((resolve) => process.input(0, resolve));
    } else if (does === 'deaf') await new Promise<void>((resolve) => process.input(ms, resolve));
    else if (does === 'beats') {
      for (const end = clock.now() + ms; clock.now() < end && !task.signal.aborted;) {
        await task.heartbeat();
        this.#check(task);
        await clock.sleep(1_500, task.signal);
      }
    } else await clock.sleep(ms, task.signal);
    if (does === 'pauses') task.pauseHandler('3s', 'as planned');
    if (does !== 'deaf') task.signal.throwIfAborted();
  }

  #check(task: TaskContext): void {
    const found = currentTask();
    // An abandoned handler belongs to no task.
    const isAbandoned = found === undefined && task.signal.aborted;
    if (found !== task && !isAbandoned) this.stage.strayed(task, found);
  }
}
