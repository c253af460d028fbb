import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { type Constructor, isBuiltIn } from '../../declare/class.js';
import { readConstructorTypes } from '../../declare/metadata.js';
import type { Problem } from '../../base/errors.js';
import { show } from '../../base/show.js';
import { registrationOf, TASK_CONTEXT } from './registrations.js';

interface Fault extends Pick<Problem, 'what' | 'fix'> {
  /** The injection token that isn't registered, written as code. Absent if the problem isn't a missing registration. */
  readonly missing?: string;
  /** The injection token that isn't registered. */
  readonly token?: InjectionToken;
}

/** Returns a text that says how to register a missing injection token. @param token the token, written as code */
export type FixMissing = (token: string) => string;

const inSetup: FixMissing = (token) =>
  `register it in the config, a class as here or a value by useValue: setup(container) { container.register(${token}, { useClass: TheClass }); }`;

/**
 * Follows the dependencies of a class as tsyringe would, without making any instance. Returns a problem for each
 * dependency for which tsyringe would silently inject a wrong value, or fail with an unhelpful message.
 */
export function dependencyProblems(
  type: Constructor,
  where: string,
  container: DependencyContainer,
  scope: 'worker' | 'task',
  fixMissing: FixMissing = inSetup,
): Problem[] {
  const seen = new Set<InjectionToken>(scope === 'task' ? [TASK_CONTEXT] : []);
  const faults = [...faultsOf(type, container, seen)];
  return faults.map(({ what, fix, missing }) => ({
    code: 'DEPENDENCY_UNRESOLVED',
    where,
    what,
    fix: missing === undefined ? fix : fixMissing(missing),
  }));
}

/** Returns the tokens of a class's constructor parameters, including those of `delay(() => X)` and of transforms. */
export const dependenciesOf = (type: Constructor): InjectionToken[] => parametersOf(type).flatMap(tokensOf);

function tokensOf(parameter: unknown): InjectionToken[] {
  if (typeof parameter !== 'object' || parameter === null) return toList(tokenOf(parameter));
  const wrap: unknown = Reflect.get(parameter, 'wrap');
  if (typeof wrap === 'function') return toList(tokenOf(Reflect.apply(wrap, parameter, [])));
  return ['token', 'transform'].flatMap((key) => tokensOf(Reflect.get(parameter, key)));
}

const toList = (token: InjectionToken | undefined): InjectionToken[] => (token === undefined ? [] : [token]);

/**
 * Returns every injection token that a class needs, directly or through its dependencies. Dependencies inside factories
 * aren't found, since only declarations are read.
 */
export function neededBy(type: Constructor, container: DependencyContainer): InjectionToken[] {
  const seen = new Set<InjectionToken>();
  const missing = Array.from(faultsOf(type, container, seen), ({ token }) => token ?? type);
  return [...new Set([...seen, ...missing])];
}

/**
 * Returns true if some dependency of a class can't be known before an instance is made: `delay(() => X)`, or a
 * transform (tsyringe's `@injectWithTransform`).
 */
export const asksLate = (type: Constructor): boolean =>
  parametersOf(type).some((each) => tokenOf(each) === undefined && isLate(each));

function* faultsOf(
  token: InjectionToken,
  container: DependencyContainer,
  seen: Set<InjectionToken>,
): Generator<Fault> {
  if (seen.has(token)) return;
  seen.add(token);
  const provider = registrationOf(container, token)?.provider;
  if (provider && 'useToken' in provider) yield* faultsOf(provider.useToken, container, seen);
  const made = provider && 'useClass' in provider ? provider.useClass : provider ? undefined : token;
  if (typeof made === 'function') yield* classFaults(made, container, seen);
}

function* classFaults(
  type: Constructor,
  container: DependencyContainer,
  seen: Set<InjectionToken>,
): Generator<Fault> {
  const parameters = parametersOf(type);
  if (parameters.length === 0) yield* unknownParameters(type);
  for (const [index, parameter] of parameters.entries()) {
    const token = tokenOf(parameter);
    const place = `${parameterName(type, index)} of ${type.name}'s constructor`;
    if (token === undefined) yield* isLate(parameter) ? [] : [untyped(place)];
    else if (isMissing(token, parameter, container, seen)) yield missing(place, token);
    else if (!container.isRegistered(token, true) && isBuiltIn(token))
      yield builtIn(place, token, bareName(type, index));
    else yield* faultsOf(token, container, seen);
  }
}

/**
 * Returns, for each constructor parameter of a class, the token for which tsyringe injects a value. It is the token of
 * `@inject` if there is one, or else the parameter's type as the compiler has emitted it.
 */
