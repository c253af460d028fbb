import { kindOf } from '../../asl/kinds.js';
import type { Execution } from '../../local/engine/execution.js';
import type { HistoryEvent } from '../../local/engine/history.js';

/** The most events that are read from a history at once. */
const PAGE = 1_000;

/**
 * Matches the types of the events at which a state ends. Not all of them contain the state's name; the state is then
 * found by following `previousEventId` back to its StateEntered event.
 */
const ENDS = /^(\w+)State(Exited|Failed|Aborted)$/;

/**
 * The states that an execution has entered and left so far. They are read from its history, which grows while the
 * execution runs.
 */
export class Trail {
  /** The `previousEventId` of each event, by the event's id. */
  readonly #previous: number[] = [0];
  /** The states that were entered and not left yet, by the id of their StateEntered event. */
  readonly #open = new Map<number, { readonly type: string; readonly name: string }>();
  readonly #path: string[] = [];

  constructor(private readonly execution: Execution) {}

  /** The names of the states that were entered, in order. */
  get path(): readonly string[] {
    this.#read();
    return this.#path;
  }

  /** The names of the current states. In each branch only the innermost state counts, and a name occurs only once. */
  get states(): readonly string[] {
    this.#read();
    if (this.execution.end) return [];
    const outer = new Set([...this.#open.keys()].flatMap((id) => [...this.#openAbove(id)]));
    return [...new Set([...this.#open].flatMap(([id, { name }]) => (outer.has(id) ? [] : [name])))];
  }

  /** Returns true if the execution has entered the state and hasn't left it yet. */
  isIn(state: string): boolean {
    this.#read();
    if (this.execution.end) return false;
    return [...this.#open.values()].some(({ name }) => name === state);
  }

  #read(): void {
    const { history } = this.execution;
    while (this.#previous.length <= history.length)
      for (const event of history.page(this.#previous.length - 1, PAGE)) this.#note(event);
  }

  #note(event: HistoryEvent): void {
    const { id, type, previousEventId } = event;
    this.#previous.push(previousEventId);
    if (type.endsWith('StateEntered')) {
      const name = String(Reflect.get(event.stateEnteredEventDetails ?? {}, 'name'));
      this.#path.push(name);
      this.#open.set(id, { type: type.slice(0, -'StateEntered'.length), name });
      return;
    }
    const [, state, end] = ENDS.exec(type) ?? [];
    if (state === undefined) return;
    const entry = this.#find(id, (each) => this.#open.get(each)?.type === state);
    if (entry !== undefined) this.#leave(entry, end !== 'Failed');
  }

  /**
   * Removes the open states that are inside a Parallel or Map and, if `itself` is true, the state itself too. A state
   * that has failed stays open, since it may be retried.
   */
  #leave(entry: number, itself: boolean): void {
    if (kindOf(this.#open.get(entry)?.type)?.holds)
      for (const each of this.#openBelow(entry)) this.#open.delete(each);
    if (itself) this.#open.delete(entry);
  }

  /**
   * Returns the id of the StateEntered event of the state that an event ends. The event that aborts a branch has the id
   * of another branch's failure as its `previousEventId`. Its state is then looked for inside the Parallel or Map that
   * contains both branches.
   */
  #find(id: number, isEnded: (entry: number) => boolean): number | undefined {
    let around: number | undefined;
    for (const entry of this.#openAbove(id)) {
      if (isEnded(entry)) return entry;
      around ??= entry;
    }
    return around === undefined ? undefined : this.#openBelow(around).find(isEnded);
  }

  /** Returns the ids of the StateEntered events of the open states inside a state, the earliest first. */
  #openBelow(entry: number): number[] {
    return [...this.#open.keys()].filter((each) => {
      for (const above of this.#openAbove(each)) if (above <= entry) return above === entry;
      return false;
    });
  }

  /**
   * Follows `previousEventId` back from an event, and yields the ids of the StateEntered events of states that are
   * still open, the latest first.
   */
  *#openAbove(id: number): Generator<number> {
    for (let each = this.#previous[id] ?? 0; each > 0; each = this.#previous[each] ?? 0)
      if (this.#open.has(each)) yield each;
  }
}
