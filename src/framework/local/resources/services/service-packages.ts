import { packageNameOf } from '../../asl/definition/service-resource.js';

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
  const name = own ?? packageNameOf(service);
  return {
    name: `@aws-sdk/client-${name}`,
    endpointVariable: `AWS_ENDPOINT_URL_${name.replaceAll('-', '_').toUpperCase()}`,
  };
}
