import { closest } from 'fastest-levenshtein';
import type { DependencyContainer, InjectionToken } from 'tsyringe';
import type { HandlerDefinition } from '../declare/definition.js';
import { didYouMean, type Problem, show } from '../base/errors.js';
import { CLOCK, RANDOM, TASK_CONTEXT } from '../worker/handler/container/container.js';
import { asksLate } from '../worker/handler/container/dependencies.js';
import { registrationOf } from '../worker/handler/container/registrations.js';
import { FAULTS, type Fault } from './options.js';

/** A test that speaks of something that there is not would test nothing: it fails before it begins. */
const namesNobody = (where: string, what: string, fix: string): Problem => ({
  code: 'TEST_NAMES_NOBODY',
  where,
  what,
  fix,
});

/** Faults of handlers that there are not, and faults that there are not. */
export function faultProblems(
  faults: Readonly<Record<string, readonly Fault[]>>,
  handlers: readonly HandlerDefinition[],
): Problem[] {
  const names = handlers.map(({ name }) => name);
  return Object.entries(faults).flatMap(([name, list]): Problem[] => {
    const where = `faults['${name}']`;
    if (!names.includes(name))
      return [namesNobody(where, 'there is no such handler in this test machine', didYouMean(name, names))];
    const known: readonly unknown[] = FAULTS;
    return list
      .filter((fault) => !known.includes(fault))
      .map((fault) => namesNobody(where, `there is no fault ${show(fault)}`, didYouMean(fault, FAULTS)));
  });
}

/** A Task of the machine under test, as far as it is answered by `resources`. */
interface ResourceTask {
  readonly state: string;
  readonly resource: string;
  readonly activity?: unknown;
}

/** Resources that no Task of the machine calls. */
export function resourceProblems(
  resources: object,
  machine: string,
  tasks: readonly ResourceTask[],
): Problem[] {
  const called = tasks.filter(({ activity }) => activity === undefined);
  const names = [...new Set(called.flatMap(({ state, resource }) => [`${machine}.${state}`, resource]))];
  return Object.keys(resources)
    .filter((name) => !names.includes(name))
    .map((name) => {
      const own = tasks.some(({ state, activity }) => activity !== undefined && name.endsWith(`.${state}`));
      const what = own
        ? 'that Task is on an activity, so a handler answers it, and no resource'
        : 'no Task of the machine calls it';
      return namesNobody(
        `resources['${name}']`,
        what,
        own
          ? 'remove this entry, and give the class of the handler in `activities`; what is injected there can be replaced by `mocks`'
          : didYouMean(name, names),
      );
    });
}

/** What is known of a bed's container. */
export interface Injected {
  readonly container: DependencyContainer;
  /** What the handlers need. */
  readonly needed: ReadonlySet<InjectionToken>;
  /** Of these, the classes of the handlers themselves. */
  readonly roots: ReadonlySet<InjectionToken>;
  /** What `setup` registered, for whoever asks by hand. */
  readonly registered: ReadonlySet<InjectionToken>;
}

const OWN: ReadonlySet<InjectionToken> = new Set<InjectionToken>([CLOCK, RANDOM, TASK_CONTEXT]);

/** Mocks of what nothing is injected with. None is told where a factory may ask for anything. */
export function mockProblems(
  tokens: readonly InjectionToken[],
  { container, needed, roots, registered }: Injected,
): Problem[] {
  const unused = tokens.filter((token) => !needed.has(token) && !registered.has(token) && !OWN.has(token));
  if (unused.length === 0 || [...needed].some((token) => asksByHand(token, container))) return [];
  const others = [...needed].filter(
    (token) => !tokens.includes(token) && !OWN.has(token) && !roots.has(token),
  );
  return unused.map((token) => {
    const name = nameOf(token);
    const twin = others.find((other) => nameOf(other) === name);
    const fix = twin
      ? `another ${name} is injected, of another file or another copy: import it from where the class imports it`
      : `${suggestion(name, others.map(nameOf))}if your code uses it, have it injected by the constructor; else remove the mock. What is asked of container.resolve() is registered in \`setup\``;
    return namesNobody(`mocks: ${name}`, 'nothing that this test runs is injected with it', fix);
  });
}

const suggestion = (name: string, names: readonly string[]): string =>
  names.length > 0 ? `did you mean ${closest(name, [...names])}? Injected are: ${names.join(', ')}; ` : '';

function asksByHand(token: InjectionToken, container: DependencyContainer): boolean {
  const provider = registrationOf(container, token)?.provider;
  if (provider) return 'useFactory' in provider;
  return typeof token === 'function' && asksLate(token as new () => unknown);
}

function nameOf(token: InjectionToken): string {
  if (typeof token === 'function') return token.name;
  if (typeof token === 'string') return `'${token}'`;
  return typeof token === 'symbol' ? token.toString() : 'a delayed class';
}
