import { isoTime } from '../../asl/runtime/state-visit.js';
import { createHash } from 'node:crypto';
import { turn } from '../../../base/time/turn.js';
import type { Clock } from '../../../base/time/clock.js';
import {
  type ChildInput,
  exceeded,
  type MapResults,
  type MapRunLimits,
  type MapRunOrder,
  type StartedMapRun,
} from '../../asl/runtime/map-run.js';
import { dataLimitFailure } from '../../asl/runtime/state-failure.js';
import { isTooLarge, type Json } from '../../asl/values/json.js';
import { MapRunCounts } from './map-run-counts.js';

/** Starts the child executions of one map run. */
export interface ChildStarter {
  readonly clock: Clock;
  /** Returns false while there is no memory for another execution. */
  hasRoom(): boolean;
  /** @param input JSON text, of which `value` is the value */
  start(name: string, input: string, value: Json, items: number): Child;
  /** Returns a child that has ended; undefined if it isn't kept, or can't be redriven. */
  redrivable(name: string): Child | undefined;
  redrive(child: Child): void;
}

/** The most child executions of a map run that run at the same time. AWS page "Using Map state in Distributed mode". */
const MOST_CHILDREN = 10_000;

/** Runs the child executions of a Distributed Map. It reads their inputs only as fast as it starts them. */
export class MapRun implements StartedMapRun {
  readonly startedAt: number;
  /** Epoch milliseconds; undefined while it runs. */
  endedAt: number | undefined;
  status: StartedMapRun['status'] = 'RUNNING';
  redriveCount = 0;
  redrivenAt: number | undefined;
  readonly counts: MapRunCounts;
  readonly results: MapResults;
  #limits: MapRunLimits;
  #onEnd: MapRunOrder['onEnd'];
  /** Undefined once the run has succeeded. */
  #open: MapRunOrder['open'] | undefined;
  readonly #isCounted: boolean;
  #signal = new AbortController();
  #inputs: AsyncIterator<ChildInput> | undefined;
  readonly #running = new Map<number, Child>();
  /** The number of inputs that were read. */
  #read = 0;
  /** The number of inputs that were read before the run was redriven. */
  #readBefore = 0;
  /** The indexes of the children that have ended without success, or were cut. They run again after a redrive. */
  readonly #unfinished = new Set<number>();
  #isRead = false;
  /** The signal of the attempt whose inputs are being read; undefined while all children wait, or none runs. */
  #pumping: AbortSignal | undefined;
  #isClosing = false;

  constructor(
    readonly arn: string,
    /** The ARN of the machine with the label, which the children have too. */
    readonly stateMachineArn: string,
    readonly executionArn: string,
    order: MapRunOrder,
    private readonly starter: ChildStarter,
  ) {
    this.#open = (signal) => order.open(signal);
    this.#isCounted = order.length !== undefined;
    this.startedAt = starter.clock.now();
    this.#limits = order.limits;
    this.#onEnd = (failure) => order.onEnd(failure);
    this.results = order.results;
    this.counts = new MapRunCounts(order.length, order.children);
    this.#begin();
  }

  get limits(): MapRunLimits {
    return this.#limits;
  }

  /** True while it reads or starts something without waiting for a child. */
  get isBusy(): boolean {
    return this.status === 'RUNNING' && (this.#pumping !== undefined || this.#isClosing);
  }

  /** Changes settings while it runs. */
  update(limits: Partial<MapRunLimits>): void {
    this.#limits = { ...this.#limits, ...limits };
    void this.#pump();
  }

  abort(): void {
    if (this.status !== 'RUNNING') return;
    this.#close('ABORTED');
    void this.#endResults().catch(() => undefined);
  }

  redrive(onEnd: MapRunOrder['onEnd']): void {
    this.#onEnd = onEnd;
    this.redriveCount++;
    this.redrivenAt = this.starter.clock.now();
    this.status = 'RUNNING';
    this.endedAt = undefined;
    this.#signal = new AbortController();
    this.#readBefore = this.#read;
    this.#read = 0;
    this.#isRead = this.#isClosing = false;
    this.counts.redriven();
    this.#begin();
  }

  #begin(): void {
    this.#inputs = this.#open?.(this.#signal.signal)[Symbol.asyncIterator]();
    void this.#pump();
  }

