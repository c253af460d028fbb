import { isoTime } from '../../../asl/runtime/state-visit.js';
import { createHash } from 'node:crypto';
import { type Linked, LinkedList } from '../../../base/collections.js';
import { turn } from '../../../base/time/turn.js';
import type { Clock } from '../../../base/time/clock.js';
import {
  type ChildInput,
  exceeded,
  type MapResults,
  type MapRunLimits,
  type MapRunOrder,
  type StartedMapRun,
} from '../../../asl/runtime/map-run.js';
import { dataLimitFailure } from '../../../asl/runtime/state-failure.js';
import { isTooLarge, type Json } from '../../../asl/values/json.js';
import { Counts, type EndStatus } from './counts.js';

/** Starts the child executions of one map run. */
export interface ChildStarter {
  readonly clock: Clock;
  /** Returns false while there is no memory for another execution. */
  hasRoom(): boolean;
  /** @param input JSON text, of which `value` is the value */
  start(name: string, input: string, value: Json, items: number): Child;
  /** Redrives a child that has ended. Returns undefined if it isn't kept, or can't be redriven. */
  redrive(name: string): Child | undefined;
}

/** The most child executions of a map run that run at the same time. AWS page "Using Map state in Distributed mode". */
const MOST_CHILDREN = 10_000;

/** A child that runs. */
interface Running extends Linked<Running> {
  readonly child: Child;
}

/**
 * Runs the child executions of a Distributed Map. It reads their inputs only as fast as it starts them, and starts them
 * only as fast as their results are written.
 */
export class MapRun implements StartedMapRun {
  readonly startedAt: number;
  /** Epoch milliseconds; undefined while it runs. */
  endedAt: number | undefined;
  status: StartedMapRun['status'] = 'RUNNING';
  redriveCount = 0;
  redrivenAt: number | undefined;
  limits: MapRunLimits;
  readonly items: Counts;
  readonly executions: Counts;
  readonly results: MapResults;
  /** Undefined once the run has succeeded. */
  #open: MapRunOrder['open'] | undefined;
  #onEnd: MapRunOrder['onEnd'];
  /** Aborts when nothing more is read and started. Each redrive has one of its own. */
  #attempt = new AbortController();
  readonly #running = new LinkedList<Running>();
  /** The number of inputs whose children were started, before a redrive too. */
  #started = 0;
  /** The indexes of the children that have ended without success. They run again after a redrive. */
  readonly #unfinished = new Set<number>();
  /** True if the number of all items is known. Of a file, it is when all are read. */
  #isCounted: boolean;
  /** Continues what waits for a child. Undefined while something is read, started or written. */
  #wake: (() => void) | undefined;
  /** Resolves when there is room for further results. */
  #room: Promise<void> | undefined;
  /** Resolves when the results of the attempt before are complete. */
  #settled: Promise<void> | undefined;

  constructor(
    readonly arn: string,
    /** The ARN of the machine with the label, which the children have too. */
    readonly stateMachineArn: string,
    readonly executionArn: string,
    order: MapRunOrder,
    private readonly starter: ChildStarter,
  ) {
    this.#open = (signal) => order.open(signal);
    this.#onEnd = (failure) => order.onEnd(failure);
    this.#isCounted = order.length !== undefined;
    this.startedAt = starter.clock.now();
    this.limits = order.limits;
    this.results = order.results;
    this.items = new Counts(order.length);
    this.executions = new Counts(order.children);
    void this.#run();
  }

  /** True while it reads, starts or writes something without waiting for a child. */
  get isBusy(): boolean {
    return this.status === 'RUNNING' && !this.#wake;
  }

  /** Changes settings while it runs. */
  update(limits: Partial<MapRunLimits>): void {
    this.limits = { ...this.limits, ...limits };
    this.#changed();
  }

  abort(): void {
    if (this.status === 'RUNNING') this.#end('ABORTED');
  }

  redrive(onEnd: MapRunOrder['onEnd']): void {
    this.#onEnd = onEnd;
    this.redriveCount++;
    this.redrivenAt = this.starter.clock.now();
    this.status = 'RUNNING';
    this.endedAt = undefined;
    this.#attempt = new AbortController();
    this.#room = undefined;
    this.items.redriven();
    this.executions.redriven();
    void this.#run();
  }

