import { type Linked, LinkedList } from '../../base/collections.js';

/** An execution in a list, linked with those before and after it. */
export interface Entry<E> extends Linked<Entry<E>> {
  readonly execution: E;
}

export const entryOf = <E>(execution: E): Entry<E> => ({ execution, previous: undefined, next: undefined });

/** Lists of executions in the order of their starts, by the ARN of what they have in common. */
export class ExecutionLists<E> {
  readonly #lists = new Map<string, LinkedList<Entry<E>>>();

  /** The ARNs of what has a list. */
  arns(): Iterable<string> {
    return this.#lists.keys();
  }

  /** Yields the executions of a list, the latest first. */
  *latest(arn: string): Generator<E> {
    for (let entry = this.#lists.get(arn)?.last; entry; entry = entry.previous) yield entry.execution;
  }

  /** Adds an execution as the latest of a list. */
  add(arn: string, execution: E): Entry<E> {
    let list = this.#lists.get(arn);
    if (!list) this.#lists.set(arn, (list = new LinkedList()));
    const entry = entryOf(execution);
    list.add(entry);
    return entry;
  }

  remove(arn: string, entry: Entry<E>): void {
    const list = this.#lists.get(arn);
    list?.remove(entry);
    if (list?.size === 0) this.#lists.delete(arn);
  }
}

/**
 * The most bytes of the histories of a Map Run's children that have succeeded, and of the others that have ended: those of
 * about a thousand small ones. They don't follow the heap, so that a million items take no more memory on a large machine.
 */
const CHILDREN_BYTES = 8 * 1024 * 1024;

/** A child execution that has ended. */
interface EndedChild {
  readonly status: string;
  readonly history: { readonly bytes: number };
}

/** Executions that have ended, and the bytes of their histories. */
interface Kept<E> {
  readonly list: LinkedList<Entry<E>>;
  bytes: number;
}

/** The child executions of a Map Run. Of those that have ended, only the latest are kept; older ones are forgotten at once. */
export class ChildGroup<E extends EndedChild> {
  readonly #succeeded: Kept<E> = { list: new LinkedList(), bytes: 0 };
  readonly #others: Kept<E> = { list: new LinkedList(), bytes: 0 };

  /**
   * @param arn that of the Map Run
   * @param mostBytes those of the histories that are kept, of either kind
   */
  constructor(
    readonly arn: string,
    private readonly mostBytes = CHILDREN_BYTES,
  ) {}

  /** Adds a child that has ended. */
  add(entry: Entry<E>): void {
    const kept = this.#keptLike(entry);
    kept.list.add(entry);
    kept.bytes += entry.execution.history.bytes;
  }

  /** Returns the child that is to be forgotten for one that was added; undefined if there is room. */
  surplus(entry: Entry<E>): E | undefined {
    const { list, bytes } = this.#keptLike(entry);
    return bytes > this.mostBytes && list.first !== entry ? list.first?.execution : undefined;
  }

  /** Removes a child that is forgotten, or that is about to be redriven. */
  remove(entry: Entry<E>): void {
    const kept = this.#keptLike(entry);
    if (kept.list.remove(entry)) kept.bytes -= entry.execution.history.bytes;
  }

  #keptLike({ execution }: Entry<E>): Kept<E> {
    return execution.status === 'SUCCEEDED' ? this.#succeeded : this.#others;
  }
}
