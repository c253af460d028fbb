import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { createCompletions } from '../worker/build/create-completions.js';
import type { Completion, Completions, WaitingTask } from '../worker/task/completions.js';
import { configOf, nestLog, STEPWRIGHT_OPTIONS, type StepwrightModuleOptions } from './nest-application.js';

/**
 * Completes deferred tasks of the application's activities, such as from a controller, whether or not the application
 * takes tasks itself. `StepwrightModule` provides it. The first call opens its connections.
 */
@Injectable()
export class StepwrightCompletions implements OnModuleDestroy {
  #completions: Promise<Completions> | undefined;

  constructor(
    @Inject(STEPWRIGHT_OPTIONS) private readonly options: StepwrightModuleOptions,
    @Inject(ModuleRef) private readonly nest: ModuleRef,
  ) {}

  /** Completes a task successfully, as `Completions.succeed` does. @throws StartError if the options don't allow it */
  async succeed(...args: Parameters<Completions['succeed']>): Promise<Completion> {
    return (await this.#open()).succeed(...args);
  }

  /** Completes a task with a failure, as `Completions.fail` does. @throws StartError if the options don't allow it */
  async fail(...args: Parameters<Completions['fail']>): Promise<Completion> {
    return (await this.#open()).fail(...args);
  }

  /** Sends a heartbeat, as `Completions.heartbeat` does. @throws StartError if the options don't allow it */
  async heartbeat(...args: Parameters<Completions['heartbeat']>): Promise<Completion> {
    return (await this.#open()).heartbeat(...args);
  }

  /** Returns the task that was deferred under an id; undefined if there is none. @throws StartError, StoreError */
  async get(id: string): Promise<WaitingTask | undefined> {
    return (await this.#open()).get(id);
  }

  /** Returns the tasks that were deferred under an id, and that nobody has completed. @throws StartError, StoreError */
  async list(): Promise<WaitingTask[]> {
    return (await this.#open()).list();
  }

  /** Closes the connections. Nest calls this when the application is closed. */
  async onModuleDestroy(): Promise<void> {
    (await this.#completions?.catch(() => undefined))?.close();
  }

  #open(): Promise<Completions> {
    if (this.#completions) return this.#completions;
    const { log = nestLog() } = this.options;
    const completions = createCompletions(configOf(this.options, this.nest), { log });
    this.#completions = completions;
    // The next call tries again.
    completions.catch(() => (this.#completions = undefined));
    return completions;
  }
}
