import type { TaskContext } from '../../declare/task-context.js';

type OnDemandName = 'signal' | 'shuttingDown' | 'log';
/** The fields that exist from the start. */
type Given = Omit<TaskContext, OnDemandName>;
/**
 * Functions that make the other fields. Each is called when its field is first used, since making it costs something.
 */
type OnDemand = { readonly [Name in OnDemandName]: () => TaskContext[Name] };

const ON_DEMAND = Symbol('on demand');
type Context = TaskContext & { readonly [ON_DEMAND]: OnDemand };

/**
 * Makes an accessor that all tasks share. If an object literal has accessors, V8 makes new ones for each object, in a
 * part of the heap that is seldom collected. There they would keep everything that a task refers to in memory.
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

/**
 * Makes the context for a handler. All fields are own properties, so that a copy such as `{ ...task }` has them too.
 */
export function taskContext(given: Given, onDemand: OnDemand): TaskContext {
  // Defined one by one, because `defineProperties` takes three times as long.
  Object.defineProperty(given, ON_DEMAND, { value: onDemand, configurable: true });
  Object.defineProperty(given, 'signal', SIGNAL);
  Object.defineProperty(given, 'shuttingDown', SHUTTING_DOWN);
  Object.defineProperty(given, 'log', LOG);
  return given as Context;
}
