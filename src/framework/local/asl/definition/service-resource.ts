import { didYouMean, nearest } from './reader.js';

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

/**
 * The services that a Task can call by `aws-sdk:`. AWS page "Learning to use AWS service SDK integrations", and the
 * services that AWS's SDK has had since.
 */
const SERVICES: ReadonlySet<string> = new Set(
  `accessanalyzer account acm acmpca aiops amp amplify amplifybackend amplifyuibuilder apigateway
apigatewaymanagementapi apigatewayv2 appconfig appconfigdata appfabric appflow appintegrations applicationautoscaling
applicationcostprofiler applicationdiscovery applicationinsights applicationsignals appmesh apprunner appstream appsync
apptest arcregionswitch arczonalshift artifact athena auditmanager autoscaling autoscalingplans b2bi backup
backupgateway backupsearch batch bcmdashboards bcmdataexports bcmpricingcalculator bcmrecommendedactions bedrock
bedrockagent bedrockagentcore bedrockagentcorecontrol bedrockagentruntime bedrockdataautomation
bedrockdataautomationruntime bedrockruntime billing billingconductor braket budgets chatbot chime chimesdkidentity
chimesdkmediapipelines chimesdkmeetings chimesdkmessaging chimesdkvoice cleanrooms cleanroomsml cloud9 cloudcontrol
clouddirectory cloudformation cloudfront cloudfrontkeyvaluestore cloudhsm cloudhsmv2 cloudsearch cloudsearchdomain
cloudtrail cloudtraildata cloudwatch cloudwatchevents cloudwatchlogs codeartifact codebuild codecatalyst codecommit
codeconnections codedeploy codeguruprofiler codegurureviewer codegurusecurity codepipeline codestar
codestarconnections codestarnotifications cognitoidentity cognitoidentityprovider cognitosync comprehend
comprehendmedical computeoptimizer computeoptimizerautomation config connect connectcampaigns connectcampaignsv2
connectcases connectcontactlens connectparticipant controlcatalog controltower costandusagereport costexplorer
costoptimizationhub customerprofiles databasemigration databrew dataexchange datapipeline datasync datazone dax
deadline detective devicefarm devopsguru directconnect directory directoryservicedata dlm docdb docdbelastic drs dsql
dynamodb dynamodbstreams ebs ec2 ec2instanceconnect ecr ecrpublic ecs efs eks eksauth elasticache elasticbeanstalk
elasticinference elasticloadbalancing elasticloadbalancingv2 elasticsearch elastictranscoder emr emrcontainers
emrserverless entityresolution eventbridge evidently evs finspace finspacedata firehose fis fms forecast forecastquery
frauddetector freetier fsx gamelift gameliftstreams geomaps geoplaces georoutes glacier globalaccelerator glue grafana
greengrass greengrassv2 groundstation guardduty health healthlake honeycode iam identitystore imagebuilder inspector
inspector2 inspectorscan internetmonitor invoicing iot iotanalytics iotdataplane iotdeviceadvisor iotevents
ioteventsdata iotfleethub iotfleetwise iotjobsdataplane iotmanagedintegrations iotsecuretunneling iotsitewise
iotthingsgraph iottwinmaker iotwireless ivs ivschat ivsrealtime kafka kafkaconnect kendra kendraranking keyspaces
keyspacesstreams kinesis kinesisanalytics kinesisanalyticsv2 kinesisvideo kinesisvideoarchivedmedia kinesisvideomedia
kinesisvideosignaling kinesisvideowebrtcstorage kms lakeformation lambda launchwizard lexmodelbuilding lexmodelsv2
lexruntime lexruntimev2 licensemanager licensemanagerlinuxsubscriptions licensemanagerusersubscriptions lightsail
location lookoutequipment lookoutmetrics lookoutvision m2 machinelearning macie2 mailmanager managedblockchain
managedblockchainquery marketplaceagreement marketplacecatalog marketplacecommerceanalytics marketplacedeployment
marketplaceentitlement marketplacemetering marketplacereporting mediaconnect mediaconvert medialive mediapackage
mediapackagev2 mediapackagevod mediastore mediastoredata mediatailor medicalimaging memorydb mgn migrationhub
migrationhubconfig migrationhuborchestrator migrationhubrefactorspaces migrationhubstrategy mpa mq mturk mwaa
mwaaserverless neptune neptunedata neptunegraph networkfirewall networkflowmonitor networkmanager networkmonitor
notifications notificationscontacts novaact oam observabilityadmin odb omics opensearch opensearchserverless opsworks
opsworkscm organizations osis outposts panorama partnercentralaccount partnercentralbenefits partnercentralchannel
partnercentralselling paymentcryptography paymentcryptographydata pcaconnectorad pcaconnectorscep pcs personalize
personalizeevents personalizeruntime pi pinpoint pinpointemail pinpointsmsvoice pinpointsmsvoicev2 pipes polly pricing
privatenetworks proton qapps qbusiness qconnect qldb qldbsession quicksight ram rbin rds rdsdata redshift redshiftdata
redshiftserverless rekognition repostspace resiliencehub resourceexplorer2 resourcegroups resourcegroupstaggingapi
robomaker rolesanywhere route53 route53domains route53globalresolver route53profiles route53recoverycluster
route53recoverycontrolconfig route53recoveryreadiness route53resolver rtbfabric rum s3 s3control s3files s3outposts
s3tables s3vectors sagemaker sagemakera2iruntime sagemakeredge sagemakerfeaturestoreruntime sagemakergeospatial
sagemakermetrics sagemakerruntime savingsplans scheduler schemas secretsmanager securityhub securityir securitylake
serverlessapplicationrepository servicecatalog servicecatalogappregistry servicediscovery servicequotas ses sesv2 sfn
shield signer signerdata signin simspaceweaver sms snowball snowdevicemanagement sns socialmessaging sqs ssm
ssmcontacts ssmguiconnect ssmincidents ssmquicksetup ssmsap sso ssoadmin ssooidc storagegateway sts supplychain support
supportapp swf synthetics taxsettings textract timestreaminfluxdb timestreamquery timestreamwrite tnb transcribe
transfer translate trustedadvisor verifiedpermissions voiceid vpclattice waf wafregional wafv2 wellarchitected wisdom
workdocs worklink workmail workmailmessageflow workspaces workspacesinstances workspacesthinclient workspacesweb
xray`.split(/\s+/),
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
  return SERVICES.has(service) && /^[a-z]/.test(action) && !unsupported?.includes(action);
}

/** Returns the names of the services that begin with the same two letters. */
function servicesLike(service: string): string[] {
  return [...SERVICES].filter((name) => name.startsWith(service.slice(0, 2)));
}
