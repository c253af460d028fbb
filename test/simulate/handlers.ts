import { Allow, IsOptional, Validate, ValidatorConstraint } from 'class-validator';
import { type DependencyContainer, inject, injectable } from 'tsyringe';
import {
  Activity,
  ActivityFailure,
  currentTask,
  Handle,
  Idempotent,
  type InterceptedTask,
  type Interceptor,
  type TaskContext,
} from 'stepwright';
import { TASK_CONTEXT } from '../../src/framework/worker/container/registrations.js';
import { memoryStore } from '../../src/framework/worker/keep/memory.js';
import { idOf } from './deferrals.js';
import type { HandlerDefinition } from '../../src/framework/declare/definition.js';
import type { Behaviour, HandlerKey, Payload, Plan, Wait } from './plan.js';
import { arnOf } from './service.js';
import type { SimulatedProcess } from './timeline.js';
import { type Saved, STEPS } from './uses/checkpoints.js';
import { doneBy, KEEP } from './uses/once.js';
import type { Uses } from './uses/uses.js';

/** What a task is to do. */
export interface Work {
  readonly n: number;
  readonly ms: number;
  readonly does: Behaviour;
  /** Names the piece of work. Several tasks may have the same. */
  readonly piece: number;
  readonly fails?: boolean;
  /** True for a task that is deferred without an id. */
  readonly unnamed?: boolean;
  readonly payload?: Payload;
  /** The payload. In the input of the execution it is a reference. */
  readonly data?: unknown;
  readonly waits?: Wait;
}

/** Watches handlers at work in one process. */
export interface Stage {
  readonly process: SimulatedProcess;
  readonly uses: Uses;
  began(key: HandlerKey, task: TaskContext): void;
  settled(key: HandlerKey, task: TaskContext): void;
  /** Code of one task ran in the asynchronous context of another, or of none. */
  strayed(task: TaskContext, found: TaskContext | undefined): void;
}

export const STAGE = Symbol('stage');

const waited = async ({ process }: Stage, waits: Wait | undefined, what: Wait['for']): Promise<true> => {
  if (waits?.for === what) await new Promise<void>((resolve) => process.input(waits.ms, resolve));
  return true;
};

/** A rule that holds, after as long as the task says. */
@ValidatorConstraint({ name: 'waits', async: true })
@injectable()
class Waited {
  constructor(@inject(STAGE) private readonly stage: Stage) {}

  validate(waits: Wait): Promise<boolean> {
    return waited(this.stage, waits, 'rule');
  }
}

/** The input of each handler. */
class Order implements Work {
  @Allow() n!: number;
  @Allow() ms!: number;
  @Allow() does!: Behaviour;
  @Allow() piece!: number;
  @Allow() fails?: boolean;
  @Allow() unnamed?: boolean;
  @Allow() payload?: Payload;
  @Allow() data?: unknown;
  @IsOptional() @Validate(Waited) waits?: Wait;
}

/** Gives a handler the scope that the plan says. */
export function scopedIn({ handlers }: Plan, definition: HandlerDefinition): HandlerDefinition {
  const planned = handlers.find(({ key }) => definition.name === `Handlers.${key}`);
  return { ...definition, ...(planned?.scope && { scope: planned.scope }) };
}

/** Lets a container make the instances of tasks as slowly as they say. */
export function registerHandlers(container: DependencyContainer, stage: Stage): void {
  container.register(STAGE, { useValue: stage });
  container.register<unknown>(Handlers, {
    useFactory: (of) => {
      const made = new Handlers(stage);
      if (!of.isRegistered(TASK_CONTEXT)) return made;
      const { waits } = JSON.parse(of.resolve(TASK_CONTEXT).rawInput) as Work;
      return waited(stage, waits, 'instance').then(() => made);
    },
  });
}

const Once = Idempotent({
  // The container of a worker gives it the simulated store instead.
  store: memoryStore(),
  key: (work) => `piece-${(work as Work).piece}`,
  keep: KEEP,
  failures: ['Planned'],
});

/** Does some of the tasks once. */
@injectable()
export class SomeOnce implements Interceptor {
  constructor(@inject(Once) private readonly once: Interceptor) {}

  intercept(task: InterceptedTask, next: () => Promise<unknown>): Promise<unknown> {
    const isOnce = (task.input as Work).does === 'once';
    return isOnce ? Promise.resolve(this.once.intercept(task, next)) : next();
  }
}

@Activity(arnOf('main'))
export class Handlers {
  constructor(@inject(STAGE) private readonly stage: Stage) {}

  @Handle()
  main(input: Order, task: TaskContext): Promise<unknown> {
    return this.#perform('main', input, task);
  }

  @Handle({ activity: arnOf('tight') })
  tight(input: Order, task: TaskContext): Promise<unknown> {
    return this.#perform('tight', input, task);
  }

  @Handle({ activity: arnOf('quota') })
  quota(input: Order, task: TaskContext): Promise<unknown> {
    return this.#perform('quota', input, task);
  }

  @Handle({ activity: arnOf('crowd') })
  crowd(input: Order, task: TaskContext): Promise<unknown> {
    return this.#perform('crowd', input, task);
  }

  @Handle({ activity: arnOf('plain') })
  plain(input: Order, task: TaskContext): Promise<unknown> {
    return this.#perform('plain', input, task);
  }

  async #perform(key: HandlerKey, work: Work, task: TaskContext): Promise<unknown> {
    this.stage.began(key, task);
    try {
      this.#check(task);
      task.signal.addEventListener('abort', () => this.#check(task), { once: true });
      await this.#work(work, task);
      this.#check(task);
      if (work.does === 'once') return this.#finish(work, task);
      if (work.does === 'throws') throw new ActivityFailure('Planned', 'as planned');
      if (work.does === 'defers') return await task.defer(work.unnamed ? undefined : { id: idOf(work) });
      if (work.does === 'large') return { n: work.n, data: work.data };
      return work.does === 'invalid' ? { n: BigInt(work.n) } : { n: work.n };
    } finally {
      this.stage.settled(key, task);
    }
  }

  #finish({ piece, fails }: Work, { token }: TaskContext): unknown {
    if (fails) throw new ActivityFailure('Planned', `as planned for ${doneBy(token)}`);
    return { piece, by: doneBy(token) };
  }

  /** Goes on from the last checkpoint. */
  async #inSteps({ piece, ms }: Work, task: TaskContext): Promise<void> {
    const { process, uses } = this.stage;
    const loaded = uses.checkpoints.loads(task);
    let state = (await task.checkpoint.load()) as Saved | undefined;
    loaded(piece, state);
    for (let done = state?.done ?? 0; done < STEPS;) {
      await process.clock.sleep(ms / STEPS, task.signal);
      task.signal.throwIfAborted();
      state = { piece, done: ++done, by: doneBy(task.token) };
      await task.checkpoint.save(state);
      uses.checkpoints.saved(task, state);
    }
    // Something is left to do that needs no checkpoint.
    await process.clock.sleep(ms / STEPS, task.signal);
  }

  async #work(work: Work, task: TaskContext): Promise<void> {
    const { ms, does } = work;
    if (does === 'saves') return this.#inSteps(work, task);
    if (does === 'large') this.stage.uses.payloads.received(task, work);
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
