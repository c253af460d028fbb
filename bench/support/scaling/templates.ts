import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Alarm, EcsRules, StepPolicy } from './ecs.js';
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
  const resources = Object.entries(fieldsOf(template['Resources'])) as [string, Fields][];
  const propertiesOf = (type: string): [string, Fields][] =>
    resources.flatMap(([name, { Type, Properties }]) =>
      Type === type ? [[name, fieldsOf(Properties)]] : [],
    );
  const policies = new Map(propertiesOf('AWS::ApplicationAutoScaling::ScalingPolicy'));
  const alarms = propertiesOf('AWS::CloudWatch::Alarm').map(([name, each]): [Alarm, StepPolicy] => {
    const alarm = each as unknown as Alarm;
    const policy = policies.get(alarm.AlarmActions[0] ?? '');
    if (!policy) throw new Error(`${path}: expected a policy as the action of the alarm ${name}`);
    return [alarm, policy['StepScalingPolicyConfiguration'] as StepPolicy];
  });
  return { min: fieldsOf(parameters['Least'])['Default'] as number, max, alarms: new Map(alarms) };
}
