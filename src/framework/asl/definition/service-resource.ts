import { meantName, proposal } from '../../base/show.js';

/** The integration pattern of a Task that calls an AWS service. It determines when the Task ends. */
type IntegrationPattern =
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
 * The actions of each optimised integration, and the suffixes that its resources may have: `.sync` to wait for the
 * end of a job, `.waitForTaskToken` to wait for the token. AWS page "Integrating optimized services with Step
 * Functions".
 */
const OPTIMISED = new Map(
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
    .map(([service = '', ...words]) => {
      const actions = words.filter((word) => !word.startsWith('.'));
      return [service, { actions, suffixes: words.filter((word) => word.startsWith('.')) }];
    }),
);

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
    const meant = meantName(name, names);
    return meant && proposal(arn.replace(`:${name}:`, `:${meant}:`));
  }
  const small = action.charAt(0).toLowerCase() + action.slice(1);
  if (service !== undefined)
    return small === action ? undefined : proposal(arn.replace(`:${action}`, `:${small}`));
  const known = OPTIMISED.get(type)?.actions ?? [];
  if (known.includes(action)) return `write the resource without '${suffix}', which '${type}' does not have`;
  const meant = meantName(action, known);
  if (meant) return proposal(arn.replace(`:${action}`, `:${meant}`));
  return `write one of these: ${known.join(', ')}; or call the service by aws-sdk:`;
}

/**
 * The services that a Task can call by `aws-sdk:`, as the packages of the AWS SDK are named. Step Functions leaves out the
 * hyphens. AWS page "Learning to use AWS service SDK integrations", and the services that AWS's SDK has had since.
 */
