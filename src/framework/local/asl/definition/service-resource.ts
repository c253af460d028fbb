import { didYouMean, nearest } from './reader.js';
import { isSdkAction, servicesLike } from './sdk-services.js';

/** The integration pattern of a Task that calls an AWS service. It determines when the Task ends. */
export type IntegrationPattern =
  /** The Task ends when the service has responded. */
  | 'requestResponse'
  /** The Task ends when the job that the service has started ends. The resource ends in `.sync` or `.sync:2`. */
  | 'runJob'
  /**
   * The Task ends when somebody sends a result or a failure with the Task's token. The resource ends in
   * `.waitForTaskToken`.
   */
  | 'callback';

/** The parsed Resource field of a Task. `event` and `details` appear in the history of the execution. */
export interface ServiceResource {
  /**
   * The prefix of the types of the history's events, as in `LambdaFunctionScheduled` and `TaskScheduled`.
   */
  readonly event: 'Task' | 'LambdaFunction' | 'Activity';
  /**
   * The details that are in every history event of the call. Undefined if the resource is the ARN of a Lambda function
   * or of an activity, since the events of such a call have no such details.
   */
  readonly details: { readonly resource: string; readonly resourceType: string } | undefined;
  readonly pattern: IntegrationPattern;
}

/** The resource of a Task that is the ARN of an activity. */
export const ACTIVITY: ServiceResource = {
  event: 'Activity',
  details: undefined,
  pattern: 'requestResponse',
};

const INTEGRATION =
  /^arn:aws[a-z-]*:states:[a-z0-9-]*:[0-9]*:((?:aws-sdk:)?[a-z0-9-]+):([A-Za-z0-9]+)(\.sync(?::2)?|\.waitForTaskToken)?$/;
const LAMBDA = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[a-z0-9-]+:function:[^:\s]+(?::[^:\s]+)?$/;

/**
 * The actions of each optimised integration, and the suffixes that its resources may have besides none: `.sync` if the
 * Task can wait for the end of a job, `.waitForTaskToken` if it can wait for its token. AWS page "Integrating optimized
 * services with Step Functions".
 */
const OPTIMISED: ReadonlyMap<string, Integration> = new Map(
  `apigateway .waitForTaskToken invoke
athena .sync startQueryExecution stopQueryExecution getQueryExecution getQueryResults
batch .sync submitJob
bedrockagentcore invokeHarness
bedrock .sync .waitForTaskToken invokeModel createModelCustomizationJob
codebuild .sync startBuild stopBuild batchDeleteBuilds batchGetReports startBuildBatch stopBuildBatch retryBuildBatch deleteBuildBatch
databrew .sync startJobRun
dynamodb getItem putItem deleteItem updateItem
ecs .sync .waitForTaskToken runTask
eks .sync .waitForTaskToken createCluster deleteCluster createNodegroup deleteNodegroup createFargateProfile deleteFargateProfile call runJob
elasticmapreduce .sync createCluster terminateCluster addStep cancelStep setClusterTerminationProtection modifyInstanceFleetByName modifyInstanceGroupByName
emr-containers .sync createVirtualCluster deleteVirtualCluster startJobRun
emr-serverless .sync createApplication startApplication stopApplication deleteApplication startJobRun cancelJobRun
events .waitForTaskToken putEvents
glue .sync startJobRun
http invoke
lambda .waitForTaskToken invoke
mediaconvert .sync createJob
sagemaker .sync createEndpoint createEndpointConfig createHyperParameterTuningJob createLabelingJob createModel createProcessingJob createTrainingJob createTransformJob updateEndpoint
sns .waitForTaskToken publish
sqs .waitForTaskToken sendMessage
states .sync .sync:2 .waitForTaskToken startExecution`
    .split('\n')
    .map((line) => line.split(' '))
    .map(([service = '', ...words]) => [
      service,
      {
        actions: words.filter((word) => !word.startsWith('.')),
        suffixes: words.filter((word) => word.startsWith('.')),
      },
    ]),
);

interface Integration {
  readonly actions: readonly string[];
  readonly suffixes: readonly string[];
}

/**
 * Parses a Resource field that isn't the ARN of an activity. Returns undefined if Step Functions wouldn't accept it.
 * Recorded from the live service (recorded/services.ts): `resourceType` ends at the first colon after the account or,
 * if it begins with `aws-sdk:`, at the second one.
 */
export function parseServiceArn(arn: string): ServiceResource | undefined {
  if (LAMBDA.test(arn)) return { event: 'LambdaFunction', details: undefined, pattern: 'requestResponse' };
  const [, resourceType = '', action = '', suffix = ''] = INTEGRATION.exec(arn) ?? [];
  const [, sdkService] = /^aws-sdk:(.*)$/.exec(resourceType) ?? [];
  const { actions = [], suffixes = ['.waitForTaskToken'] } = OPTIMISED.get(resourceType) ?? {};
  if (!actions.includes(action) && !(sdkService !== undefined && isSdkAction(sdkService, action)))
    return undefined;
  if (suffix !== '' && !suffixes.includes(suffix)) return undefined;
  return { event: 'Task', details: { resource: action + suffix, resourceType }, pattern: patternOf(suffix) };
}

function patternOf(suffix: string): IntegrationPattern {
  if (suffix === '') return 'requestResponse';
  return suffix === '.waitForTaskToken' ? 'callback' : 'runJob';
}

/** Returns the resource that was probably meant by one that Step Functions doesn't know; undefined if none is similar. */
export function fixOfResource(arn: string): string | undefined {
  const [, type = '', action = '', suffix = ''] = INTEGRATION.exec(arn) ?? [];
  const [, service] = /^aws-sdk:(.*)$/.exec(type) ?? [];
  const names = service === undefined ? [...OPTIMISED.keys()] : servicesLike(service);
  const name = service ?? type;
  if (name === '' || action === '') return undefined;
  if (!names.includes(name)) {
    const meant = nearest(name, names);
    return meant && didYouMean(arn.replace(`:${name}:`, `:${meant}:`));
  }
  const small = action.charAt(0).toLowerCase() + action.slice(1);
  if (service !== undefined)
    return small === action ? undefined : didYouMean(arn.replace(`:${action}`, `:${small}`));
  const known = OPTIMISED.get(type)?.actions ?? [];
  if (known.includes(action)) return `write the resource without '${suffix}', which '${type}' does not have`;
  const meant = nearest(action, known);
  if (meant) return didYouMean(arn.replace(`:${action}`, `:${meant}`));
  return `write one of these: ${known.join(', ')}; or call the service by aws-sdk:`;
}
