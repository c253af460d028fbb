import '../base/reflect-metadata.js';
import type { Constructor } from './class.js';
import type { ActivityOptions, HandleOptions } from './options.js';

// The registered symbols let a class that was decorated through one copy of this package be seen by another.
const ACTIVITY = Symbol.for('stepwright:activity');
const HANDLERS = Symbol.for('stepwright:handlers');
const ERROR_NAME = Symbol.for('stepwright:error-name');

/** What `@Activity` wrote on a class. */
export interface DeclaredActivity {
  readonly activity: string | undefined;
  readonly options: ActivityOptions;
}

/** What `@Handle` wrote on a method. */
export interface DeclaredHandler {
  readonly method: string | symbol;
  readonly options: HandleOptions;
  /** Where the decorator stood, when that was not on a method of an instance. */
  readonly misplaced?: 'static' | 'property';
}

/** Everything that carries `@ErrorName`, so that a start can check all the names. */
const namedErrors = new Map<Constructor, string>();

export function writeActivity(target: Constructor, mark: DeclaredActivity): void {
  Reflect.defineMetadata(ACTIVITY, mark, target);
}

/** The mark on this very class; a base's is not inherited, since an activity belongs to one class. */
export function readActivity(target: Constructor): DeclaredActivity | undefined {
  return Reflect.getOwnMetadata(ACTIVITY, target);
}

export function writeHandler(holder: object, mark: DeclaredHandler): void {
  const marks: DeclaredHandler[] = Reflect.getOwnMetadata(HANDLERS, holder) ?? [];
  Reflect.defineMetadata(HANDLERS, [...marks, mark], holder);
}

/** The handlers of a class and of its bases, in the order they stand in the source, bases first; an override wins. */
export function readHandlers(target: Constructor): DeclaredHandler[] {
  const byMethod = new Map<string | symbol, DeclaredHandler>();
  for (const holder of [...lineage(target), ...lineage(prototypeOf(target))]) {
    const marks: DeclaredHandler[] = Reflect.getOwnMetadata(HANDLERS, holder) ?? [];
    for (const mark of marks) byMethod.set(mark.method, mark);
  }
  return [...byMethod.values()];
}

export function writeErrorName(target: Constructor, name: string): void {
  Reflect.defineMetadata(ERROR_NAME, name, target);
  namedErrors.set(target, name);
}

/** The name that the class of an error, or one of its bases, was given. */
export function readErrorName(target: object): unknown {
  return Reflect.getMetadata(ERROR_NAME, target);
}

export function allErrorNames(): ReadonlyMap<Constructor, string> {
  return namedErrors;
}

/** The parameter types that the compiler wrote for a method; undefined where it writes none. */
export function readParameterTypes(target: Constructor, method: string): unknown[] | undefined {
  return Reflect.getMetadata('design:paramtypes', prototypeOf(target), method);
}

/** The parameter types that the compiler wrote for the class's own constructor. */
export function readConstructorTypes(target: Constructor): unknown[] | undefined {
  return Reflect.getOwnMetadata('design:paramtypes', target);
}

/** The type that the compiler wrote for a decorated property; undefined where it writes none. */
export function readPropertyType(target: Constructor, property: string): unknown {
  return Reflect.getMetadata('design:type', prototypeOf(target), property);
}

function prototypeOf(target: Constructor): object {
  const { prototype } = target as { prototype: unknown };
  return typeof prototype === 'object' && prototype !== null ? prototype : {};
}

/** An object and what it inherits from, the most basic first. */
function lineage(start: object): object[] {
  const line: object[] = [];
  for (let each: object | null = start; each; each = Object.getPrototypeOf(each)) line.unshift(each);
  return line;
}
