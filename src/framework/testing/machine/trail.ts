import type { Execution } from '../../local/engine/execution.js';
import type { HistoryEvent } from '../../local/engine/history.js';

/** The most events that are read from a history at once. */
const PAGE = 1_000;

/**
 * Matches the events at which a state ends. Some of these events contain the state's name; for the others it is found
 * by following `previousEventId` back to the event of the state's entry.
 */
const ENDS = /^(\w+State)(Exited|Failed|Aborted)$/;

/** Matches the types of states that contain other states. */
const HOLDING = /^(Map|Parallel)State$/;

/** The states that an execution has entered and left so far, read from its history as the history grows. */
export class Trail {
  readonly #execution: Execution;
  /** For each event, by its id, the id of the event to which it points back. */
  readonly #previous: number[] = [0];
  /** The states that were entered and not left, by the id of the event of their entry. */
  readonly #open = new Map<number, { readonly type: string; readonly name: string }>();
  readonly #path: string[] = [];

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  /** The names of the states that were entered, in order. */
  get path(): readonly string[] {
    this.#read();
    return this.#path;
  }

  /**
   * The names of the states in which the execution is. In each branch only the innermost state is returned, and each
   * name only once.
   */
  get states(): readonly string[] {
    this.#read();
    if (this.#execution.end) return [];
    const outer = new Set([...this.#open.keys()].flatMap((id) => [...this.#openAbove(id)]));
    return [...new Set([...this.#open].flatMap(([id, { name }]) => (outer.has(id) ? [] : [name])))];
  }

  /** Returns true if the execution is in the state, or in a state inside it. */
  isIn(state: string): boolean {
    this.#read();
    if (this.#execution.end) return false;
    return [...this.#open.values()].some(({ name }) => name === state);
  }

  #read(): void {
    const { history } = this.#execution;
    while (this.#previous.length <= history.length)
      for (const event of history.page(this.#previous.length - 1, PAGE)) this.#note(event);
  }

  #note(event: HistoryEvent): void {
    const { id, type, previousEventId } = event;
    this.#previous.push(previousEventId);
    if (type.endsWith('StateEntered')) {
      const name = String(Reflect.get(event['stateEnteredEventDetails'] ?? {}, 'name'));
      this.#path.push(name);
      this.#open.set(id, { type: type.slice(0, -'Entered'.length), name });
      return;
    }
    const [, state, end] = ENDS.exec(type) ?? [];
    if (state === undefined) return;
    const entry = this.#find(id, (each) => this.#open.get(each)?.type === state);
    if (entry !== undefined) this.#leave(entry, end !== 'Failed');
  }

  /**
   * Removes the states that are open inside a state and, if `itself` is true, the state too. A state that failed isn't
   * removed, since it may be retried.
   */
  #leave(entry: number, itself: boolean): void {
    if (HOLDING.test(this.#open.get(entry)?.type ?? ''))
      for (const each of this.#openBelow(entry)) this.#open.delete(each);
    if (itself) this.#open.delete(entry);
  }

  /**
   * Returns the entry of the state that an event ends. The event of an aborted branch points back to the failure in
   * another branch, so its state is looked for among the states inside the state around both branches.
   */
  #find(id: number, isEnded: (entry: number) => boolean): number | undefined {
    let around: number | undefined;
    for (const entry of this.#openAbove(id)) {
      if (isEnded(entry)) return entry;
      around ??= entry;
    }
    return around === undefined ? undefined : this.#openBelow(around).find(isEnded);
  }

  /** Returns the entries of the open states inside a state, the earliest first. */
  #openBelow(entry: number): number[] {
    return [...this.#open.keys()].filter((each) => {
      for (const above of this.#openAbove(each)) if (above <= entry) return above === entry;
      return false;
    });
  }

  /** The entries of the open states that are found by following an event's `previousEventId`, the latest first. */
  *#openAbove(id: number): Generator<number> {
    for (let each = this.#previous[id] ?? 0; each > 0; each = this.#previous[each] ?? 0)
      if (this.#open.has(each)) yield each;
  }
}
