import { setImmediate as nextTurn } from 'node:timers/promises';
import { BaseClock, type Cancel } from '../../src/framework/base/time/clock.js';
import { turn } from '../../src/framework/base/time/turn.js';

/** Something that happens at an instant, to one process or to the world. */
interface Happening {
  readonly due: number;
  /** Of one instant, lower phases come first, then lower ties, then what was planned first. */
  readonly phase: number;
  readonly tie: number;
  readonly order: number;
  readonly fn: () => void;
  readonly of: SimulatedProcess | undefined;
  /** True for input: after a stall it comes later than the timers that fell due. */
  readonly input: boolean;
  cancelled: boolean;
}

/** What the end of a stall runs first: the timers that fell due meanwhile, in their order, then the input. */
const [LATE_TIMERS, USUAL, LATE_INPUT] = [0, 1, 2];

/** What happens at one instant takes fewer turns of the loop. Where there are more, something loops. */
const MOST_TURNS = 100_000;

/** The epoch of every simulation: 2026-01-01T00:00:00Z. */
export const EPOCH = Date.UTC(2026, 0, 1);

/** The one time of a simulated world. Happenings are run one after the other, each with all promises that it settles. */
export class Timeline {
  /** The process whose code runs; undefined for the world's own. */
  current: SimulatedProcess | undefined;
  steps = 0;
  readonly #heap: Happening[] = [];
  readonly #turns: (() => void)[] = [];
  #now = EPOCH;
  #order = 0;

  get now(): number {
    return this.#now;
  }

  /** Plans a happening. @param tie decides between those of one instant */
  at(
    due: number,
    fn: () => void,
    { of, tie = 0, input = false }: { of?: SimulatedProcess; tie?: number; input?: boolean } = {},
  ): Cancel {
    return this.#add({ due: Math.max(due, this.#now), phase: USUAL, tie, fn, of, input });
  }

  /** Runs everything up to an instant. */
  async runUntil(end: number, isOver: () => boolean = () => false): Promise<void> {
    await this.#settle();
    for (let next = this.#heap[0]; next && next.due <= end && !isOver(); next = this.#heap[0]) {
      this.#take();
      if (next.cancelled || next.of?.dead) continue;
      this.#now = next.due;
      const until = next.of?.stalledUntil ?? 0;
      if (until > this.#now) {
        const phase = next.input ? LATE_INPUT : LATE_TIMERS;
        this.#add({ ...next, due: until, phase, tie: next.phase === USUAL ? next.due : next.tie }, next);
        continue;
      }
      this.current = next.of;
      next.fn();
      await this.#settle();
      this.steps++;
    }
    if (!isOver()) this.#now = Math.max(this.#now, end);
  }

