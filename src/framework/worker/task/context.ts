import type { TaskContext } from '../../declare/task-context.js';

type OnDemandName = 'signal' | 'shuttingDown' | 'log';
/** The fields that a context has from the start. */
type Given = Omit<TaskContext, OnDemandName>;
/** The fields that are made on first use, because they cost something. */
type OnDemand = { readonly [Name in OnDemandName]: () => TaskContext[Name] };

const ON_DEMAND = Symbol('on demand');
type Context = TaskContext & { readonly [ON_DEMAND]: OnDemand };

/**
 * Makes an accessor that all tasks share. V8 makes the accessors of an object literal anew for each object, in a part
 * of the heap that is seldom collected, which would keep all that a task holds.
 */
const accessor = (name: OnDemandName): PropertyDescriptor & ThisType<Context> => ({
  enumerable: true,
  configurable: true,
  get() {
    return this[ON_DEMAND][name]();
  },
});
const SIGNAL = accessor('signal');
const SHUTTING_DOWN = accessor('shuttingDown');
const LOG = accessor('log');

/** Makes the context of a handler. All fields are the object's own, so that a copy, `{ ...task }`, has them too. */
export function taskContext(given: Given, onDemand: OnDemand): TaskContext {
  // Defined one by one, because `defineProperties` takes three times as long.
  Object.defineProperty(given, ON_DEMAND, { value: onDemand, configurable: true });
  Object.defineProperty(given, 'signal', SIGNAL);
  Object.defineProperty(given, 'shuttingDown', SHUTTING_DOWN);
  Object.defineProperty(given, 'log', LOG);
  return given as Context;
}
