/** The integration pattern of a Task that calls a service. It determines when the Task ends. */
export type IntegrationPattern =
  /** The Task ends at the service's response. */
  | 'requestResponse'
  /** The Task ends when the job that the service runs has ended: `.sync`, `.sync:2`. */
  | 'runJob'
  /** The Task ends when a result or a failure is sent with its token: `.waitForTaskToken`. */
  | 'callback';

/**
 * The parsed resource of a Task that isn't an activity. The fields are those by which the history records its calls.
 */
export interface ServiceResource {
  /**
   * The first part of the types of the history's events: `LambdaFunction` if the resource is a Lambda function's own
   * ARN, otherwise `Task`.
   */
  readonly event: 'Task' | 'LambdaFunction';
  /** Details that each event of a call contains; undefined if the resource is a Lambda function's own ARN. */
  readonly details: { readonly resource: string; readonly resourceType: string } | undefined;
  readonly pattern: IntegrationPattern;
}

const INTEGRATION =
  /^arn:aws[a-z-]*:states:[a-z0-9-]*:[0-9]*:((?:aws-sdk:)?[a-z0-9-]+):([A-Za-z0-9]+)(\.sync(?::2)?|\.waitForTaskToken)?$/;
const LAMBDA = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[^:\s]+(?::[^:\s]+)?$/;

/** The actions of each optimised integration. AWS page "Integrating optimized services with Step Functions". */
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

/** The optimised integrations that can wait for the end of a job, by `.sync`. The same page. */
const JOBS = new Set([
  'athena',
  'batch',
  'bedrock',
  'codebuild',
  'databrew',
  'ecs',
  'eks',
  'elasticmapreduce',
  'emr-containers',
  'emr-serverless',
  'glue',
  'mediaconvert',
  'sagemaker',
  'states',
]);

/**
 * Parses the ARN of a Task's resource that isn't an activity. Returns undefined if Step Functions wouldn't recognise
 * the resource. Recorded from the live service: the resource type ends at the first colon, or at the second one if it
 * begins with `aws-sdk:` (recorded/services.ts).
 */
export function parseServiceArn(arn: string): ServiceResource | undefined {
  if (LAMBDA.test(arn)) return { event: 'LambdaFunction', details: undefined, pattern: 'requestResponse' };
  const [, resourceType = '', action = '', suffix = ''] = INTEGRATION.exec(arn) ?? [];
  const known = Object.hasOwn(OPTIMISED, resourceType) && OPTIMISED[resourceType]?.includes(action);
  if (!known && !resourceType.startsWith('aws-sdk:')) return undefined;
  if (suffix.startsWith('.sync') && !JOBS.has(resourceType)) return undefined;
  return { event: 'Task', details: { resource: action + suffix, resourceType }, pattern: patternOf(suffix) };
}

function patternOf(suffix: string): IntegrationPattern {
  if (suffix === '') return 'requestResponse';
  return suffix === '.waitForTaskToken' ? 'callback' : 'runJob';
}
