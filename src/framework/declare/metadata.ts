import 'reflect-metadata';
import type { Constructor } from './class.js';
import type { ActivityOptions, HandleOptions } from './handler-options.js';

// Registered symbols are the same in all copies of this package: each copy sees classes that another copy decorated.
const ACTIVITY = Symbol.for('stepwright:activity');
const HANDLERS = Symbol.for('stepwright:handlers');
const ERROR_NAME = Symbol.for('stepwright:error-name');

/** The arguments of `@Activity` on a class. */
export interface DeclaredActivity {
  readonly activity: string | readonly string[] | undefined;
  readonly options: ActivityOptions;
}

/** The arguments of `@Handle` on a method, and the method's name. */
export interface DeclaredHandler {
  readonly method: string | symbol;
  readonly options: HandleOptions;
  /** Present if the decorator isn't on an instance method: it is on a static method, or on a property. */
  readonly misplaced?: 'static' | 'property';
}

/** All classes with `@ErrorName`, so that their names can be checked when a worker starts. */
const namedErrors = new Map<Constructor, string>();

export function writeActivity(target: Constructor, mark: DeclaredActivity): void {
  Reflect.defineMetadata(ACTIVITY, mark, target);
}

/**
 * Returns the arguments of `@Activity` on this class itself. Base classes aren't searched, since an activity belongs to
 * one class.
 */
export function readActivity(target: Constructor): DeclaredActivity | undefined {
  return Reflect.getOwnMetadata(ACTIVITY, target);
}

export function writeHandler(holder: object, mark: DeclaredHandler): void {
  const marks: DeclaredHandler[] = Reflect.getOwnMetadata(HANDLERS, holder) ?? [];
  Reflect.defineMetadata(HANDLERS, [...marks, mark], holder);
}

/**
 * Returns the handlers of a class and its base classes in source order, those of base classes first. If a method
 * overrides one of a base class, the overriding method's `@Handle` is returned in its place.
 */
export function readHandlers(target: Constructor): DeclaredHandler[] {
  const byMethod = new Map<string | symbol, DeclaredHandler>();
  for (const holder of [...prototypeChain(target), ...prototypeChain(prototypeOf(target))]) {
    const marks: DeclaredHandler[] = Reflect.getOwnMetadata(HANDLERS, holder) ?? [];
    for (const mark of marks) byMethod.set(mark.method, mark);
  }
  return [...byMethod.values()];
}

export function writeErrorName(target: Constructor, name: string): void {
  Reflect.defineMetadata(ERROR_NAME, name, target);
  namedErrors.set(target, name);
}

/**
 * Returns the name that `@ErrorName` gives to a class, or to its nearest base class with a name. The value isn't
 * checked, so it may have any type.
 */
export function readErrorName(target: object): unknown {
  return Reflect.getMetadata(ERROR_NAME, target);
}

export function allErrorNames(): ReadonlyMap<Constructor, string> {
  return namedErrors;
}

/** Returns the parameter types that the compiler emitted for a method; undefined if it emitted none. */
export function readParameterTypes(target: Constructor, method: string): unknown[] | undefined {
  return Reflect.getMetadata('design:paramtypes', prototypeOf(target), method);
}

/**
 * Returns the parameter types that the compiler emitted for the constructor of this class, not of its base classes;
 * undefined if it emitted none.
 */
export function readConstructorTypes(target: Constructor): unknown[] | undefined {
  return Reflect.getOwnMetadata('design:paramtypes', target);
}

/** Returns the type that the compiler emitted for a decorated property; undefined if it emitted none. */
export function readPropertyType(target: Constructor, property: string): unknown {
  return Reflect.getMetadata('design:type', prototypeOf(target), property);
}

/** Returns true if the compiler emitted a type for a decorated property, even if that type is `undefined`. */
export function hasPropertyType(target: Constructor, property: string): boolean {
  return Reflect.hasMetadata('design:type', prototypeOf(target), property);
}

function prototypeOf(target: Constructor): object {
  const { prototype } = target as { prototype: unknown };
  return typeof prototype === 'object' && prototype !== null ? prototype : {};
}

/** Returns an object and all its prototypes, in reverse order: the object itself comes last. */
function prototypeChain(start: object): object[] {
  const line: object[] = [];
  for (let each: object | null = start; each; each = Object.getPrototypeOf(each)) line.unshift(each);
  return line;
}