  /** Starts children until as many run as may, or all inputs are read. */
  async #pump(): Promise<void> {
    const { signal } = this.#signal;
    if (this.#pumping === signal || this.#isClosing) return;
    this.#pumping = signal;
    try {
      // The event that the run has started comes before what the children do.
      await Promise.resolve();
      while (!this.#isClosing && !this.#isRead && this.#hasRoom) {
        const input = await this.#next();
        if (signal.aborted) return;
        if (input) this.#start(input);
        await turn.share();
      }
    } catch (error) {
      if (!signal.aborted) this.#end(error);
    } finally {
      if (this.#pumping === signal) this.#pumping = undefined;
    }
    if (!signal.aborted) this.#check();
  }

  get #hasRoom(): boolean {
    const most = Math.min(this.#limits.maxConcurrency, MOST_CHILDREN);
    if (this.#running.size >= most) return false;
    return this.#running.size === 0 || this.starter.hasRoom();
  }

  async #next(): Promise<ChildInput | undefined> {
    const step = await this.#inputs?.next();
    if (step?.done === false) return step.value;
    this.#isRead = true;
    return undefined;
  }

  #start(input: ChildInput): void {
    const index = this.#read++;
    const isRepeated = index < this.#readBefore;
    if (isRepeated && !this.#unfinished.has(index)) return;
    const text = JSON.stringify(input.value);
    if (isTooLarge(text)) throw dataLimitFailure(`item ${index}`);
    const name = this.#nameOf(index);
    const earlier = isRepeated ? this.starter.redrivable(name) : undefined;
    this.#unfinished.add(index);
    const child = earlier ?? this.starter.start(name, text, input.value, input.items);
    this.counts.started(input.items, isRepeated);
    this.#running.set(index, child);
    if (earlier) this.starter.redrive(earlier);
    child.whenEnded(() => {
      try {
        this.#ended(index, child, input.items);
      } catch (error) {
        this.#end(error);
      }
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
    this.#running.delete(index);
    if (child.status === 'SUCCEEDED') this.#unfinished.delete(index);
    this.counts.ended(child.status, items);
    const room = this.results.add(index, {
      succeeded: child.status === 'SUCCEEDED',
      output: child.end?.output,
      describe: () => describeChild(child),
    });
    if (this.#isClosing) return;
    if (this.#isExceeded) this.#end(exceeded());
    else if (room) room.then(() => this.#pump()).catch((error: unknown) => this.#end(error));
    else void this.#pump();
  }

  /** AWS page "Using Map state in Distributed mode": items that have failed or timed out count. */
  get #isExceeded(): boolean {
    const { toleratedCount: most, toleratedPercentage: share } = this.#limits;
    const { failed, timedOut, total } = this.counts.items;
    const bad = failed + timedOut;
    if (bad > (most ?? (share === undefined ? 0 : Infinity))) return true;
    // Of a file, the number of all items is known when all are read.
    const isKnown = this.#isRead || this.#isCounted;
    return share !== undefined && isKnown && bad > (share / 100) * total;
  }

  /** Ends the run if all children have ended. */
  #check(): void {
    if (this.#isClosing || !this.#isRead || this.#running.size > 0) return;
    this.#end(this.#isExceeded ? exceeded() : undefined);
  }

  /** Ends the run with a failure; with success, if it is undefined. */
  #end(failure: unknown): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    if (failure !== undefined) this.#close('FAILED');
    void this.#settle(failure);
  }

  /** Ends the results, and tells the state. */
  async #settle(failure: unknown): Promise<void> {
    let why = failure;
    try {
      await this.#endResults();
    } catch (error) {
      why ??= error;
    }
    // It may have been aborted meanwhile.
    if (this.status === 'ABORTED') return;
    if (this.status === 'RUNNING') this.#close(why === undefined ? 'SUCCEEDED' : 'FAILED');
    this.#onEnd(why);
  }

  async #endResults(): Promise<void> {
    // The children that were stopped add their results first.
    await Promise.resolve();
    await this.results.end(this.arn);
  }

  #close(status: StartedMapRun['status']): void {
    this.#isClosing = true;
    this.status = status;
    this.endedAt = this.starter.clock.now();
    this.#signal.abort();
    this.#inputs?.return?.().catch(() => undefined);
    this.#inputs = undefined;
    if (status === 'SUCCEEDED') this.#open = undefined;
    for (const child of [...this.#running.values()]) child.stop(undefined, undefined);
  }
}

/** A child execution, as far as its map run knows it. Times are epoch milliseconds. */
export interface Child {
  readonly arn: string;
  readonly name: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
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
  readonly at: number;
  readonly output?: string;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/**
 * Returns the JSON of a child execution with its metadata. AWS page "ResultWriter (Map)" shows it; its fields are those
 * that were recorded for a nested execution.
 */
export function describeChild(child: Child): string {
  const { arn, machine, name, input, status, startedAt, redrives, end } = child;
  return JSON.stringify({
    ...(end?.cause !== undefined && { Cause: end.cause }),
    ...(end?.error !== undefined && { Error: end.error }),
    ExecutionArn: arn,
    Input: input,
    InputDetails: { Included: true },
    Name: name,
    ...(end?.output !== undefined && { Output: end.output, OutputDetails: { Included: true } }),
    RedriveCount: redrives.count,
    ...(status === 'SUCCEEDED'
      ? {
          RedriveStatus: 'NOT_REDRIVABLE',
          RedriveStatusReason: `Execution is ${status} and cannot be redriven`,
        }
      : { RedriveStatus: 'REDRIVABLE_BY_MAP_RUN' }),
    StartDate: isoTime(startedAt),
    StateMachineArn: machine.arn,
    Status: status,
    ...(end && { StopDate: isoTime(end.at) }),
  });
}
