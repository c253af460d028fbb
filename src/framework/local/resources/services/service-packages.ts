/** The packages of the AWS SDK whose names have hyphens, without `@aws-sdk/client-`. All others are named as Step Functions names the service. */
const HYPHENATED =
  `acm-pca api-gateway app-mesh application-auto-scaling application-insights application-signals auto-scaling
auto-scaling-plans backup-gateway backup-search bcm-dashboards bcm-data-exports bcm-pricing-calculator
bcm-recommended-actions bedrock-agent bedrock-agent-runtime bedrock-agentcore bedrock-agentcore-control
bedrock-data-automation bedrock-data-automation-runtime bedrock-runtime chime-sdk-identity
chime-sdk-media-pipelines chime-sdk-meetings chime-sdk-messaging chime-sdk-voice cloudfront-keyvaluestore
cloudhsm-v2 cloudsearch-domain cloudtrail-data cloudwatch-events cloudwatch-logs codeguru-reviewer
codestar-connections codestar-notifications cognito-identity cognito-identity-provider cognito-sync
compute-optimizer connect-contact-lens cost-explorer cost-optimization-hub customer-profiles data-pipeline
device-farm devops-guru direct-connect directory-service-data docdb-elastic dynamodb-streams
ec2-instance-connect ecr-public eks-auth elastic-beanstalk elastic-inference elastic-load-balancing
elastic-load-balancing-v2 elastic-transcoder emr-containers emr-serverless finspace-data geo-maps geo-places
geo-routes global-accelerator inspector-scan iot-data-plane iot-events iot-events-data iot-jobs-data-plane
iot-wireless ivs-realtime kendra-ranking kinesis-analytics kinesis-analytics-v2 kinesis-video
kinesis-video-archived-media kinesis-video-media kinesis-video-signaling kinesis-video-webrtc-storage
launch-wizard lex-models-v2 lex-runtime-v2 license-manager license-manager-linux-subscriptions
license-manager-user-subscriptions machine-learning managedblockchain-query marketplace-agreement
marketplace-catalog marketplace-commerce-analytics marketplace-deployment marketplace-metering
marketplace-reporting mediapackage-vod mediastore-data medical-imaging migration-hub
migration-hub-refactor-spaces migrationhub-config neptune-graph network-firewall partnercentral-account
partnercentral-benefits partnercentral-channel partnercentral-selling payment-cryptography
payment-cryptography-data pca-connector-ad pca-connector-scep personalize-events personalize-runtime
pinpoint-email pinpoint-sms-voice pinpoint-sms-voice-v2 qldb-session rds-data redshift-data redshift-serverless
resource-explorer-2 resource-groups resource-groups-tagging-api route-53 route-53-domains
route53-recovery-cluster route53-recovery-control-config route53-recovery-readiness s3-control
sagemaker-a2i-runtime sagemaker-edge sagemaker-featurestore-runtime sagemaker-geospatial sagemaker-metrics
sagemaker-runtime secrets-manager security-ir service-catalog service-catalog-appregistry service-quotas
signer-data snow-device-management ssm-contacts ssm-guiconnect ssm-incidents ssm-quicksetup ssm-sap sso-admin
sso-oidc storage-gateway support-app timestream-influxdb timestream-query timestream-write voice-id vpc-lattice
waf-regional workspaces-instances workspaces-thin-client workspaces-web`.split(/\s+/);

/** The packages that are named otherwise than Step Functions names the service, by its name there. */
const RENAMED: Readonly<Record<string, string>> = {
  applicationdiscovery: 'application-discovery-service',
  bedrock: 'bedrock-runtime',
  config: 'config-service',
  costandusagereport: 'cost-and-usage-report-service',
  databasemigration: 'database-migration-service',
  directory: 'directory-service',
  elasticmapreduce: 'emr',
  elasticsearch: 'elasticsearch-service',
  events: 'eventbridge',
  lexmodelbuilding: 'lex-model-building-service',
  lexruntime: 'lex-runtime-service',
  marketplaceentitlement: 'marketplace-entitlement-service',
};

const BY_SERVICE = new Map(HYPHENATED.map((name) => [name.replaceAll('-', ''), name]));

/** The client of the AWS SDK for a service. */
export interface ServicePackage {
  /** The name of the package, such as `@aws-sdk/client-secrets-manager`. */
  readonly name: string;
  /** The variable of the environment that has the endpoint of this service alone, for all SDKs of AWS. */
  readonly endpointVariable: string;
}

/**
 * Returns the package for a service.
 * @param service the service as Step Functions names it: in an optimised integration, or behind `aws-sdk:`
 * @param isSdk true behind `aws-sdk:`, where `bedrock` is another service
 */
export function packageOf(service: string, isSdk: boolean): ServicePackage {
  const own = isSdk && service === 'bedrock' ? undefined : RENAMED[service];
  const name = own ?? BY_SERVICE.get(service) ?? service;
  return {
    name: `@aws-sdk/client-${name}`,
    endpointVariable: `AWS_ENDPOINT_URL_${name.replaceAll('-', '_').toUpperCase()}`,
  };
}
