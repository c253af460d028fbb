import type { DependencyContainer } from 'tsyringe';
import type { HandClock } from './hand-clock.js';
import type { Constructor, HandlerDefinition } from '../declare/definition.js';
import { discover } from '../declare/discovery.js';
import type { Interceptor } from '../declare/interceptor.js';
import { throwProblems } from '../errors.js';
import { compile, type CompiledHandler } from '../handler/compile.js';
import { CLOCK, createContainer, RANDOM, type Setup } from '../handler/container/container.js';
import { resolveProblems } from '../handler/container/resolve-problems.js';
import type { Logger } from '../log.js';
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

/** A handler, ready to run. */
export interface Compiled {
  readonly definition: HandlerDefinition;
  readonly handle: CompiledHandler;
}

/** The container and the handlers of some classes, on a clock. @throws StartError as a worker would, but for accounts and variables */
export async function prepare(
  classes: readonly Constructor<object>[],
  { mocks = [], useMocker, interceptors = [], setup }: TestBedOptions,
  clock: HandClock,
): Promise<{ container: DependencyContainer; handlers: Compiled[] }> {
  const { handlers, problems } = discover(classes, process.env, { standIn: true });
  // A bed connects to no account at all.
  throwProblems(problems.filter(({ code }) => code !== 'TWO_ACCOUNTS'));
  const own = [
    { token: CLOCK, provider: { useValue: clock } },
    { token: RANDOM, provider: { useValue: () => 0.5 } },
  ];
  const mocked = mocks.map(asRegistration);
  const rest = useMocker ? mockRest(handlers, interceptors, mocked, useMocker) : [];
  const container = await createContainer(setup, [...own, ...rest, ...mocked]);
  throwProblems(resolveProblems(handlers, container, interceptors));
  const compiled = handlers.map((definition) => ({
    definition,
    handle: compile(definition, container, interceptors),
  }));
  return { container, handlers: compiled };
}
