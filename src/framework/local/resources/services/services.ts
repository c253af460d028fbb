import { packageNameOf, parseServiceArn } from '../../../asl/definition/service-resource.js';
import type { CallTarget, ResourceAnswer, SubmittedTask } from '../../../asl/runtime/resource.js';
import { parseArn } from '../../../asl/values/arn.js';
import { isObject, type Json, type JsonObject, parseJson } from '../../../asl/values/json.js';
import type { CallTaker } from '../resource-list.js';
import { sdkMetadata, sorted } from '../sdk-spelling.js';
import { failedWith, optimisedFailure, prefixOf, sdkFailure, unreachable } from '../service-failure.js';
import { type SdkModule, type SdkPackages, ServiceClient, type ServiceResponse } from './service-client.js';
import { NotSupported } from './shape.js';

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
  /** The client of the AWS SDK for the service, such as `@aws-sdk/client-secrets-manager`. */
  readonly package: string;
  /** The variable of the environment that has the endpoint of this service alone, for all SDKs of AWS. */
  readonly variable: string;
}

/** The optimised integrations that aren't calls of a service's API. */
const OTHERS = ['http', 'apigateway', 'lambda'];

function calledBy(arn: string): Called | undefined {
  const { details, pattern } = parseServiceArn(arn) ?? {};
  // The end of a job is known only to the optimised integration of its service.
  if (!details || pattern === 'runJob') return undefined;
  const [, sdk, service = ''] = /^(aws-sdk:)?(.*)$/.exec(details.resourceType) ?? [];
  const isSdk = sdk !== undefined;
  if (!isSdk && OTHERS.includes(service)) return undefined;
  const [action = ''] = details.resource.split('.');
  // Behind `aws-sdk:`, bedrock is another service.
  const own = isSdk && service === 'bedrock' ? undefined : RENAMED[service];
  const name = own ?? packageNameOf(service);
  return {
    service,
    action,
    isSdk,
    package: `@aws-sdk/client-${name}`,
    variable: `AWS_ENDPOINT_URL_${name.replaceAll('-', '_').toUpperCase()}`,
  };
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
    if (!called || this.#endpointOf(called) === undefined) return false;
    return this.packages?.has(called.package) === true;
  }

  fix({ resource }: CallTarget): string | undefined {
    const called = calledBy(resource);
    if (!called || !this.packages) return undefined;
    if (this.#endpointOf(called) !== undefined)
      return `install the client of the service: npm install --save-dev ${called.package}`;
    const folders = called.service === 's3' ? " (the folders of 's3' are for Distributed Maps alone)" : '';
    return `set ${called.variable} to the URL of an emulator${folders}`;
  }

  close(): void {
    for (const client of this.#clients.values()) void client.then((each) => each.destroy()).catch(() => {});
  }

  #endpointOf({ variable }: Called): string | undefined {
    return endpointIn(this.env, variable);
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
      const parameters = isSdk ? withType(called, input) : prepared(service, input, task);
      const response = await client.call(action, parameters, cut);
      if ('fault' in response)
        return isSdk ? sdkFailure(prefix, response.fault) : optimisedFailure(service, response.fault);
      return isSdk ? succeeded(response.output) : optimisedAnswer(service, response);
    } catch (error) {
      // AWS refuses such a definition.
      if (error instanceof NotSupported) return failedWith('States.Runtime', error.message);
      return unreachable(`${prefix}.SdkClientException`, error);
    }
  }

  #clientOf(called: Called, region: string): Promise<ServiceClient> {
    const { package: name } = called;
    const key = `${name} ${region}`;
    let client = this.#clients.get(key);
    if (!client) {
      const loading = this.packages?.load(name) ?? Promise.reject(new Error(`nothing loads ${name}`));
      client = loading.then(
        (module) => new ServiceClient(module as SdkModule, this.#endpointOf(called) ?? '', region),
      );
      this.#clients.set(key, client);
    }
    return client;
  }
}

const succeeded = (output: Json): ResourceAnswer => ({ kind: 'succeeded', output: JSON.stringify(output) });

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
