import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Alarm, EcsRules, StepAdjustment, StepPolicy } from './ecs.js';
import type { HpaDirection, HpaMetric, KubernetesRules } from './kubernetes.js';

type Fields = Readonly<Record<string, unknown>>;

/** The documents of a YAML file. CloudFormation's own tags are dropped: `!Ref Out` is `Out`. */
function documentsOf(path: string): Fields[] {
  const yaml = createRequire(import.meta.url)('yaml') as {
    parseAllDocuments(text: string, options: object): { toJSON(): unknown }[];
  };
  const text = readFileSync(path, 'utf8');
  return yaml.parseAllDocuments(text, { logLevel: 'silent' }).map((each) => each.toJSON() as Fields);
}

const fieldsOf = (value: unknown): Fields => (value ?? {}) as Fields;
const listOf = (value: unknown): Fields[] => (value ?? []) as Fields[];

function documentOf(path: string, kind: string): Fields {
  const found = documentsOf(path).find((each) => each['kind'] === kind);
  if (!found) throw new Error(`${path}: expected a document of the kind ${kind}`);
  return fieldsOf(found['spec']);
}

/** What Kubernetes does where `behavior` says nothing ("Configurable scaling behavior", "Default behavior"). */
const UP: HpaDirection = {
  stabilizationWindowSeconds: 0,
  policies: [
    { type: 'Percent', value: 100, periodSeconds: 15 },
    { type: 'Pods', value: 4, periodSeconds: 15 },
  ],
};
const DOWN: HpaDirection = {
  stabilizationWindowSeconds: 300,
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
};

/** Returns the value of a metric that a template names, by the words of its trigger. */
export type MetricNamed = (what: string) => (now: number) => number | undefined;

const behaviorOf = (behavior: Fields): Pick<KubernetesRules, 'up' | 'down'> => ({
  up: { ...UP, ...fieldsOf(behavior['scaleUp']) },
  down: { ...DOWN, ...fieldsOf(behavior['scaleDown']) },
});

/** Reads the rules of a ScaledObject of KEDA. @param max replaces the file's, which is the user's to set */
export function kedaRules(path: string, max: number, named: MetricNamed): KubernetesRules {
  const spec = documentOf(path, 'ScaledObject');
  const { behavior } = fieldsOf(fieldsOf(spec['advanced'])['horizontalPodAutoscalerConfig']);
  return {
    ...behaviorOf(fieldsOf(behavior)),
    min: spec['minReplicaCount'] as number,
    max,
    metrics: listOf(spec['triggers']).map((trigger) => kedaMetric(trigger, named)),
    keda: {
      pollingInterval: (spec['pollingInterval'] ?? 30) as number,
      cooldownPeriod: (spec['cooldownPeriod'] ?? 300) as number,
    },
  };
}

function kedaMetric({ type, metricType = 'AverageValue', metadata }: Fields, named: MetricNamed): HpaMetric {
  const texts = fieldsOf(metadata) as Readonly<Record<string, string>>;
  const least = texts['url']?.endsWith('/least') ? 'least' : undefined;
  const what = least ?? texts['valueLocation'] ?? texts['metricName'] ?? texts['query'];
  const target = texts['targetValue'] ?? texts['targetMetricValue'] ?? texts['threshold'];
  if (what === undefined || target === undefined)
    throw new Error(`a trigger of the type ${String(type)} is not known`);
  return {
    read: named(what),
    target: Number(target),
    type: metricType as HpaMetric['type'],
    activation: Number(texts['activationTargetValue'] ?? texts['activationThreshold'] ?? 0),
  };
}

/** Reads the rules of a HorizontalPodAutoscaler. @param max replaces the file's */
export function hpaRules(path: string, max: number, named: MetricNamed): KubernetesRules {
  const spec = documentOf(path, 'HorizontalPodAutoscaler');
  const metrics = listOf(spec['metrics']).map((each): HpaMetric => {
    const { metric, target } = fieldsOf(each['external']);
    const read = named(String(fieldsOf(metric)['name']));
    return { read, target: Number(fieldsOf(target)['averageValue']), type: 'AverageValue', activation: 0 };
  });
  return { ...behaviorOf(fieldsOf(spec['behavior'])), min: spec['minReplicas'] as number, max, metrics };
}

/** Reads the alarms and the step scaling policies of a CloudFormation template. @param max replaces `Most` */
export function ecsRules(path: string, max: number): EcsRules {
  const [template = {}] = documentsOf(path);
  const parameters = fieldsOf(template['Parameters']);
  const resources = Object.entries(fieldsOf(template['Resources'])).map(
    ([name, each]) => [name, fieldsOf(each)] as const,
  );
  const policies = new Map(
    resources
      .filter(([, { Type }]) => Type === 'AWS::ApplicationAutoScaling::ScalingPolicy')
      .map(([name, { Properties }]) => [name, policyOf(fieldsOf(Properties))]),
  );
  const alarms = resources
    .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
    .map(([, { Properties }]) => alarmOf(fieldsOf(Properties), policies));
  return { min: fieldsOf(parameters['Least'])['Default'] as number, max, alarms };
}

function policyOf(properties: Fields): StepPolicy {
  const steps = fieldsOf(properties['StepScalingPolicyConfiguration']);
  return {
    adjustmentType: steps['AdjustmentType'] as StepPolicy['adjustmentType'],
    minAdjustmentMagnitude: (steps['MinAdjustmentMagnitude'] ?? 1) as number,
    cooldownSeconds: (steps['Cooldown'] ?? 300) as number,
    steps: listOf(steps['StepAdjustments']).map((step): StepAdjustment => ({
      lower: (step['MetricIntervalLowerBound'] ?? Number.NEGATIVE_INFINITY) as number,
      upper: (step['MetricIntervalUpperBound'] ?? Number.POSITIVE_INFINITY) as number,
      adjustment: step['ScalingAdjustment'] as number,
    })),
  };
}

function alarmOf(alarm: Fields, policies: ReadonlyMap<string, StepPolicy>): Alarm {
  const [action] = alarm['AlarmActions'] as string[];
  const policy = policies.get(action ?? '');
  if (!policy) throw new Error(`the alarm of ${String(alarm['MetricName'])} has no policy`);
  const evaluationPeriods = alarm['EvaluationPeriods'] as number;
  return {
    policy,
    evaluationPeriods,
    metric: alarm['MetricName'] as string,
    periodSeconds: alarm['Period'] as number,
    datapointsToAlarm: (alarm['DatapointsToAlarm'] ?? evaluationPeriods) as number,
    threshold: alarm['Threshold'] as number,
    comparison: alarm['ComparisonOperator'] as string,
    missing: (alarm['TreatMissingData'] ?? 'missing') as Alarm['missing'],
  };
}
