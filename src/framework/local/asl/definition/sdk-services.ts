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
export function isSdkAction(service: string, action: string): boolean {
  const unsupported = Object.hasOwn(UNSUPPORTED, service) ? UNSUPPORTED[service] : undefined;
  return SERVICES.has(service) && /^[a-z]/.test(action) && !unsupported?.includes(action);
}

/** Returns the names of the services that begin with the same two letters. */
export function servicesLike(service: string): string[] {
  return [...SERVICES].filter((name) => name.startsWith(service.slice(0, 2)));
}
