import type { Chronicle } from './chronicle.js';
import type { Effect, HandlerKey, OperationName, PlannedEvent } from './plan.js';
import type { Timeline } from './timeline.js';

type Of<K extends PlannedEvent['kind']> = Extract<PlannedEvent, { kind: K }>;
type Lasting = Of<'outage' | 'slow' | 'throttle' | 'crowd' | 'kms'>;

/** A call, as faults choose it. */
export interface CallRef {
  readonly worker: number;
  readonly operation: OperationName;
  readonly handler: HandlerKey | undefined;
}

interface Bucket {
  readonly of: Of<'throttle'>;
  level: number;
  at: number;
}

/** The faults of the plan that hurt calls now. */
export class Troubles {
  readonly #calls: { readonly of: Of<'calls'>; next: number }[] = [];
  readonly #lasting = new Set<Lasting>();
  readonly #buckets = new Map<Lasting, Bucket>();
  /** Called when an outage begins. */
  onOutage: (outage: Of<'outage'>) => void = () => {};

  constructor(
    private readonly timeline: Timeline,
    private readonly chronicle: Chronicle,
  ) {}

  /** Begins a fault, which ends by itself. */
  begin(event: Of<'calls'> | Lasting): void {
    if (event.kind === 'calls') return void this.#calls.push({ of: event, next: 0 });
    this.#lasting.add(event);
    if (event.kind === 'throttle') this.#buckets.set(event, { of: event, level: 0, at: this.timeline.now });
    this.timeline.at(this.timeline.now + event.ms, () => this.#lasting.delete(event));
    if (event.kind !== 'outage') return;
    this.onOutage(event);
    // A poll that hangs meets it no second time before it has ended.
    for (const worker of event.worker === undefined ? [0, 1, 2] : [event.worker])
      this.chronicle.trouble(worker, 'process', event.ms);
  }

  /** Ends all faults: what follows is calm. */
  end(): void {
    this.#calls.length = 0;
    this.#lasting.clear();
  }

  /** Takes the fault that a call meets. */
  effectOf(call: CallRef): Effect | undefined {
    const index = this.#calls.findIndex(({ of }) => fits(of, call));
    const fault = this.#calls[index];
    if (!fault) return undefined;
    const effect = fault.of.effects[fault.next++] ?? undefined;
    if (fault.next >= fault.of.effects.length) this.#calls.splice(index, 1);
    if (effect) this.chronicle.trouble(call.worker, call.operation);
    return effect;
  }

  outage(worker: number): Of<'outage'>['how'] | undefined {
    const outage = this.#find('outage', (each) => each.worker === undefined || each.worker === worker);
    if (outage) this.chronicle.trouble(worker, 'process');
    return outage?.how;
  }

  /** Returns by how much the calls of a worker are slower. */
  slowMs(worker: number): number {
    const slow = this.#find('slow', (each) => each.worker === undefined || each.worker === worker);
    if (slow) this.chronicle.trouble(worker, 'process');
    return slow?.byMs ?? 0;
  }

  /** Returns the error by which the service refuses a call for a quota, a crowd or a key. */
  refusal({ worker, operation, handler }: CallRef, openPolls: number): string | undefined {
    const refused = this.#refusal(operation, handler, openPolls);
    // A quota is shared by all handlers; a crowd and a key are one handler's.
    if (refused === 'ThrottlingException') this.chronicle.trouble(worker, operation);
    else if (refused !== undefined && handler) this.chronicle.trouble(worker, handler);
    return refused;
  }

  #refusal(operation: OperationName, handler: HandlerKey | undefined, openPolls: number): string | undefined {
    if (this.#find('throttle', (each) => each.operation === operation && !this.#take(each)))
      return 'ThrottlingException';
    const isCrowded =
      operation === 'GetActivityTask' &&
      this.#find('crowd', (each) => each.handler === handler && openPolls >= each.room);
    if (isCrowded) return 'ActivityWorkerLimitExceeded';
    // A heartbeat carries nothing that a key is needed for.
    if (operation === 'SendTaskHeartbeat') return undefined;
    return this.#find('kms', (each) => each.handler === handler) && 'KmsThrottlingException';
  }

  #find<K extends Lasting['kind']>(kind: K, is: (each: Of<K>) => boolean): Of<K> | undefined {
    for (const each of this.#lasting) if (each.kind === kind && is(each as Of<K>)) return each as Of<K>;
    return undefined;
  }

  #take(throttle: Of<'throttle'>): boolean {
    const bucket = this.#buckets.get(throttle);
    if (!bucket) return true;
    const { now } = this.timeline;
    bucket.level = Math.min(
      Math.max(1, throttle.perSecond),
      bucket.level + ((now - bucket.at) * throttle.perSecond) / 1_000,
    );
    bucket.at = now;
    if (bucket.level < 1) return false;
    bucket.level--;
    return true;
  }
}

const fits = ({ worker, operation, handler }: Of<'calls'>, call: CallRef): boolean =>
  operation === call.operation &&
  (worker === undefined || worker === call.worker) &&
  (handler === undefined || handler === call.handler);
