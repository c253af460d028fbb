import { ContextIdFactory, ModulesContainer } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import type { Container } from '../declare/container.js';
import { readActivity } from '../declare/metadata.js';
import type { Constructor } from '../declare/class.js';
import type { Config } from '../config/config.js';
import type { StepwrightModuleOptions } from './module-options.js';

/** The methods of a Nest application, a testing module or a `ModuleRef` that provide instances. */
export type NestInstances = Pick<INestApplicationContext, 'get' | 'resolve' | 'registerRequestByContextId'>;

/** A provider as Nest keeps it. */
interface Wrapper {
  readonly token: unknown;
  readonly metatype: unknown;
  isDependencyTreeStatic(): boolean;
}

/**
 * Makes the container of a Nest application usable for `createTestBed` and `createWorker`. An activity that is
 * request-scoped, or that depends on something request-scoped, is made for each task, and the request is the task's
 * context.
 * @param nest a Nest application, a testing module or a `ModuleRef`
 */
export function nestContainer(nest: NestInstances): Container {
  const providers = providersOf(nest);
  return {
    scopeOf(token) {
      const provider = providers.get(token);
      if (!provider) return undefined;
      return provider.isDependencyTreeStatic() ? 'worker' : 'task';
    },
    resolve(token, task) {
      const named = (providers.get(token)?.token ?? token) as Constructor;
      // A strategy of the application's own may read the request, so it is asked for tasks only.
      const contextId = task ? ContextIdFactory.getByRequest(task) : ContextIdFactory.create();
      if (task) nest.registerRequestByContextId(task, contextId);
      return nest.resolve(named, contextId, { strict: false });
    },
  };
}

/** Returns the config of a worker that a module's options and its application's activities make. */
export function configOf(
  options: StepwrightModuleOptions,
  nest: NestInstances,
): Config & { readonly activities: Constructor[] } {
  const { poll: _, log: __, module: ___, ...config } = options;
  return { ...config, activities: activitiesOf(nest) };
}

/** Returns the classes with `@Activity` that a Nest application provides. */
function activitiesOf(nest: NestInstances): Constructor[] {
  const tokens = [...providersOf(nest).keys()];
  return tokens.filter((each): each is Constructor => typeof each === 'function' && isActivity(each));
}

/**
 * Returns the providers of all modules by their tokens. An activity that is provided under another token is also found
 * by its class.
 */
function providersOf(nest: NestInstances): ReadonlyMap<unknown, Wrapper> {
  const modules = nest.get(ModulesContainer, { strict: false });
  const wrappers: Wrapper[] = [...modules.values()].flatMap(({ providers }) => [...providers.values()]);
  const providers = new Map<unknown, Wrapper>();
  for (const each of wrappers) if (isActivity(each.metatype)) providers.set(each.metatype, each);
  for (const each of wrappers) providers.set(each.token, each);
  return providers;
}

const isActivity = (type: unknown): boolean =>
  typeof type === 'function' && readActivity(type as Constructor) !== undefined;
