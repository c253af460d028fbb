import '../base/reflect-metadata.js';
import type { Constructor } from './class.js';
import type { ActivityOptions, HandleOptions } from './options.js';

// Registered symbols: a class that was decorated through one copy of this package is seen by another copy.
const ACTIVITY = Symbol.for('stepwright:activity');
const HANDLERS = Symbol.for('stepwright:handlers');
const ERROR_NAME = Symbol.for('stepwright:error-name');

/** The arguments of `@Activity` on a class. */
export interface DeclaredActivity {
  readonly activity: string | undefined;
  readonly options: ActivityOptions;
}

/** The arguments of `@Handle` on a method, and the method's name. */
export interface DeclaredHandler {
  readonly method: string | symbol;
  readonly options: HandleOptions;
  /** Present where the decorator is not on a method of an instance, but on a static method or a property. */
  readonly misplaced?: 'static' | 'property';
}

/** Every class with `@ErrorName`, so that a start can check the names. */
const namedErrors = new Map<Constructor, string>();

export function writeActivity(target: Constructor, mark: DeclaredActivity): void {
  Reflect.defineMetadata(ACTIVITY, mark, target);
}

/** Reads `@Activity` of this class, without those of its bases: an activity belongs to one class. */
export function readActivity(target: Constructor): DeclaredActivity | undefined {
  return Reflect.getOwnMetadata(ACTIVITY, target);
}

export function writeHandler(holder: object, mark: DeclaredHandler): void {
  const marks: DeclaredHandler[] = Reflect.getOwnMetadata(HANDLERS, holder) ?? [];
  Reflect.defineMetadata(HANDLERS, [...marks, mark], holder);
}

/**
 * Reads the handlers of a class and its bases in source order, bases first. An override takes the place of the base's
 * handler.
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

/** Reads the `@ErrorName` of a class, its own or inherited. The value is unchecked, and may be of any type. */
export function readErrorName(target: object): unknown {
  return Reflect.getMetadata(ERROR_NAME, target);
}

export function allErrorNames(): ReadonlyMap<Constructor, string> {
  return namedErrors;
}

/** Reads the parameter types that the compiler emitted for a method; undefined where it emits none. */
export function readParameterTypes(target: Constructor, method: string): unknown[] | undefined {
  return Reflect.getMetadata('design:paramtypes', prototypeOf(target), method);
}

/** Reads the parameter types that the compiler emitted for a class's own constructor. */
export function readConstructorTypes(target: Constructor): unknown[] | undefined {
  return Reflect.getOwnMetadata('design:paramtypes', target);
}

/** Reads the type that the compiler emitted for a decorated property; undefined where it emits none. */
export function readPropertyType(target: Constructor, property: string): unknown {
  return Reflect.getMetadata('design:type', prototypeOf(target), property);
}

/** Returns true where the compiler emitted a type for a decorated property, if only `undefined`. */
export function hasPropertyType(target: Constructor, property: string): boolean {
  return Reflect.hasMetadata('design:type', prototypeOf(target), property);
}

function prototypeOf(target: Constructor): object {
  const { prototype } = target as { prototype: unknown };
  return typeof prototype === 'object' && prototype !== null ? prototype : {};
}

/** Returns an object and its prototypes, the most basic first. */
function prototypeChain(start: object): object[] {
  const line: object[] = [];
  for (let each: object | null = start; each; each = Object.getPrototypeOf(each)) line.unshift(each);
  return line;
}
