import type { Cancel, Clock } from '../clock.js';
import type { Beat, Beating, Heartbeats } from './heartbeats.js';

export interface SchedulerOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Beats a second, at most. */
  readonly rate: number;
  /**
   * The rate does not suffice for all intervals and they stretch (`true`), or it does again (`false`).
   * Told when it begins, when it has become a tenth worse, and when it ends.
   */
  readonly onStretch: (stretched: boolean, load: HeartbeatLoad) => void;
  /** A beat was answered, or failed (`error`) for another reason than *gone*; it is repeated soon then. */
  readonly onAnswer: (error?: Error) => void;
}

export interface HeartbeatLoad {
  readonly tasks: number;
  /** What the interval of each becomes at this load, in milliseconds, if all have the same. */
  readonly stretchedToMs: number;
}

/** A beat may come this share of its interval early, so that tasks that began together drift apart. */
const JITTER = 0.05;
/**
 * A failed beat is repeated after this share of its interval, before a lease of two intervals lapses: soon where it
 * was lost, later where it was refused, so that a throttled fleet does not push itself deeper in.
 */
const RETRY = {
  lost: { share: 0.25, mostMs: 5_000 },
  refused: { share: 0.5, mostMs: 20_000 },
} as const;
/** Beats that a handler asks for are at least this far apart. */
const ASKED_GAP_MS = 1_000;
/**
 * A beat without an answer is given up after this share of its interval, or the lease of two intervals would lapse
 * while the worker still waits: 1 + 1/2 + 1/4 leaves room for one more.
 */
const ATTEMPT_SHARE = 0.5;
const ATTEMPT_LIMIT_MS = { least: 500, most: 10_000 } as const;
/** How long a changed load is watched before it is told. */
const TELL_MS = 1_000;

/**
 * All the heartbeats of a worker, in one calendar. Time is cut into slices of about a tenth of a second, and no
 * slice takes more beats than the rate allows. A beat goes into the latest slice with room before it is due, so
 * that ten thousand tasks received in one second are beaten in a steady stream from then on, and not in a burst
 * that the limit would smear over twice the interval. Where every slice before it is full, a beat goes into the
 * first one after it: beyond the rate all intervals stretch alike.
 */
