import type { TaskContext } from '../../declare/task-context.js';

type OnDemandName = 'signal' | 'shuttingDown' | 'log';
/** What is there from the start. */
type Given = Omit<TaskContext, OnDemandName>;
/** What costs something, and is made when it is asked for first. */
type OnDemand = { readonly [Name in OnDemandName]: () => TaskContext[Name] };

const ON_DEMAND = Symbol('on demand');
type Context = TaskContext & { readonly [ON_DEMAND]: OnDemand };

/**
 * An accessor that all tasks share. Those of an object literal are made for each object anew, in the part of V8's heap
 * that is seldom collected, and all that a task holds waits there with them.
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

/** What a handler is given. All of it is the object's own, so that a copy, `{ ...task }`, has it too. */
export function taskContext(given: Given, onDemand: OnDemand): TaskContext {
  // One by one: `defineProperties` takes three times as long.
  Object.defineProperty(given, ON_DEMAND, { value: onDemand, configurable: true });
  Object.defineProperty(given, 'signal', SIGNAL);
  Object.defineProperty(given, 'shuttingDown', SHUTTING_DOWN);
  Object.defineProperty(given, 'log', LOG);
  return given as Context;
}