const PACKAGES: ReadonlyMap<string, string> = new Map(
  `accessanalyzer account acm acm-pca aiops amp amplify amplifybackend amplifyuibuilder api-gateway
apigatewaymanagementapi apigatewayv2 appconfig appconfigdata appfabric appflow appintegrations
application-auto-scaling applicationcostprofiler applicationdiscovery application-insights application-signals
app-mesh apprunner appstream appsync apptest arcregionswitch arczonalshift artifact athena auditmanager auto-scaling
auto-scaling-plans b2bi backup backup-gateway backup-search batch bcm-dashboards bcm-data-exports
bcm-pricing-calculator bcm-recommended-actions bedrock bedrock-agent bedrock-agentcore bedrock-agentcore-control
bedrock-agent-runtime bedrock-data-automation bedrock-data-automation-runtime bedrock-runtime billing billingconductor
braket budgets chatbot chime chime-sdk-identity chime-sdk-media-pipelines chime-sdk-meetings chime-sdk-messaging
chime-sdk-voice cleanrooms cleanroomsml cloud9 cloudcontrol clouddirectory cloudformation cloudfront
cloudfront-keyvaluestore cloudhsm cloudhsm-v2 cloudsearch cloudsearch-domain cloudtrail cloudtrail-data cloudwatch
cloudwatch-events cloudwatch-logs codeartifact codebuild codecatalyst codecommit codeconnections codedeploy
codeguruprofiler codeguru-reviewer codegurusecurity codepipeline codestar codestar-connections codestar-notifications
cognito-identity cognito-identity-provider cognito-sync comprehend comprehendmedical compute-optimizer
computeoptimizerautomation config connect connectcampaigns connectcampaignsv2 connectcases connect-contact-lens
connectparticipant controlcatalog controltower costandusagereport cost-explorer cost-optimization-hub
customer-profiles databasemigration databrew dataexchange data-pipeline datasync datazone dax deadline detective
device-farm devops-guru direct-connect directory directory-service-data dlm docdb docdb-elastic drs dsql dynamodb
dynamodb-streams ebs ec2 ec2-instance-connect ecr ecr-public ecs efs eks eks-auth elasticache elastic-beanstalk
elastic-inference elastic-load-balancing elastic-load-balancing-v2 elasticsearch elastic-transcoder emr emr-containers
emr-serverless entityresolution eventbridge evidently evs finspace finspace-data firehose fis fms forecast
forecastquery frauddetector freetier fsx gamelift gameliftstreams geo-maps geo-places geo-routes glacier
global-accelerator glue grafana greengrass greengrassv2 groundstation guardduty health healthlake honeycode iam
identitystore imagebuilder inspector inspector2 inspector-scan internetmonitor invoicing iot iotanalytics
iot-data-plane iotdeviceadvisor iot-events iot-events-data iotfleethub iotfleetwise iot-jobs-data-plane
iotmanagedintegrations iotsecuretunneling iotsitewise iotthingsgraph iottwinmaker iot-wireless ivs ivschat
ivs-realtime kafka kafkaconnect kendra kendra-ranking keyspaces keyspacesstreams kinesis kinesis-analytics
kinesis-analytics-v2 kinesis-video kinesis-video-archived-media kinesis-video-media kinesis-video-signaling
kinesis-video-webrtc-storage kms lakeformation lambda launch-wizard lexmodelbuilding lex-models-v2 lexruntime
lex-runtime-v2 license-manager license-manager-linux-subscriptions license-manager-user-subscriptions lightsail
location lookoutequipment lookoutmetrics lookoutvision m2 machine-learning macie2 mailmanager managedblockchain
managedblockchain-query marketplace-agreement marketplace-catalog marketplace-commerce-analytics
marketplace-deployment marketplaceentitlement marketplace-metering marketplace-reporting mediaconnect mediaconvert
medialive mediapackage mediapackagev2 mediapackage-vod mediastore mediastore-data mediatailor medical-imaging memorydb
mgn migration-hub migrationhub-config migrationhuborchestrator migration-hub-refactor-spaces migrationhubstrategy mpa
mq mturk mwaa mwaaserverless neptune neptunedata neptune-graph network-firewall networkflowmonitor networkmanager
networkmonitor notifications notificationscontacts novaact oam observabilityadmin odb omics opensearch
opensearchserverless opsworks opsworkscm organizations osis outposts panorama partnercentral-account
partnercentral-benefits partnercentral-channel partnercentral-selling payment-cryptography payment-cryptography-data
pca-connector-ad pca-connector-scep pcs personalize personalize-events personalize-runtime pi pinpoint pinpoint-email
pinpoint-sms-voice pinpoint-sms-voice-v2 pipes polly pricing privatenetworks proton qapps qbusiness qconnect qldb
qldb-session quicksight ram rbin rds rds-data redshift redshift-data redshift-serverless rekognition repostspace
resiliencehub resource-explorer-2 resource-groups resource-groups-tagging-api robomaker rolesanywhere route-53
route-53-domains route53globalresolver route53profiles route53-recovery-cluster route53-recovery-control-config
route53-recovery-readiness route53resolver rtbfabric rum s3 s3-control s3files s3outposts s3tables s3vectors sagemaker
sagemaker-a2i-runtime sagemaker-edge sagemaker-featurestore-runtime sagemaker-geospatial sagemaker-metrics
sagemaker-runtime savingsplans scheduler schemas secrets-manager securityhub security-ir securitylake
serverlessapplicationrepository service-catalog service-catalog-appregistry servicediscovery service-quotas ses sesv2
sfn shield signer signer-data signin simspaceweaver sms snowball snow-device-management sns socialmessaging sqs ssm
ssm-contacts ssm-guiconnect ssm-incidents ssm-quicksetup ssm-sap sso sso-admin sso-oidc storage-gateway sts
supplychain support support-app swf synthetics taxsettings textract timestream-influxdb timestream-query
timestream-write tnb transcribe transfer translate trustedadvisor verifiedpermissions voice-id vpc-lattice waf
waf-regional wafv2 wellarchitected wisdom workdocs worklink workmail workmailmessageflow workspaces
workspaces-instances workspaces-thin-client workspaces-web xray`
    .split(/\s+/)
    .map((name) => [name.replaceAll('-', ''), name]),
);

/** The actions that the same page names as unsupported, of the services that machines call most. */
const UNSUPPORTED: Readonly<Record<string, readonly string[]>> = {
  bedrockagentruntime: ['invokeAgent', 'invokeFlow', 'invokeInlineAgent', 'optimizePrompt'],
  bedrockruntime: ['invokeModelWithResponseStream', 'converseStream'],
  cloudwatchlogs: ['startLiveTail'],
  kinesis: ['subscribeToShard'],
  lambda: ['invokeAsync', 'invokeWithResponseStream'],
  rdsdata: ['executeSql'],
  s3: ['selectObjectContent'],
  sagemakerruntime: ['invokeEndpointWithResponseStream'],
  sts: ['assumeRole', 'assumeRoleWithSAML', 'assumeRoleWithWebIdentity'],
};

/**
 * Returns true if Step Functions can call an action of a service by `aws-sdk:`. An action begins with a small letter.
 * The actions of each service aren't known here.
 */
function isSdkAction(service: string, action: string): boolean {
  const unsupported = Object.hasOwn(UNSUPPORTED, service) ? UNSUPPORTED[service] : undefined;
  return PACKAGES.has(service) && /^[a-z]/.test(action) && !unsupported?.includes(action);
}

/** Returns the name of the SDK's package for a service, without `@aws-sdk/client-`. */
export const packageNameOf = (service: string): string => PACKAGES.get(service) ?? service;

/** Returns the names of the services that begin with the same two letters. */
function servicesLike(service: string): string[] {
  return [...PACKAGES.keys()].filter((name) => name.startsWith(service.slice(0, 2)));
}
