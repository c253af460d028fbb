import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { Lifecycle } from '../../declare/container.js';
import type { HandlerDefinition } from '../../declare/definition.js';
import type { Constructor } from '../../declare/class.js';
import { ruleClasses } from '../../declare/dto/dto-shape.js';
import type { Interceptor } from '../../declare/interceptor.js';
import type { Problem } from '../../base/errors.js';
import { oneCopyFix, otherCopies, ourCopy } from '../../declare/other-copies.js';
import { renamedKeyProblems } from '../../declare/discovery/renamed-keys.js';
import { dependenciesOf, dependencyProblems, type FixMissing, neededBy } from './dependencies.js';
import { registrationOf, resolveOnce } from './registrations.js';

interface Wanted {
  readonly type: Constructor;
  readonly where: string;
  readonly scope: 'worker' | 'task';
}

/** The interceptors and observers in the config. */
export interface SharedClasses {
  readonly interceptors?: readonly Constructor<Interceptor>[];
  readonly observe?: readonly Constructor<object>[];
}

/**
 * Returns a problem for each dependency of the handlers that can't be resolved. To find out, makes the instances that
 * live as long as the worker. A class that gets an instance for each task isn't instantiated; only the singletons that
 * it needs are.
 * @param shared the interceptors and observers in the config
 */
export function resolveProblems(
  definitions: readonly HandlerDefinition[],
  container: DependencyContainer,
  shared: SharedClasses = {},
  fixMissing?: FixMissing,
): Problem[] {
  const wanted = new Map<Constructor, Wanted>();
  for (const each of listWanted(definitions, shared)) {
    if (!wanted.has(each.type)) wanted.set(each.type, each);
  }
  const declared = new Set<unknown>(definitions.map(({ target }) => target));
  const built = builtFrom(neededTokens(definitions, container, shared), container);
  return [
    ...[...wanted.values()].flatMap((each) => problemsOf(each, container, fixMissing)),
    ...renamedKeyProblems([...built].filter((type) => !declared.has(type))),
  ];
}

/** Returns the classes of which a container makes instances for some tokens, and those of instances that it was given. */
function* builtFrom(
  tokens: Iterable<InjectionToken>,
  container: DependencyContainer,
  seen = new Set<unknown>(),
): Generator<Constructor> {
  for (const token of tokens) {
    const provider = registrationOf(container, token)?.provider;
    const type = provider && 'useClass' in provider ? provider.useClass : token;
    const made = provider && 'useValue' in provider ? classOf(provider.useValue) : type;
    if (typeof made !== 'function' || seen.has(made)) continue;
    seen.add(made);
    yield made as Constructor;
    yield* builtFrom(dependenciesOf(made as Constructor), container, seen);
  }
}

const classOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, 'constructor') : undefined;

/**
 * Returns every injection token that the handlers need, directly or through their dependencies. Dependencies inside
 * factories aren't found, since only declarations are read.
 */
export function neededTokens(
  definitions: readonly HandlerDefinition[],
  container: DependencyContainer,
  shared: SharedClasses = {},
): ReadonlySet<InjectionToken> {
  const wanted = [...listWanted(definitions, shared)];
  return new Set(wanted.flatMap(({ type }) => neededBy(type, container)));
}

function* listWanted(
  definitions: readonly HandlerDefinition[],
  { interceptors = [], observe = [] }: SharedClasses,
): Generator<Wanted> {
  for (const type of interceptors) yield { type, where: `${type.name} (interceptor)`, scope: 'worker' };
  for (const type of observe) yield { type, where: `${type.name} (observe)`, scope: 'worker' };
  for (const { target, name, interceptors, input, output, scope, groups } of definitions) {
    yield { type: target, where: target.name, scope };
    for (const type of interceptors)
      yield { type, where: `${type.name} (interceptor of ${name})`, scope: 'worker' };
    for (const type of rulesOf({ input, output, groups })) {
      if (type.length > 0) yield { type, where: `${type.name} (rule of ${name})`, scope };
    }
  }
}

/**
 * Returns the constraint classes (`@ValidatorConstraint`) that the rules of a handler's input and output classes use.
 */
function rulesOf({ input, output, groups }: Pick<HandlerDefinition, 'input' | 'output' | 'groups'>) {
  return [input, output].flatMap((spec) =>
    spec && 'type' in spec && typeof spec.type === 'function' ? ruleClasses(spec.type, groups) : [],
  );
}

/**
 * Returns the classes that are resolved from the container for a task: those of the handlers, the interceptors, and the
 * constraint classes in DTOs. Their dependencies aren't included.
 */
export function entryClasses(
  definitions: readonly HandlerDefinition[],
  { interceptors = [] }: SharedClasses,
): ReadonlySet<Constructor> {
  const own = definitions.flatMap((each) => [each.target, ...each.interceptors, ...rulesOf(each)]);
  return new Set([...interceptors, ...own]);
}

function problemsOf(
  { type, where, scope }: Wanted,
  container: DependencyContainer,
  fixMissing: FixMissing | undefined,
): Problem[] {
  const problems = dependencyProblems(type, where, container, scope, fixMissing);
  if (problems.length > 0) return problems;
  if (scope === 'worker') return failedResolution(type, where, container);
  const shared = neededBy(type, container).filter((token) => isShared(token, container));
  return shared.flatMap((token) => failedResolution(token, where, container));
}

const isShared = (token: InjectionToken, container: DependencyContainer): boolean =>
  registrationOf(container, token)?.options.lifecycle === Lifecycle.Singleton;

function failedResolution(token: InjectionToken, where: string, container: DependencyContainer): Problem[] {
  try {
    const made: unknown =
      typeof token === 'function' ? resolveOnce(container, token) : container.resolve(token);
    return isPromise(made) ? [{ code: 'DEPENDENCY_UNRESOLVED', where, ...UNAWAITED }] : [];
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return [injectedByOther(where, what) ?? { code: 'DEPENDENCY_UNRESOLVED', where, what, fix: fixOf(what) }];
  }
}

/** Returns the problem of a class whose `@injectable` comes from another copy of tsyringe than Stepwright uses. */
function injectedByOther(where: string, message: string): Problem | undefined {
  const [, unknown] = /TypeInfo not known for "([^"]+)"/.exec(message) ?? [];
  const [name, module] = ['tsyringe', 'dist/cjs/dependency-container.js'];
  const other = otherCopies(name, module).find(({ exports }) => {
    const known: unknown = Reflect.get(exports, 'typeInfo');
    return (
      known instanceof Map && [...known.keys()].some((type: { name?: unknown }) => type.name === unknown)
    );
  });
  if (unknown === undefined || !other) return undefined;
  const what = `the @injectable of ${unknown} comes from another copy of ${name} (${other.folder}) than Stepwright uses (${ourCopy(name, module)}), and has no effect`;
  return { code: 'TWO_COPIES', where, what, fix: oneCopyFix(name) };
}

const isPromise = (made: unknown): boolean =>
  typeof made === 'object' && made !== null && typeof Reflect.get(made, 'then') === 'function';

const UNAWAITED = {
  what: 'its instance is a promise, or has a method `then`: a constructor or a `useFactory` is asynchronous',
  fix: 'await it in `setup`, which may be async, and register the result: container.register(Name, { useValue: await … })',
};

const fixOf = (what: string): string =>
  /unregistered dependency token/.test(what)
    ? 'register the token in `setup` of the config: container.register(token, { useValue: … })'
    : 'correct what the last reason above says; providers are registered in `setup` of the config';
