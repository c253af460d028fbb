import type { TaskContext } from '../../declare/task-context.js';

type OnDemandName = 'signal' | 'shuttingDown' | 'log';
/** The fields of a task's context that get their values when the context is made. */
type Given = Omit<TaskContext, OnDemandName>;
/**
 * Functions that make the other fields' values. Each is called only when the handler first reads the field, so a
 * handler that doesn't use it doesn't pay for it.
 */
type OnDemand = { readonly [Name in OnDemandName]: () => TaskContext[Name] };

const ON_DEMAND = Symbol('on demand');
type Context = TaskContext & { readonly [ON_DEMAND]: OnDemand };

/**
 * Makes an accessor (getter) that the contexts of all tasks share. If each context were an object literal with its own
 * accessors, V8 would make new accessors for each task, in a part of the heap that is seldom collected. They would keep
 * everything that the task refers to in memory.
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
 * Makes the context object that a handler gets for a task. All fields are own properties, so that a copy such as `{
 * ...task }` has them too.
 */
export function taskContext(given: Given, onDemand: OnDemand): TaskContext {
  // Defined one by one, because `defineProperties` takes three times as long.
  Object.defineProperty(given, ON_DEMAND, { value: onDemand, configurable: true });
  Object.defineProperty(given, 'signal', SIGNAL);
  Object.defineProperty(given, 'shuttingDown', SHUTTING_DOWN);
  Object.defineProperty(given, 'log', LOG);
  return given as Context;
}