function parametersOf(type: Constructor): unknown[] {
  const tokens: Record<string, unknown> = Reflect.getOwnMetadata('injectionTokens', type) ?? {};
  const types: unknown[] = [...(Reflect.getMetadata('design:paramtypes', type) ?? [])];
  for (const [index, token] of Object.entries(tokens)) types[Number(index)] = token;
  return Array.from(types);
}

function tokenOf(parameter: unknown): InjectionToken | undefined {
  const token =
    typeof parameter === 'object' && parameter !== null && 'token' in parameter ? parameter.token : parameter;
  const isToken = typeof token === 'function' || typeof token === 'string' || typeof token === 'symbol';
  return isToken ? (token as InjectionToken) : undefined;
}

function isMissing(
  token: InjectionToken,
  parameter: unknown,
  container: DependencyContainer,
  seen: Set<InjectionToken>,
): boolean {
  if (typeof token === 'function' || seen.has(token) || container.isRegistered(token, true)) return false;
  return typeof parameter !== 'object' || parameter === null || Reflect.get(parameter, 'isOptional') !== true;
}

/**
 * Returns true if the parameter is declared by `delay(() => X)` or by a transform. The first is resolved only when it
 * is first used, and the second may use several tokens.
 */
function isLate(parameter: unknown): boolean {
  return typeof parameter === 'object' && parameter !== null;
}

function* unknownParameters(type: Constructor): Generator<Fault> {
  if (type.length > 0) {
    yield {
      what: `the compiler wrote no types for the constructor of ${type.name}, which has ${type.length} parameter(s)`,
      fix: `put @injectable() on ${type.name}; under tsx, esbuild and type stripping, which write no types, put @inject(TheClass) on each parameter too`,
    };
    return;
  }
  const base = hiddenBase(type);
  if (!base) return;
  yield {
    what: `${type.name} inherits the constructor of ${base.name}, which has no decorator: each of its parameters would be undefined`,
    fix: `put @injectable() on ${base.name}, or give ${type.name} a constructor of its own`,
  };
}

/**
 * If a class inherits its constructor from a base class without a decorator, and that constructor has parameters,
 * returns the base class. Otherwise returns undefined. tsyringe would pass undefined for each of these parameters.
 */
function hiddenBase(type: Constructor): Constructor | undefined {
  if (readConstructorTypes(type) || hasConstructor(type)) return undefined;
  const base: unknown = Object.getPrototypeOf(type);
  if (typeof base !== 'function' || base === Function.prototype) return undefined;
  if (isBuiltIn(base)) return undefined;
  return base.length > 0 ? (base as Constructor) : hiddenBase(base as Constructor);
}

const sourceOf = (type: Constructor): string => Function.prototype.toString.call(type);
const hasConstructor = (type: Constructor): boolean => /(?<![.\w])constructor\s*\(/.test(sourceOf(type));

/** Returns the name of a constructor's parameter; undefined if the compiled code doesn't contain it any more. */
function bareName(type: Constructor, index: number): string | undefined {
  const list = /(?<![.\w])constructor\s*\(([\w$\s,]*)\)/.exec(sourceOf(type))?.[1]?.split(',');
  return list?.[index]?.trim() || undefined;
}

function parameterName(type: Constructor, index: number): string {
  const name = bareName(type, index);
  return name ? `parameter '${name}'` : `parameter #${index + 1}`;
}

function missing(place: string, token: InjectionToken): Fault {
  const name = typeof token === 'string' ? `'${token}'` : show(token);
  if (token !== TASK_CONTEXT) {
    const missing = typeof token === 'symbol' ? (token.description ?? 'TOKEN') : name;
    const what = `${place} asks for ${name}, which is not registered`;
    return { what, fix: inSetup(missing), missing, token };
  }
  return {
    what: `${place} asks for the task, but is made once for the worker, which runs many tasks`,
    fix: "take it from the handler's second parameter, call currentTask(), or set scope: 'task' on @Activity",
  };
}

function untyped(place: string): Fault {
  return {
    what: `${place} has no type at run time`,
    fix: 'put @inject(TheClass) on it; in a circle of imports @inject(delay(() => TheClass))',
  };
}

function builtIn(place: string, token: InjectionToken, parameter = 'gateway'): Fault {
  const name = typeof token === 'function' ? token.name : show(token);
  return {
    what: `${place} is ${name} at run time: ${name === 'Object' ? 'an interface, or a class that was imported by `import type`' : 'not a class of yours, so an empty one would be injected, or none'}`,
    fix: `give it a name: write @inject('${parameter}') before the parameter, and in the config setup(container) { container.register('${parameter}', { useClass: TheClass }); }; a class needs no name where it is imported without \`type\``,
  };
}
