import { Activity, Handle } from 'stepwright';
import type { HandlerDefinition } from '../../src/framework/declare/definition.js';
import { discover } from '../../src/framework/declare/discovery/discovery.js';
import type { HandleOptions } from '../../src/framework/declare/handler-options.js';

/** The definition of a handler with these options. @throws Error where it can't run. */
export function definitionOf(options: HandleOptions): HandlerDefinition {
  @Activity('schema')
  class Takes {
    @Handle(options as HandleOptions<'any', undefined>) run(_input: never): void {}
  }
  const { handlers, problems } = discover([Takes], {});
  const [definition] = handlers;
  if (!definition) throw new Error(`it can not run: ${problems.map(({ what }) => what).join('; ')}`);
  return definition;
}
