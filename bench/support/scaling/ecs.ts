import { MINUTE_MS } from '../../../src/framework/cli/scale/backlog.js';
import type { SimulatedFleet } from './simulated-fleet.js';

/** A step of a policy. @see "StepAdjustment" in Application Auto Scaling's API reference */
interface Step {
  readonly MetricIntervalLowerBound?: number;
  readonly MetricIntervalUpperBound?: number;
  readonly ScalingAdjustment: number;
}

/** @see "StepScalingPolicyConfiguration" in Application Auto Scaling's API reference */
export interface StepPolicy {
  readonly AdjustmentType: 'ChangeInCapacity' | 'PercentChangeInCapacity';
  readonly MinAdjustmentMagnitude?: number;
  readonly Cooldown?: number;
  readonly StepAdjustments: readonly Step[];
}

/** @see "AWS::CloudWatch::Alarm" in CloudFormation's reference */
export interface Alarm {
  readonly MetricName: string;
  readonly Period: number;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly TreatMissingData?: 'breaching' | 'notBreaching' | 'ignore' | 'missing';
  readonly AlarmActions: readonly string[];
}

export interface EcsRules {
  readonly min: number;
  readonly max: number;
  /** Each with the policy that it starts. */
  readonly alarms: ReadonlyMap<Alarm, StepPolicy>;
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
    for (const [alarm, policy] of this.rules.alarms) {
      if (now % Math.min(MINUTE_MS, alarm.Period * 1_000) === EVALUATED_AFTER_MS)
        this.#evaluate(alarm, policy, now);
    }
  }

  #evaluate(alarm: Alarm, policy: StepPolicy, now: number): void {
    const datapoints = this.#datapoints(alarm, now);
    const isBreaching = this.#isBreaching(alarm, datapoints) ?? this.#actedAt.has(alarm);
    if (!isBreaching) return void this.#actedAt.delete(alarm);
    if (now - (this.#actedAt.get(alarm) ?? Number.NEGATIVE_INFINITY) < MINUTE_MS) return;
    this.#actedAt.set(alarm, now);
    const value = datapoints.find((each) => each !== undefined) ?? alarm.Threshold;
    this.#act(policy, value - alarm.Threshold, now);
  }

  /** The newest first. */
  #datapoints(alarm: Alarm, now: number): (number | undefined)[] {
    const latest = this.metrics.latest(alarm, now);
    return Array.from({ length: alarm.EvaluationPeriods }, (_, index) =>
      this.metrics.read(alarm, latest - index * alarm.Period * 1_000, now),
    );
  }

  #isBreaching(alarm: Alarm, datapoints: readonly (number | undefined)[]): boolean | undefined {
    const { TreatMissingData: missing = 'missing', EvaluationPeriods, DatapointsToAlarm } = alarm;
    const isKnown = datapoints.some((each) => each !== undefined);
    if (!isKnown && missing === 'ignore') return undefined;
    if (!isKnown && missing === 'missing') return false;
    const breaching = datapoints.filter((each) =>
      each === undefined ? missing === 'breaching' : breaches(each, alarm),
    );
    return breaching.length >= (DatapointsToAlarm ?? EvaluationPeriods);
  }

  /** @param distance how far above the threshold the metric is */
  #act(policy: StepPolicy, distance: number, now: number): void {
    const cooldownMs = (policy.Cooldown ?? 300) * 1_000;
    const { min, max } = this.rules;
    const current = this.fleet.desired;
    const before = this.#out.get(policy);
    const cooling = before && now - before.at < cooldownMs ? before.added : 0;
    const by = stepOf(policy, distance, current - cooling);
    if (by > 0) {
      const added = Math.min(max - current, by - cooling);
      if (added <= 0) return;
      this.#out.set(policy, { at: now, added: cooling + added });
      this.#inAt = Number.NEGATIVE_INFINITY;
      this.fleet.setDesired(current + added, now);
    } else if (by < 0) {
      if (now - this.#inAt < cooldownMs || current <= min) return;
      this.#inAt = now;
      this.fleet.setDesired(Math.max(min, current + by), now);
    }
  }
}

function breaches(value: number, { ComparisonOperator: comparison, Threshold: threshold }: Alarm): boolean {
  if (comparison === 'GreaterThanThreshold') return value > threshold;
  if (comparison === 'GreaterThanOrEqualToThreshold') return value >= threshold;
  if (comparison === 'LessThanThreshold') return value < threshold;
  if (comparison === 'LessThanOrEqualToThreshold') return value <= threshold;
  throw new Error(`an alarm compares by ${comparison}, which the model does not know`);
}

/** The change that the step for this distance to the threshold asks for. */
function stepOf(policy: StepPolicy, distance: number, capacity: number): number {
  const { StepAdjustments, AdjustmentType, MinAdjustmentMagnitude = 1 } = policy;
  const { ScalingAdjustment: adjustment = 0 } = StepAdjustments.find((step) => isIn(step, distance)) ?? {};
  if (AdjustmentType === 'ChangeInCapacity') return adjustment;
  const exact = (capacity * adjustment) / 100;
  const by = exact > 0 ? Math.max(1, Math.floor(exact)) : Math.min(-1, Math.ceil(exact));
  return Math.sign(by) * Math.max(Math.abs(by), MinAdjustmentMagnitude);
}

/** Above the threshold a step has its lower bound, below it its upper one. */
function isIn(step: Step, distance: number): boolean {
  const { MetricIntervalLowerBound: lower = -Infinity, MetricIntervalUpperBound: upper = Infinity } = step;
  if (upper <= 0) return distance > lower && distance <= upper;
  return distance >= lower && distance < upper;
}
