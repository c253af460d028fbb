/** How a task on a service ends. */
export type Pattern =
  /** With the service's answer. */
  | 'answer'
  /** With the end of the job that the service was asked to run: `.sync`, `.sync:2`. */
  | 'job'
  /** When its token comes back: `.waitForTaskToken`. */
  | 'token';

/** How the history speaks of calls of a resource. */
export interface ResourceKind {
  /** `Task`, or `LambdaFunction` for a function that is named by its own ARN. */
  readonly event: 'Task' | 'LambdaFunction';
  /** What is the same in every event. */
  readonly details: { readonly resource: string; readonly resourceType: string } | undefined;
  readonly pattern: Pattern;
}

const INTEGRATION =
  /^arn:aws[a-z-]*:states:[a-z0-9-]*:[0-9]*:((?:aws-sdk:)?[a-z0-9-]+):([A-Za-z0-9]+)(\.sync(?::2)?|\.waitForTaskToken)?$/;
const LAMBDA = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[^:\s]+(?::[^:\s]+)?$/;

/** The actions that each optimised integration has. AWS page "Integrating optimized services with Step Functions". */
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
 * Reads the ARN of a resource that is no activity, or gives undefined where the service would not know it. Recorded: the
 * type ends at the first colon, and for `aws-sdk:` at the second (recorded/services.ts).
 */
export function resourceKind(arn: string): ResourceKind | undefined {
  if (LAMBDA.test(arn)) return { event: 'LambdaFunction', details: undefined, pattern: 'answer' };
  const [, resourceType = '', action = '', suffix = ''] = INTEGRATION.exec(arn) ?? [];
  const known = Object.hasOwn(OPTIMISED, resourceType) && OPTIMISED[resourceType]?.includes(action);
  if (!known && !resourceType.startsWith('aws-sdk:')) return undefined;
  return { event: 'Task', details: { resource: action + suffix, resourceType }, pattern: patternOf(suffix) };
}

function patternOf(suffix: string): Pattern {
  if (suffix === '') return 'answer';
  return suffix === '.waitForTaskToken' ? 'token' : 'job';
}