  /** Runs a child for each input, and ends the run when all have ended. */
  async #run(): Promise<void> {
    const { signal } = this.#attempt;
    try {
      // The event that the run has started comes before what the children do.
      await this.#settled;
      let index = 0;
      for await (const input of this.#open?.(signal) ?? []) {
        if (signal.aborted) return;
        this.#start(index++, input);
        while (!signal.aborted && !this.#hasRoom) await this.#change();
        await this.#room;
        await turn.share();
        if (signal.aborted) return;
      }
      this.#isCounted = true;
      this.#changed();
      while (!signal.aborted && this.#running.size > 0) await this.#change();
      if (!signal.aborted) this.#end('SUCCEEDED');
    } catch (error) {
      if (!signal.aborted) this.#end('FAILED', error);
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Called when a child or all reading has ended, or the limits have changed. */
  #changed(): void {
    if (!this.#attempt.signal.aborted && this.#isExceeded) this.#end('FAILED', exceeded());
    this.#wake?.();
    this.#wake = undefined;
  }

  get #hasRoom(): boolean {
    const most = Math.min(this.limits.maxConcurrency, MOST_CHILDREN);
    if (this.#running.size >= most) return false;
    return this.#running.size === 0 || this.starter.hasRoom();
  }

  #start(index: number, { value, items }: ChildInput): void {
    const isRepeated = index < this.#started;
    if (isRepeated && !this.#unfinished.has(index)) return;
    const text = JSON.stringify(value);
    if (isTooLarge(text)) throw dataLimitFailure(`item ${index}`);
    const name = this.#nameOf(index);
    const earlier = isRepeated ? this.starter.redrive(name) : undefined;
    const child = earlier ?? this.starter.start(name, text, value, items);
    if (!isRepeated) this.#started++;
    this.#unfinished.delete(index);
    this.items.started(items, isRepeated);
    this.executions.started(1, isRepeated);
    const running = { child, previous: undefined, next: undefined };
    this.#running.add(running);
    child.whenEnded(() => {
      this.#running.remove(running);
      this.#ended(index, child, items);
    });
  }

  /**
   * Returns the name of a child: that of a UUID, as at the live service. It follows from the run and the index, so that a
   * redrive finds the child.
   */
  #nameOf(index: number): string {
    const hex = createHash('sha1').update(`${this.arn} ${index}`).digest('hex');
    return [8, 12, 16, 20, 32].map((end, i, ends) => hex.slice(ends[i - 1] ?? 0, end)).join('-');
  }

  #ended(index: number, child: Child, items: number): void {
    if (!child.end) throw new Error('a child that has not ended');
    const { status, output } = child.end;
    const succeeded = status === 'SUCCEEDED';
    if (!succeeded) this.#unfinished.add(index);
    this.items.ended(status, items);
    this.executions.ended(status, 1);
    const describe = (): string => describeChild(child);
    this.#room = this.results.add(index, { succeeded, output, describe }) ?? this.#room;
    this.#changed();
  }

  /** AWS page "Using Map state in Distributed mode": items that have failed or timed out count. */
  get #isExceeded(): boolean {
    const { toleratedCount: most, toleratedPercentage: share } = this.limits;
    const { failures, total } = this.items;
    if (failures > (most ?? (share === undefined ? 0 : Infinity))) return true;
    return share !== undefined && this.#isCounted && failures > (share / 100) * total;
  }

  /** Ends the run; one that has succeeded, once its results are complete. */
  #end(status: StartedMapRun['status'], failure?: unknown): void {
    const isWriting = this.#attempt.signal.aborted;
    this.#attempt.abort();
    if (status !== 'SUCCEEDED') this.#close(status);
    if (!isWriting) this.#settled = this.#settle(failure);
  }

  /** Ends the results, and tells the state. */
  async #settle(failure: unknown): Promise<void> {
    const attempt = this.#attempt;
    const before = this.#settled;
    let why = failure;
    try {
      // The results of the attempt before are complete first, and the children that were stopped add theirs.
      await before;
      await this.results.end(this.arn);
    } catch (error) {
      why ??= error;
    }
    // It may have been aborted meanwhile, and even redriven.
    if (this.status === 'ABORTED' || attempt !== this.#attempt) return;
    if (this.status === 'RUNNING') this.#close(why === undefined ? 'SUCCEEDED' : 'FAILED');
    this.#onEnd(why);
  }

  #close(status: StartedMapRun['status']): void {
    this.status = status;
    this.endedAt = this.starter.clock.now();
    if (status === 'SUCCEEDED') {
      this.#open = undefined;
      this.#unfinished.clear();
    }
    for (const { child } of [...this.#running]) child.stop(undefined, undefined);
    this.#changed();
  }
}

/** A child execution, as far as its map run knows it. Times are epoch milliseconds. */
export interface Child {
  readonly arn: string;
  readonly name: string;
  readonly input: string;
  readonly startedAt: number;
  readonly machine: { readonly arn: string };
  readonly redrives: { readonly count: number };
  readonly end: ChildEnd | undefined;
  stop(error: string | undefined, cause: string | undefined): void;
  /** Calls a function once, after the execution has ended. Never calls it before this method has returned. */
  whenEnded(listener: () => void): void;
}

interface ChildEnd {
  readonly status: EndStatus;
  readonly at: number;
  readonly output?: string;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/**
 * Returns the JSON of a child execution with its metadata. AWS page "ResultWriter (Map)" shows it; its fields are those
 * that were recorded for a nested execution.
 */
function describeChild(child: Child): string {
  const { arn, machine, name, input, startedAt, redrives, end } = child;
  const whole = { Included: true };
  const succeeded = end?.status === 'SUCCEEDED';
  // Members without a value are left out.
  return JSON.stringify({
    Cause: end?.cause,
    Error: end?.error,
    ExecutionArn: arn,
    Input: input,
    InputDetails: whole,
    Name: name,
    Output: end?.output,
    OutputDetails: succeeded ? whole : undefined,
    RedriveCount: redrives.count,
    RedriveStatus: succeeded ? 'NOT_REDRIVABLE' : 'REDRIVABLE_BY_MAP_RUN',
    RedriveStatusReason: succeeded ? 'Execution is SUCCEEDED and cannot be redriven' : undefined,
    StartDate: isoTime(startedAt),
    StateMachineArn: machine.arn,
    Status: end?.status,
    StopDate: end && isoTime(end.at),
  });
}