export class HeartbeatScheduler implements Heartbeats {
  readonly #options: SchedulerOptions;
  readonly #capacity: number;
  readonly #sliceMs: number;
  readonly #calendar = new Map<number, Set<CalendarBeat>>();
  #nextSlice = Number.NEGATIVE_INFINITY;
  #wake: { slice: number; cancel: Cancel } | undefined;
  #tasks = 0;
  #demand = 0;
  #stretched = false;
  #toldMs = 0;
  #telling: Cancel | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#capacity = Math.max(1, Math.round(options.rate / 10));
    this.#sliceMs = (this.#capacity * 1000) / options.rate;
  }

  track(beating: Beating): Beat {
    const beat: CalendarBeat = new CalendarBeat(beating, this.#options.clock, {
      nextDue: (from) => from + beating.everyMs * (1 - JITTER * this.#options.random()),
      enter: (due) => this.#enter(beat, due),
      remove: () => this.#remove(beat),
      forget: () => this.#count(beating, -1),
      answered: this.#options.onAnswer,
    });
    this.#count(beating, 1);
    beat.begin();
    return beat;
  }

  #enter(beat: CalendarBeat, due: number): void {
    this.#remove(beat);
    if (due === Number.POSITIVE_INFINITY) return;
    const slice = this.#findRoom(due);
    beat.slice = slice;
    this.#calendar.set(slice, (this.#calendar.get(slice) ?? new Set()).add(beat));
    this.#arm(slice);
  }

  #findRoom(due: number): number {
    const earliest = Math.max(Math.ceil(this.#options.clock.now() / this.#sliceMs), this.#nextSlice);
    const latest = Math.max(Math.floor(due / this.#sliceMs), earliest);
    for (let slice = latest; slice >= earliest; slice--) if (this.#hasRoom(slice)) return slice;
    let slice = latest + 1;
    while (!this.#hasRoom(slice)) slice++;
    return slice;
  }

  #hasRoom(slice: number): boolean {
    return (this.#calendar.get(slice)?.size ?? 0) < this.#capacity;
  }

  #remove(beat: CalendarBeat): void {
    if (beat.slice === undefined) return;
    const beats = this.#calendar.get(beat.slice);
    if (beats?.delete(beat) && beats.size === 0) this.#calendar.delete(beat.slice);
    beat.slice = undefined;
    if (this.#calendar.size === 0) this.#disarm();
  }

  /** Wakes at the beginning of this slice, unless an earlier one is waited for. */
  #arm(slice: number): void {
    if (this.#wake && this.#wake.slice <= slice) return;
    this.#disarm();
    const { clock } = this.#options;
    this.#wake = { slice, cancel: clock.after(slice * this.#sliceMs - clock.now(), () => this.#send()) };
  }

  #disarm(): void {
    this.#wake?.cancel();
    this.#wake = undefined;
  }

  #send(): void {
    this.#wake = undefined;
    const current = Math.floor(this.#options.clock.now() / this.#sliceMs);
    this.#nextSlice = current + 1;
    const due = [...this.#calendar.keys()].filter((slice) => slice <= current);
    const beats = due.flatMap((slice) => [...(this.#calendar.get(slice) ?? [])]);
    for (const beat of beats) {
      this.#remove(beat);
      void beat.send();
    }
    if (this.#calendar.size > 0) this.#arm([...this.#calendar.keys()].reduce((a, b) => Math.min(a, b)));
  }

  #count({ everyMs }: Beating, step: 1 | -1): void {
    this.#tasks += step;
    this.#demand += (step * 1000) / everyMs;
    // Tasks come and go in crowds: what is told is where a crowd has led, not its first member.
    if (this.#stretched || this.#demand > this.#options.rate) this.#telling ??= this.#tellSoon();
    if (this.#tasks === 0) this.#tell();
  }

  #tellSoon(): Cancel {
    return this.#options.clock.after(TELL_MS, () => this.#tell());
  }

  #tell(): void {
    this.#telling?.();
    this.#telling = undefined;
    const { rate, onStretch } = this.#options;
    // The share of jitter keeps a load that the rate just carries from flickering.
    const stretched = this.#demand > rate * (this.#stretched ? 1 - JITTER : 1 + JITTER / 10);
    const stretchedToMs = Math.round((this.#tasks * 1000) / rate);
    const worse = stretched && stretchedToMs > this.#toldMs * 1.1;
    if (stretched === this.#stretched && !worse) return;
    this.#stretched = stretched;
    this.#toldMs = stretched ? stretchedToMs : 0;
    onStretch(stretched, { tasks: this.#tasks, stretchedToMs });
  }
}

/** What a beat asks of its calendar. */
interface Calendar {
  nextDue(from: number): number;
  enter(due: number): void;
  remove(): void;
  forget(): void;
  answered(error?: Error): void;
}

class CalendarBeat implements Beat {
  /** The slice it stands in; undefined while it is being sent and after its release. */
  slice: number | undefined;
  lastAt: number | undefined;
  readonly #beating: Beating;
  readonly #clock: Clock;
  readonly #calendar: Calendar;
  #released = false;
  #asked: { promise: Promise<void>; done: () => void } | undefined;
  #sending = false;

  constructor(beating: Beating, clock: Clock, calendar: Calendar) {
    this.#beating = beating;
    this.#clock = clock;
    this.#calendar = calendar;
  }

  begin(): void {
    this.#calendar.enter(this.#calendar.nextDue(this.#clock.now()));
  }

  now(): Promise<void> {
    const now = this.#clock.now();
    if (this.#released || (this.lastAt !== undefined && now - this.lastAt < ASKED_GAP_MS))
      return Promise.resolve();
    if (!this.#asked) {
      let done = (): void => {};
      const promise = new Promise<void>((resolve) => (done = resolve));
      this.#asked = { promise, done };
      if (!this.#sending) this.#calendar.enter(now);
    }
    return this.#asked.promise;
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#calendar.remove();
    this.#calendar.forget();
    this.#answerAsked();
  }

  async send(): Promise<void> {
    this.#sending = true;
    const sentAt = this.#clock.now();
    const limit = new AbortController();
    const limitMs = this.#attemptMs();
    const cancel = this.#clock.after(limitMs, () =>
      limit.abort(new Error(`no answer to a heartbeat within ${limitMs} ms`)),
    );
    const answer = await this.#beating.port.heartbeat(this.#beating.token, limit.signal);
    cancel();
    this.#sending = false;
    if (this.#released) return;
    if (answer.kind === 'gone') {
      this.#beating.onGone(answer.error);
      return this.release();
    }
    if (answer.kind === 'ok') this.lastAt = sentAt;
    this.#calendar.answered(answer.kind === 'ok' ? undefined : answer.error);
    this.#answerAsked();
    if (answer.kind === 'ok') return this.#calendar.enter(this.#calendar.nextDue(sentAt));
    const { share, mostMs } = answer.kind === 'retry' && answer.pace === 'fast' ? RETRY.lost : RETRY.refused;
    this.#calendar.enter(this.#clock.now() + Math.min(this.#beating.everyMs * share, mostMs));
  }

  #attemptMs(): number {
    const { least, most } = ATTEMPT_LIMIT_MS;
    return Math.min(most, Math.max(least, this.#beating.everyMs * ATTEMPT_SHARE));
  }

  #answerAsked(): void {
    this.#asked?.done();
    this.#asked = undefined;
  }
}
