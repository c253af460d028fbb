import {
  ConfigurableModuleBuilder,
  type INestApplicationContext,
  Logger as NestLogger,
} from '@nestjs/common';
import { ContextIdFactory, ModulesContainer } from '@nestjs/core';
import { type Logger, type LogLine, partsOf } from '../base/log/log.js';
import type { Config } from '../config/config.js';
import type { Container } from '../declare/container.js';
import { readActivity } from '../declare/metadata.js';
import type { Constructor } from '../declare/class.js';

/** The options of `StepwrightModule.forRoot`: those of a worker, except what Nest provides. */
export interface StepwrightModuleOptions extends Omit<
  Config,
  | 'activities'
  | 'machines'
  | 'mocks'
  | 'lambdas'
  | 'httpHosts'
  | 's3'
  | 'keptExecutions'
  | 'keptBytes'
  | 'setup'
> {
  /**
   * Takes tasks once the application has started. With `false` it takes none until `StepwrightWorker.start()` is
   * called. @default true, and false in an application that `@nestjs/testing` has made
   */
  readonly poll?: boolean;
  /** Receives the worker's log lines. @default Nest's logger */
  readonly log?: Logger;
  /**
   * The URL of a module whose default export is a config with `setup`. Required if a handler has `run: 'thread'` or
   * `'process'`, where there is no Nest application. @default none
   */
  readonly module?: string | URL;
}

/** The injection token of the module's options. A test can override them. */
export const STEPWRIGHT_OPTIONS = Symbol.for('stepwright:nestjs-options');

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<StepwrightModuleOptions>({
  optionsInjectionToken: STEPWRIGHT_OPTIONS,
})
  .setClassMethodName('forRoot')
  .build();

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

/**
 * Returns a logger that writes to Nest's logger. The context of a line is its handler, or `Stepwright`. Further fields
 * follow the message as JSON, and the stack of an error comes after them.
 */
export function nestLog(fields: Record<string, unknown> = {}): Logger {
  const { handler, ...constant } = fields;
  const nest = new NestLogger(typeof handler === 'string' ? handler : 'Stepwright');
  const lineFor =
    (write: (message: string, error?: string) => void): LogLine =>
    (...args: [string] | [object, string]) => {
      const [own, message] = partsOf(...args);
      const { err, ...rest }: { err?: unknown } = { ...constant, ...own };
      write(text(message, rest), err instanceof Error ? (err.stack ?? err.message) : undefined);
    };
  return {
    debug: lineFor((message, error) => nest.debug(joined(message, error))),
    info: lineFor((message, error) => nest.log(joined(message, error))),
    warn: lineFor((message, error) => nest.warn(joined(message, error))),
    error: lineFor((message, error) => nest.error(message, error)),
    child: (more) => nestLog({ ...fields, ...more }),
  };
}

const joined = (message: string, error: string | undefined): string =>
  error === undefined ? message : `${message}\n${error}`;

function text(message: string, fields: object): string {
  if (Object.keys(fields).length === 0) return message;
  try {
    return `${message} ${JSON.stringify(fields)}`;
  } catch {
    // A value in it can't be written as JSON, such as an object that contains itself.
    return message;
  }
}
