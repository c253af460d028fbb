import type { SimulatedFleet } from './simulated-fleet.js';

/** One of `behavior.scaleUp.policies` or `behavior.scaleDown.policies`. */
export interface HpaPolicy {
  readonly type: 'Percent' | 'Pods';
  readonly value: number;
  readonly periodSeconds: number;
}

/** The rules of one direction. @see "Horizontal Pod Autoscaling", section "Configurable scaling behavior" */
export interface HpaDirection {
  readonly stabilizationWindowSeconds: number;
  readonly policies: readonly HpaPolicy[];
}

/** A metric with its target. */
export interface HpaMetric {
  /** Returns the metric's value; undefined where there is none, which keeps the number of pods. */
  readonly read: (now: number) => number | undefined;
  readonly target: number;
  /** `AverageValue` divides the value by the target; `Value` scales the number of pods by their ratio. */
  readonly type: 'AverageValue' | 'Value';
  /** Above this value the metric asks for a first pod (KEDA's `activationTargetValue`). */
  readonly activation: number;
}

export interface KubernetesRules {
  readonly min: number;
  readonly max: number;
  readonly metrics: readonly HpaMetric[];
  readonly up: HpaDirection;
  readonly down: HpaDirection;
  /** KEDA's `pollingInterval` and `cooldownPeriod`, in seconds; undefined without KEDA. */
  readonly keda?: { readonly pollingInterval: number; readonly cooldownPeriod: number };
}

const SYNC_MS = 15_000;
const TOLERANCE = 0.1;

interface Change {
  readonly at: number;
  readonly by: number;
}

/**
 * A HorizontalPodAutoscaler of Kubernetes, and KEDA's operator before it where the rules are KEDA's: the operator wakes
 * the first pod and takes the last, the autoscaler does the rest ("KEDA Concepts", "Scaling Deployments").
 */
export class SimulatedKubernetes {
  readonly #asked: { readonly at: number; readonly pods: number }[] = [];
  #changes: Change[] = [];
  #activeAt = 0;

  constructor(
    private readonly fleet: SimulatedFleet,
    private readonly rules: KubernetesRules,
  ) {}

  tick(now: number): void {
    const { keda, min } = this.rules;
    if (this.fleet.desired < min) this.#set(min, now);
    if (keda && now % (keda.pollingInterval * 1_000) === 0) this.#activate(keda.cooldownPeriod, now);
    if (now % SYNC_MS === 0 && this.fleet.desired > 0) this.#sync(now);
  }

  /** KEDA's operator. */
  #activate(cooldownSeconds: number, now: number): void {
    const { metrics, min } = this.rules;
    const values = metrics.map(({ read, activation }) => [read(now), activation] as const);
    if (values.some(([value, activation]) => value !== undefined && value > activation)) {
      this.#activeAt = now;
      if (this.fleet.desired === 0) this.#set(Math.max(1, min), now);
      return;
    }
    if (values.some(([value]) => value === undefined)) return;
    if (min === 0 && this.fleet.desired > 0 && now - this.#activeAt >= cooldownSeconds * 1_000)
      this.#set(0, now);
  }

  /** The autoscaler's loop. */
  #sync(now: number): void {
    const { min, max, up, down } = this.rules;
    const current = this.fleet.desired;
    const proposed = this.#proposed(current, now);
    if (proposed === undefined) return;
    this.#asked.push({ at: now, pods: proposed });
    const windowS = Math.max(up.stabilizationWindowSeconds, down.stabilizationWindowSeconds);
    while ((this.#asked[0]?.at ?? now) < now - 1_000 * windowS) this.#asked.shift();
    const stable = this.#stabilized(proposed, current, now);
    const limited = stable > current ? this.#upTo(stable, current, now) : this.#downTo(stable, current, now);
    this.#set(Math.min(max, Math.max(min, 1, limited)), now);
  }

  #proposed(current: number, now: number): number | undefined {
    const counts = this.rules.metrics.map(({ read, target, type }) => {
      const value = read(now);
      if (value === undefined) return undefined;
      const ratio = type === 'Value' ? value / target : value / (target * current);
      if (Math.abs(1 - ratio) <= TOLERANCE) return current;
      return type === 'Value' ? Math.ceil(current * ratio) : Math.ceil(value / target);
    });
    const known = counts.filter((count) => count !== undefined);
    if (known.length === 0) return undefined;
    const most = Math.max(...known);
    // Where a metric has no value, the autoscaler only scales out.
    return known.length < counts.length ? Math.max(most, current) : most;
  }

  #stabilized(proposed: number, current: number, now: number): number {
    const within = (seconds: number): number[] =>
      this.#asked.filter(({ at }) => at >= now - seconds * 1_000).map(({ pods }) => pods);
    const least = Math.min(proposed, ...within(this.rules.up.stabilizationWindowSeconds));
    const most = Math.max(proposed, ...within(this.rules.down.stabilizationWindowSeconds));
    return Math.min(Math.max(current, least), Math.max(most, least));
  }

  #upTo(wanted: number, current: number, now: number): number {
    const limits = this.rules.up.policies.map((policy) => {
      const start = current - this.#changed(policy, now, 1);
      return policy.type === 'Pods' ? start + policy.value : Math.ceil(start * (1 + policy.value / 100));
    });
    return Math.min(wanted, Math.max(current, ...limits));
  }

  #downTo(wanted: number, current: number, now: number): number {
    const limits = this.rules.down.policies.map((policy) => {
      const start = current + this.#changed(policy, now, -1);
      return policy.type === 'Pods' ? start - policy.value : Math.floor(start * (1 - policy.value / 100));
    });
    return Math.max(wanted, Math.min(current, ...limits));
  }

  /** The pods that were added, or taken away, within the last seconds. */
  #changed({ periodSeconds }: HpaPolicy, now: number, sign: 1 | -1): number {
    const from = now - periodSeconds * 1_000;
    const recent = this.#changes.filter(({ at, by }) => at > from && Math.sign(by) === sign);
    return recent.reduce((sum, { by }) => sum + Math.abs(by), 0);
  }

  #set(pods: number, now: number): void {
    const by = pods - this.fleet.desired;
    if (by === 0) return;
    this.#changes = [...this.#changes.filter(({ at }) => at > now - 1_800_000), { at: now, by }];
    this.fleet.setDesired(pods, now);
  }
}
