import type { DependencyContainer } from 'tsyringe';
import { resolveConfig, resolveHandler, type ResolvedOptions, type Settings } from '../config/resolve.js';
import type { Constructor, HandlerDefinition } from '../declare/definition.js';
import { discover } from '../declare/discovery.js';
import type { Interceptor } from '../declare/interceptor.js';
import { throwProblems } from '../errors.js';
import { compile, type CompiledHandler } from '../handler/compile.js';
import { CLOCK, createContainer, RANDOM, type Setup } from '../handler/container/container.js';
import { resolveProblems } from '../handler/container/resolve-problems.js';
import type { Logger } from '../log.js';
import type { HandClock } from './hand-clock.js';
import { asRegistration, mockRest, type Mock, type Mocker } from './mock.js';

export interface TestBedOptions {
  /** Stand-ins for what would be injected, each a token and a value, a class or a factory. @default [] */
  readonly mocks?: readonly Mock[];
  /** Makes stand-ins for all the rest that is injected; where it gives `undefined`, the real one is used. @default none */
  readonly useMocker?: Mocker;
  /** Global interceptors, as in the config. @default [] */
  readonly interceptors?: readonly Constructor<Interceptor>[];
  /** Registers providers, as in the config. The mocks win over it. @default none */
  readonly setup?: Setup;
  /** Where `task.log` goes. @default nowhere */
  readonly log?: Logger;
}

/** A handler, ready to run in a bed. */
export interface BedHandler {
  readonly definition: HandlerDefinition;
  readonly options: ResolvedOptions;
  readonly handle: CompiledHandler;
}

/**
 * The container and the handlers of some classes, on a clock.
 * @throws StartError as a worker would, but for accounts and variables; what `setup` opened is then closed again.
 */
export async function makeBedHandlers(
  classes: readonly Constructor<object>[],
  options: TestBedOptions,
  clock: HandClock,
): Promise<{ container: DependencyContainer; handlers: BedHandler[] }> {
  const { interceptors, setup } = options;
  const settings = resolveConfig({ config: { interceptors, setup }, env: {} });
  const found = discover(classes, process.env, { standIn: true });
  // A bed connects to no account at all.
  throwProblems(found.problems.filter(({ code }) => code !== 'TWO_ACCOUNTS'));
  const container = await makeContainer(found.handlers, settings, options, clock);
  const handlers = found.handlers.map((definition) => ({
    definition,
    options: resolveHandler(definition, settings).options,
    handle: compile(definition, container, settings.interceptors),
  }));
  return { container, handlers };
}

async function makeContainer(
  definitions: readonly HandlerDefinition[],
  { setup, interceptors }: Settings,
  { mocks = [], useMocker }: TestBedOptions,
  clock: HandClock,
): Promise<DependencyContainer> {
  const own = [
    { token: CLOCK, provider: { useValue: clock } },
    { token: RANDOM, provider: { useValue: () => 0.5 } },
  ];
  const mocked = mocks.map(asRegistration);
  const rest = useMocker ? mockRest(definitions, interceptors, mocked, useMocker) : [];
  let begun: DependencyContainer | undefined;
  const begin: Setup = (container) => {
    begun = container;
    return setup?.(container);
  };
  try {
    const container = await createContainer(begin, [...own, ...rest, ...mocked]);
    throwProblems(resolveProblems(definitions, container, { interceptors }));
    return container;
  } catch (error) {
    await begun?.dispose();
    throw error;
  }
}