  /** Counts turns by this timeline, where they take no time, until the function that is returned is called. */
  countTurns(): () => void {
    turn.countBy({ now: () => 0, next: (fn) => void this.#turns.push(fn) });
    return () => turn.countBy();
  }

  /** Waits for all that needs no time: promises, turns of the loop, and the few files that the SDK reads. */
  async #settle(): Promise<void> {
    let turns = 0;
    do {
      if (this.#turns.length > 0 && ++turns > MOST_TURNS)
        throw new Error(`it does not end: ${turns} turns of the loop took no time`);
      for (const fn of this.#turns.splice(0)) fn();
      await nextTurn();
    } while (this.#turns.length > 0 || readsFiles());
  }

  #add(one: Omit<Happening, 'order' | 'cancelled'>, same?: Happening): Cancel {
    const happening: Happening = { ...one, order: same?.order ?? this.#order++, cancelled: false };
    rise(this.#heap, happening);
    if (same) moved.set(same, happening);
    return () => cancel(happening);
  }

  #take(): void {
    const last = this.#heap.pop();
    if (last && this.#heap.length > 0) sink(this.#heap, last);
  }
}

/** Happenings that a stall put off, and what became of them. */
const moved = new WeakMap<Happening, Happening>();

function cancel(happening: Happening): void {
  for (let each: Happening | undefined = happening; each; each = moved.get(each)) each.cancelled = true;
}

const readsFiles = (): boolean => process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));

const isBefore = (a: Happening, b: Happening): boolean =>
  a.due - b.due || a.phase - b.phase || a.tie - b.tie
    ? (a.due - b.due || a.phase - b.phase || a.tie - b.tie) < 0
    : a.order < b.order;

function rise(heap: Happening[], one: Happening): void {
  let at = heap.length;
  for (; at > 0; at = (at - 1) >> 1) {
    const parent = heap[(at - 1) >> 1];
    if (!parent || isBefore(parent, one)) break;
    heap[at] = parent;
  }
  heap[at] = one;
}

/** Puts one in at the top, in place of what was taken. */
function sink(heap: Happening[], one: Happening): void {
  let at = 0;
  for (;;) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
    const child = right && left && isBefore(right, left) ? right : left;
    if (!child || isBefore(one, child)) break;
    heap[at] = child;
    at = child === right ? 2 * at + 2 : 2 * at + 1;
  }
  heap[at] = one;
}

/**
 * A process of the simulated world: its clock, its wall time, and its event loop, which may stand still or end. Timers
 * and input that fall due while it stands still come when it goes on.
 */
export class SimulatedProcess {
  readonly clock: ProcessClock;
  /** The process that this is a thread or a child of; otherwise itself. */
  readonly owner: SimulatedProcess;
  /** Its threads and children. They end with it. */
  readonly children = new Set<SimulatedProcess>();
  dead = false;
  /** Until then its event loop does not turn. */
  stalledUntil = 0;
  /** The time at which its event loop last turned before that. */
  stalledSince = 0;
  /** All milliseconds that it stood still. */
  stalledMs = 0;
  /** Milliseconds by which its wall clock is ahead of the true time. */
  wallOffsetMs = 0;

  constructor(
    readonly name: string,
    readonly timeline: Timeline,
    readonly tie = 0,
    owner?: SimulatedProcess,
    /** True for a thread, which stands still with its process. */
    readonly isThread = false,
  ) {
    this.owner = owner ?? this;
    this.clock = new ProcessClock(this);
  }

  /** Makes a thread, or a child process, of this one. */
  start(name: string, { isThread }: { readonly isThread: boolean }): SimulatedProcess {
    const child = new SimulatedProcess(`${this.name}/${name}`, this.timeline, this.tie, this, isThread);
    this.children.add(child);
    return child;
  }

  /** Its time. Code that blocks the loop sees time pass. */
  now(): number {
    return Math.max(this.timeline.now, this.stalledUntil);
  }

  /** Lets its event loop stand still for as long, from the end of an earlier stall on. */
  stall(ms: number): void {
    if (this.dead) return;
    if (this.stalledUntil <= this.timeline.now) this.stalledSince = this.timeline.now;
    this.stalledUntil = this.now() + ms;
    this.stalledMs += ms;
  }

  /** Lets the whole process stand still, with all its threads. */
  stop(ms: number): void {
    this.stall(ms);
    for (const child of this.children) if (child.isThread) child.stall(ms);
  }

  /** Sends something to another process or thread of this family, which gets it as input. */
  post(to: SimulatedProcess, fn: () => void): void {
    if (!this.dead)
      this.timeline.at(Math.max(this.now(), to.now()), fn, { of: to, tie: to.tie, input: true });
  }

  /** Plans input: what sockets and pipes bring. @param tie decides between those of one instant */
  input(inMs: number, fn: () => void, tie = this.tie): Cancel {
    return this.timeline.at(this.now() + inMs, fn, { of: this, tie, input: true });
  }

  /** Ends it at once. Nothing of it runs any more. */
  kill(): void {
    this.dead = true;
    this.clock.forget();
    this.owner.children.delete(this);
    for (const child of [...this.children]) child.kill();
  }
}

/** The clock of one process. */
export class ProcessClock extends BaseClock {
  readonly #timers = new Set<Cancel>();

  constructor(private readonly process: SimulatedProcess) {
    super();
  }

  /** The number of timers that wait. */
  get pending(): number {
    return this.#timers.size;
  }

  override now(): number {
    return this.process.now();
  }

  override after(ms: number, fn: () => void): Cancel {
    const { timeline, tie } = this.process;
    const fire = (): void => {
      this.#timers.delete(cancelled);
      fn();
    };
    const cancelTimer = timeline.at(this.now() + Math.max(0, ms), fire, { of: this.process, tie });
    const cancelled = (): void => {
      this.#timers.delete(cancelled);
      cancelTimer();
    };
    this.#timers.add(cancelled);
    return cancelled;
  }

  forget(): void {
    this.#timers.clear();
  }
}

/** Makes `Date.now` the wall clock of whichever simulated process runs, until the function that is returned is called. */
export function setWallClock(timeline: Timeline): () => void {
  const real = Date.now;
  Date.now = () => {
    const { current } = timeline;
    return current ? current.now() + current.owner.wallOffsetMs : timeline.now;
  };
  return () => void (Date.now = real);
}
