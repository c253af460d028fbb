import { MINUTE_MS } from '../../../src/framework/cli/scale/backlog.js';
import type { SimulatedFleet } from './simulated-fleet.js';

export interface StepAdjustment {
  readonly lower: number;
  readonly upper: number;
  readonly adjustment: number;
}

/** A step scaling policy. @see "StepScalingPolicyConfiguration" in Application Auto Scaling's API reference */
export interface StepPolicy {
  readonly adjustmentType: 'ChangeInCapacity' | 'PercentChangeInCapacity';
  readonly minAdjustmentMagnitude: number;
  readonly cooldownSeconds: number;
  readonly steps: readonly StepAdjustment[];
}

export interface Alarm {
  readonly metric: string;
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly threshold: number;
  readonly comparison: string;
  readonly missing: 'breaching' | 'notBreaching' | 'ignore' | 'missing';
  readonly policy: StepPolicy;
}

export interface EcsRules {
  readonly min: number;
  readonly max: number;
  readonly alarms: readonly Alarm[];
}

/** The datapoints that alarms look at. */
export interface AlarmMetrics {
  /** To be called each second. */
  tick(now: number): void;
  /** Returns the value in the period that begins at `at`; undefined where there is no datapoint. */
  read(alarm: Alarm, at: number, now: number): number | undefined;
  /** Returns the beginning of the last period that may be looked at: metrics of AWS/States are late, one's own are not. */
  latest(alarm: Alarm, now: number): number;
}

const EVALUATED_AFTER_MS = 5_000;

interface Activity {
  readonly at: number;
  readonly added: number;
}

/**
 * CloudWatch's alarms and the step scaling of Application Auto Scaling. An alarm repeats its action each minute while it
 * lasts. A cooldown after scaling out counts what was added as part of the next step; one after scaling in blocks
 * further scaling in, and never scaling out.
 */
export class SimulatedEcs {
  /** The alarms that last, with the time of their latest action. */
  readonly #actedAt = new Map<Alarm, number>();
  readonly #out = new Map<StepPolicy, Activity>();
  #inAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly fleet: SimulatedFleet,
    private readonly rules: EcsRules,
    private readonly metrics: AlarmMetrics,
  ) {}

  /** To be called each second. Alarms are evaluated each minute, or each period that is shorter, seconds after its end. */
  tick(now: number): void {
    this.metrics.tick(now);
    if (this.fleet.desired < this.rules.min) this.fleet.setDesired(this.rules.min, now);
    for (const alarm of this.rules.alarms) {
      if (now % Math.min(MINUTE_MS, alarm.periodSeconds * 1_000) === EVALUATED_AFTER_MS)
        this.#evaluate(alarm, now);
    }
  }

  #evaluate(alarm: Alarm, now: number): void {
    const datapoints = this.#datapoints(alarm, now);
    const isBreaching = this.#isBreaching(alarm, datapoints) ?? this.#actedAt.has(alarm);
    if (!isBreaching) return void this.#actedAt.delete(alarm);
    if (now - (this.#actedAt.get(alarm) ?? Number.NEGATIVE_INFINITY) < MINUTE_MS) return;
    this.#actedAt.set(alarm, now);
    const value = datapoints.find((each) => each !== undefined);
    this.#act(alarm, value, now);
  }

  /** The newest first. */
  #datapoints(alarm: Alarm, now: number): (number | undefined)[] {
    const latest = this.metrics.latest(alarm, now);
    return Array.from({ length: alarm.evaluationPeriods }, (_, index) =>
      this.metrics.read(alarm, latest - index * alarm.periodSeconds * 1_000, now),
    );
  }

  #isBreaching(alarm: Alarm, datapoints: readonly (number | undefined)[]): boolean | undefined {
    const { missing, datapointsToAlarm } = alarm;
    const isKnown = datapoints.some((each) => each !== undefined);
    if (!isKnown && missing === 'ignore') return undefined;
    if (!isKnown && missing === 'missing') return false;
    const breaching = datapoints.filter((each) =>
      each === undefined ? missing === 'breaching' : breaches(each, alarm),
    );
    return breaching.length >= datapointsToAlarm;
  }

  #act({ policy, threshold }: Alarm, value: number | undefined, now: number): void {
    const { min, max } = this.rules;
    const current = this.fleet.desired;
    const before = this.#out.get(policy);
    const cooling = before && now - before.at < policy.cooldownSeconds * 1_000 ? before.added : 0;
    const by = stepOf(policy, (value ?? threshold) - threshold, current - cooling);
    if (by > 0) {
      const added = Math.min(max - current, by - cooling);
      if (added <= 0) return;
      this.#out.set(policy, { at: now, added: cooling + added });
      this.#inAt = Number.NEGATIVE_INFINITY;
      this.fleet.setDesired(current + added, now);
    } else if (by < 0) {
      if (now - this.#inAt < policy.cooldownSeconds * 1_000 || current <= min) return;
      this.#inAt = now;
      this.fleet.setDesired(Math.max(min, current + by), now);
    }
  }
}

function breaches(value: number, { comparison, threshold }: Alarm): boolean {
  if (comparison === 'GreaterThanThreshold') return value > threshold;
  if (comparison === 'GreaterThanOrEqualToThreshold') return value >= threshold;
  if (comparison === 'LessThanThreshold') return value < threshold;
  if (comparison === 'LessThanOrEqualToThreshold') return value <= threshold;
  throw new Error(`an alarm compares by ${comparison}, which the model does not know`);
}

/** The change that the step for this distance to the threshold asks for. */
function stepOf(policy: StepPolicy, distance: number, capacity: number): number {
  const { steps, adjustmentType, minAdjustmentMagnitude } = policy;
  const { adjustment = 0 } = steps.find((step) => isIn(step, distance)) ?? {};
  if (adjustmentType === 'ChangeInCapacity') return adjustment;
  const exact = (capacity * adjustment) / 100;
  const by = exact > 0 ? Math.max(1, Math.floor(exact)) : Math.min(-1, Math.ceil(exact));
  return Math.sign(by) * Math.max(Math.abs(by), minAdjustmentMagnitude);
}

/** Above the threshold a step has its lower bound, below it its upper one. */
function isIn({ lower, upper }: StepAdjustment, distance: number): boolean {
  if (upper <= 0) return distance > lower && distance <= upper;
  return distance >= lower && distance < upper;
}
