import { packageNameOf, parseServiceArn } from '../../asl/definition/service-resource.js';
import type { CallTarget, ResourceAnswer, SubmittedTask } from '../../asl/runtime/resource.js';
import { parseArn } from '../../asl/values/arn.js';
import { isObject, type Json, type JsonObject, parseJson } from '../../asl/values/json.js';
import type { CallTaker } from '../resource-list.js';
import { sdkMetadata, sorted } from '../sdk-spelling.js';
import { optimisedFailure, prefixOf, sdkFailure, unreachable } from '../service-failure.js';
import { type SdkPackages, ServiceClient, type ServiceResponse } from './service-client.js';

/** The variables of the environment that say where services are. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the endpoint of a service in the environment, as AWS's SDKs read it; undefined if there is none. */
export const endpointIn = (env: Environment, variable: string): string | undefined =>
  env[variable] || env['AWS_ENDPOINT_URL'] || undefined;

/** A call of a service by its optimised integration, or by that of the SDK. */
interface Called {
  readonly service: string;
  readonly action: string;
  readonly isSdk: boolean;
  readonly package: ServicePackage;
}

/** The optimised integrations that aren't calls of a service's API. */
const OTHERS = ['http', 'apigateway', 'lambda'];

function calledBy(arn: string): Called | undefined {
  const { details, pattern } = parseServiceArn(arn) ?? {};
  // The end of a job is known only to the optimised integration of its service.
  if (!details || pattern === 'runJob') return undefined;
  const [, isSdk, service = ''] = /^(aws-sdk:)?(.*)$/.exec(details.resourceType) ?? [];
  if (isSdk === undefined && OTHERS.includes(service)) return undefined;
  const [action = ''] = details.resource.split('.');
  return { service, action, isSdk: isSdk !== undefined, package: packageOf(service, isSdk !== undefined) };
}

/**
 * Calls AWS services by the clients of the user's own AWS SDK, at the endpoints that the environment has for them. A
 * service without an endpoint isn't called.
 */
export class Services implements CallTaker {
  readonly #clients = new Map<string, Promise<ServiceClient>>();

  constructor(
    private readonly packages: SdkPackages | undefined,
    private readonly env: Environment,
  ) {}

  takes({ resource }: CallTarget): boolean {
    const called = calledBy(resource);
    return (
      called !== undefined &&
      this.#endpointOf(called) !== undefined &&
      this.packages?.has(called.package.name) === true
    );
  }

  fix({ resource }: CallTarget): string | undefined {
    const called = calledBy(resource);
    if (!called || !this.packages) return undefined;
    const { name, endpointVariable } = called.package;
    return this.#endpointOf(called) === undefined
      ? `set ${endpointVariable} to the URL of an emulator`
      : `install the client of the service: npm install --save-dev ${name}`;
  }

  close(): void {
    for (const client of this.#clients.values())
      void client.then(
        (each) => each.destroy(),
        () => {},
      );
  }

  #endpointOf({ package: { endpointVariable } }: Called): string | undefined {
    return endpointIn(this.env, endpointVariable);
  }

  async answer(task: SubmittedTask, given: Json, cut: AbortSignal): Promise<ResourceAnswer> {
    const input = isObject(given) ? given : {};
    const called = calledBy(task.call.resource);
    if (!called) throw new Error(`${task.call.resource} calls no service`);
    const { service, action, isSdk } = called;
    let prefix = prefixOf(service);
    try {
      const client = await this.#clientOf(called, parseArn(task.execution.arn)?.region ?? 'us-east-1');
      if (isSdk) prefix = client.name;
      if (!client.has(action)) return noAction(called);
      const parameters = isSdk ? withType(called, input) : prepared(service, input, task);
      const response = await client.call(action, parameters, cut);
      if ('fault' in response)
        return isSdk ? sdkFailure(prefix, response.fault) : optimisedFailure(service, response.fault);
      return isSdk ? succeeded(response.output) : optimisedAnswer(service, response);
    } catch (error) {
      return unreachable(`${prefix}.SdkClientException`, error);
    }
  }

  #clientOf(called: Called, region: string): Promise<ServiceClient> {
    const { name } = called.package;
    const endpoint = this.#endpointOf(called) ?? '';
    const key = [name, endpoint, region].join(' ');
    let client = this.#clients.get(key);
    if (!client) {
      const loading = this.packages?.load(name) ?? Promise.reject(new Error(`nothing loads ${name}`));
      client = loading.then(
        (module) => new ServiceClient(module as Record<string, unknown>, endpoint, region),
      );
      this.#clients.set(key, client);
    }
    return client;
  }
}

const succeeded = (output: Json): ResourceAnswer => ({ kind: 'succeeded', output: JSON.stringify(output) });

/** AWS refuses such a definition. The actions of services are known here only from the SDK. */
const noAction = ({ service, action, package: { name } }: Called): ResourceAnswer => ({
  kind: 'failed',
  error: 'States.Runtime',
  cause: `The service '${service}' has no action '${action}' in ${name}.`,
});

/** Recorded from the live service: an object that a Task puts into S3 is text. */
const withType = ({ service, action }: Called, input: JsonObject): JsonObject =>
  service === 's3' && action === 'putObject' ? { ContentType: 'text/plain; charset=UTF-8', ...input } : input;

/** Returns the parameters of an optimised integration as the API takes them. */
function prepared(service: string, input: JsonObject, { execution }: SubmittedTask): JsonObject {
  if (service === 'bedrock') return { ContentType: 'application/json', Accept: '*/*', ...input };
  const { Entries: entries } = input;
  if (service !== 'events' || !Array.isArray(entries)) return input;
  // Recorded from the live service: each event names the execution that has sent it.
  const { Execution, StateMachine } = execution.context;
  const senders = [idIn(StateMachine), idIn(Execution)];
  const withSenders = (entry: Json): Json => {
    if (!isObject(entry)) return entry;
    const { Resources: resources } = entry;
    return { ...entry, Resources: [...(Array.isArray(resources) ? resources : []), ...senders] };
  };
  return { ...input, Entries: entries.map(withSenders) };
}

const idIn = (value: Json | undefined): Json => (isObject(value) ? (value['Id'] ?? '') : '');

/** Returns the result of an optimised integration, which adds to the response of the API what the SDK knows of it. */
function optimisedAnswer(
  service: string,
  { output, status, headers, requestId }: Extract<ServiceResponse, { readonly output: Json }>,
): ResourceAnswer {
  const members = isObject(output) ? output : {};
  if (service === 'events')
    return members['FailedEntryCount'] === 0
      ? succeeded(members)
      : { kind: 'failed', error: 'EventBridge.FailedEntry', cause: JSON.stringify(members) };
  if (service === 'bedrock') {
    const { Body: body, ContentType: type } = members;
    return succeeded({
      Body: typeof body === 'string' ? (parseJson(body) ?? body) : {},
      ContentType: type ?? '',
    });
  }
  const metadata = sdkMetadata(status, headers, requestId) as JsonObject;
  return succeeded(sorted(Object.entries({ ...members, ...metadata })));
}

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
