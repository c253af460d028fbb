/** The integration pattern of a Task on a service: the event that ends it. */
export type IntegrationPattern =
  /** The service's response. */
  | 'requestResponse'
  /** The end of the job that the service runs: `.sync`, `.sync:2`. */
  | 'runJob'
  /** A report on the task's token: `.waitForTaskToken`. */
  | 'callback';

/** A resource that is no activity, as the history names its calls. */
export interface ServiceResource {
  /** `Task`, or `LambdaFunction` for a function that is named by its own ARN. */
  readonly event: 'Task' | 'LambdaFunction';
  /** The details that every event has; none for a function that is named by its own ARN. */
  readonly details: { readonly resource: string; readonly resourceType: string } | undefined;
  readonly pattern: IntegrationPattern;
}

const INTEGRATION =
  /^arn:aws[a-z-]*:states:[a-z0-9-]*:[0-9]*:((?:aws-sdk:)?[a-z0-9-]+):([A-Za-z0-9]+)(\.sync(?::2)?|\.waitForTaskToken)?$/;
const LAMBDA = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[^:\s]+(?::[^:\s]+)?$/;

/** The actions of the optimised integrations. AWS page "Integrating optimized services with Step Functions". */
const OPTIMISED: Readonly<Record<string, readonly string[]>> = {
  apigateway: ['invoke'],
  athena: ['startQueryExecution', 'stopQueryExecution', 'getQueryExecution', 'getQueryResults'],
  batch: ['submitJob'],
  bedrockagentcore: ['invokeHarness'],
  bedrock: ['invokeModel', 'createModelCustomizationJob'],
  codebuild: [
    'startBuild',
    'stopBuild',
    'batchDeleteBuilds',
    'batchGetReports',
    'startBuildBatch',
    'stopBuildBatch',
    'retryBuildBatch',
    'deleteBuildBatch',
  ],
  databrew: ['startJobRun'],
  dynamodb: ['getItem', 'putItem', 'deleteItem', 'updateItem'],
  ecs: ['runTask'],
  eks: [
    'createCluster',
    'deleteCluster',
    'createNodegroup',
    'deleteNodegroup',
    'createFargateProfile',
    'deleteFargateProfile',
    'call',
    'runJob',
  ],
  elasticmapreduce: [
    'createCluster',
    'terminateCluster',
    'addStep',
    'cancelStep',
    'setClusterTerminationProtection',
    'modifyInstanceFleetByName',
    'modifyInstanceGroupByName',
  ],
  'emr-containers': ['createVirtualCluster', 'deleteVirtualCluster', 'startJobRun'],
  'emr-serverless': [
    'createApplication',
    'startApplication',
    'stopApplication',
    'deleteApplication',
    'startJobRun',
    'cancelJobRun',
  ],
  events: ['putEvents'],
  glue: ['startJobRun'],
  http: ['invoke'],
  lambda: ['invoke'],
  mediaconvert: ['createJob'],
  sagemaker: [
    'createEndpoint',
    'createEndpointConfig',
    'createHyperParameterTuningJob',
    'createLabelingJob',
    'createModel',
    'createProcessingJob',
    'createTrainingJob',
    'createTransformJob',
    'updateEndpoint',
  ],
  sns: ['publish'],
  sqs: ['sendMessage'],
  states: ['startExecution'],
};

/**
 * Parses the ARN of a resource that is no activity; returns undefined where the service would not know it. Recorded: the
 * type ends at the first colon, and for `aws-sdk:` at the second (recorded/services.ts).
 */
export function parseServiceArn(arn: string): ServiceResource | undefined {
  if (LAMBDA.test(arn)) return { event: 'LambdaFunction', details: undefined, pattern: 'requestResponse' };
  const [, resourceType = '', action = '', suffix = ''] = INTEGRATION.exec(arn) ?? [];
  const known = Object.hasOwn(OPTIMISED, resourceType) && OPTIMISED[resourceType]?.includes(action);
  if (!known && !resourceType.startsWith('aws-sdk:')) return undefined;
  return { event: 'Task', details: { resource: action + suffix, resourceType }, pattern: patternOf(suffix) };
}

function patternOf(suffix: string): IntegrationPattern {
  if (suffix === '') return 'requestResponse';
  return suffix === '.waitForTaskToken' ? 'callback' : 'runJob';
}
