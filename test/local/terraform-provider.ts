import * as sdk from '@aws-sdk/client-sfn';

/**
 * The calls that Terraform's AWS provider makes for a machine with an alias and an activity, and the fields of the
 * answers that it keeps in its state. From its public source: hashicorp/terraform-provider-aws, internal/service/sfn.
 */

interface Logging {
  readonly include_execution_data: boolean;
  readonly level: sdk.LogLevel;
  readonly log_destination?: string;
}

interface Encryption {
  readonly type: sdk.EncryptionType;
  readonly kms_key_id?: string;
  readonly kms_data_key_reuse_period_seconds?: number;
}

type TagMap = Readonly<Record<string, string>>;

/** The configuration that a user writes in HCL. A block that is left out is computed: no difference in it is shown in a plan. */
export interface Stack {
  readonly machine: {
    readonly name: string;
    readonly definition: string;
    readonly role_arn: string;
    readonly type: sdk.StateMachineType;
    readonly tags: TagMap;
    readonly logging_configuration?: Logging;
    readonly tracing_configuration?: { readonly enabled: boolean };
    readonly encryption_configuration?: Encryption;
  };
  readonly alias: {
    readonly name: string;
    readonly description: string;
    /** The weights of the latest version, and of the one before it. */
    readonly weights: readonly number[];
  };
  readonly activity: {
    readonly name: string;
    readonly tags: TagMap;
    readonly encryption_configuration?: Encryption;
  };
}

/** The part of the answers that the provider keeps: the attributes of the stack, and those that only the service knows. */
export interface State extends Stack {
  readonly arns: { readonly machine: string; readonly alias: string; readonly activity: string };
  readonly computed: {
    readonly revision_id: string | undefined;
    readonly status: string | undefined;
    readonly versions: readonly string[];
  };
}

/** The plan of a change: the paths of the attributes that differ. */
export function plan(wanted: Stack, state: Stack): string[] {
  return (['machine', 'alias', 'activity'] as const).flatMap((resource) =>
    Object.entries(wanted[resource]).flatMap(([attribute, value]) => {
      const kept = (state[resource] as Record<string, unknown>)[attribute];
      return JSON.stringify(sorted(kept)) === JSON.stringify(sorted(value)) ? [] : `${resource}.${attribute}`;
    }),
  );
}

const sorted = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** Before each plan that changes a definition. @throws Error where the definition is not valid */
export async function validate(client: sdk.SFNClient, { machine }: Stack): Promise<void> {
  const { definition, type } = machine;
  const { result, diagnostics } = await client.send(
    new sdk.ValidateStateMachineDefinitionCommand({ definition, type }),
  );
  if (result !== 'OK') throw new Error(JSON.stringify(diagnostics));
}

export async function create(client: sdk.SFNClient, stack: Stack): Promise<State> {
  const { machine, alias, activity } = stack;
  const made = await client.send(
    new sdk.CreateActivityCommand({
      name: activity.name,
      tags: tagList(activity.tags),
      ...settings(activity),
    }),
  );
  const { stateMachineArn = '' } = await client.send(
    new sdk.CreateStateMachineCommand({
      name: machine.name,
      definition: machine.definition,
      publish: true,
      roleArn: machine.role_arn,
      tags: tagList(machine.tags),
      type: machine.type,
      ...settings(machine),
    }),
  );
  const versions = await versionsOf(client, stateMachineArn);
  const { stateMachineAliasArn = '' } = await client.send(
    new sdk.CreateStateMachineAliasCommand({
      name: alias.name,
      description: alias.description,
      routingConfiguration: routes(alias, versions),
    }),
  );
  return refresh(client, {
    machine: stateMachineArn,
    alias: stateMachineAliasArn,
    activity: made.activityArn ?? '',
  });
}

/** Changes what differs, then reads everything. Tags are changed by calls of their own, the removed ones first. */
export async function update(client: sdk.SFNClient, state: State, stack: Stack): Promise<State> {
  const { arns } = state;
  const { machine, alias, activity } = stack;
  const changed = plan(stack, state);
  const isChanged = (attribute: string): boolean => changed.includes(attribute);
  if (changed.some((each) => each.startsWith('machine.') && each !== 'machine.tags')) {
    const differing = Object.fromEntries(
      Object.entries(machine).filter(([attribute]) => isChanged(`machine.${attribute}`)),
    );
    await client.send(
      new sdk.UpdateStateMachineCommand({
        stateMachineArn: arns.machine,
        definition: machine.definition,
        publish: true,
        roleArn: machine.role_arn,
        versionDescription: '',
        ...settings(differing),
      }),
    );
  }
  await retag(client, arns.machine, state.machine.tags, machine.tags);
  await retag(client, arns.activity, state.activity.tags, activity.tags);
  const versions = await versionsOf(client, arns.machine);
  await client.send(
    new sdk.UpdateStateMachineAliasCommand({
      stateMachineAliasArn: arns.alias,
      ...(isChanged('alias.description') && { description: alias.description }),
      routingConfiguration: routes(alias, versions),
    }),
  );
  return refresh(client, arns);
}

/** Deletes everything, and reads until the machine is no longer there. */
export async function destroy(client: sdk.SFNClient, { arns }: State): Promise<void> {
  await client.send(new sdk.DeleteStateMachineAliasCommand({ stateMachineAliasArn: arns.alias }));
  await client.send(new sdk.DeleteStateMachineCommand({ stateMachineArn: arns.machine }));
  await client.send(new sdk.DeleteActivityCommand({ activityArn: arns.activity }));
}

/** Reads the answers into a state, as each refresh does. */
export async function refresh(client: sdk.SFNClient, arns: State['arns']): Promise<State> {
  const machine = await client.send(new sdk.DescribeStateMachineCommand({ stateMachineArn: arns.machine }));
  const alias = await client.send(
    new sdk.DescribeStateMachineAliasCommand({ stateMachineAliasArn: arns.alias }),
  );
  const activity = await client.send(new sdk.DescribeActivityCommand({ activityArn: arns.activity }));
  const versions = await versionsOf(client, arns.machine);
  const { loggingConfiguration: logging, tracingConfiguration: tracing } = machine;
  const [destination] = logging?.destinations ?? [];
  const group = destination?.cloudWatchLogsLogGroup?.logGroupArn;
  return {
    arns,
    machine: {
      name: machine.name ?? '',
      definition: machine.definition ?? '',
      role_arn: machine.roleArn ?? '',
      type: machine.type ?? 'EXPRESS',
      tags: await tagsOf(client, arns.machine),
      logging_configuration: {
        include_execution_data: logging?.includeExecutionData ?? false,
        level: logging?.level ?? 'OFF',
        ...(group !== undefined && { log_destination: group }),
      },
      tracing_configuration: { enabled: tracing?.enabled ?? false },
      encryption_configuration: flatten(machine.encryptionConfiguration),
    },
    alias: {
      name: alias.name ?? '',
      description: alias.description ?? '',
      weights: weightsOf(alias.routingConfiguration, versions),
    },
    activity: {
      name: activity.name ?? '',
      tags: await tagsOf(client, arns.activity),
      encryption_configuration: flatten(activity.encryptionConfiguration),
    },
    computed: { revision_id: machine.revisionId, status: machine.status, versions },
  };
}

type Settings = Pick<
  sdk.CreateStateMachineInput,
  'loggingConfiguration' | 'tracingConfiguration' | 'encryptionConfiguration'
>;

/** Returns the settings of a resource as they are sent. A value that is not set is left out. */
function settings({
  logging_configuration: logging,
  tracing_configuration: tracing,
  encryption_configuration: encryption,
}: Partial<Stack['machine']>): Settings {
  const logGroupArn = logging?.log_destination;
  return {
    ...(logging && {
      loggingConfiguration: {
        includeExecutionData: logging.include_execution_data,
        level: logging.level,
        ...(logGroupArn !== undefined && { destinations: [{ cloudWatchLogsLogGroup: { logGroupArn } }] }),
      },
    }),
    ...(tracing && { tracingConfiguration: tracing }),
    ...(encryption && {
      encryptionConfiguration: {
        type: encryption.type,
        kmsKeyId: encryption.kms_key_id,
        kmsDataKeyReusePeriodSeconds: encryption.kms_data_key_reuse_period_seconds,
      },
    }),
  };
}

function flatten(given: sdk.EncryptionConfiguration | undefined): Encryption {
  const { type = 'AWS_OWNED_KEY', kmsKeyId, kmsDataKeyReusePeriodSeconds: seconds } = given ?? {};
  return {
    type,
    ...(kmsKeyId !== undefined && { kms_key_id: kmsKeyId }),
    ...(seconds !== undefined && { kms_data_key_reuse_period_seconds: seconds }),
  };
}

/** Returns the ARNs of the versions. The provider takes the first one for the latest. */
async function versionsOf(client: sdk.SFNClient, stateMachineArn: string): Promise<string[]> {
  const { stateMachineVersions = [] } = await client.send(
    new sdk.ListStateMachineVersionsCommand({ stateMachineArn }),
  );
  return stateMachineVersions.map(({ stateMachineVersionArn = '' }) => stateMachineVersionArn);
}

const routes = (
  { weights }: Stack['alias'],
  versions: readonly string[],
): sdk.RoutingConfigurationListItem[] =>
  weights.map((weight, i) => ({ stateMachineVersionArn: versions[i] ?? 'none', weight }));

/** Returns the weights in their order; 'none' stands for a route that leads elsewhere. */
const weightsOf = (
  given: sdk.RoutingConfigurationListItem[] | undefined,
  versions: readonly string[],
): number[] =>
  (given ?? []).map(({ stateMachineVersionArn, weight = NaN }, i) =>
    stateMachineVersionArn === versions[i] ? weight : NaN,
  );

const tagList = (tags: TagMap): sdk.Tag[] => Object.entries(tags).map(([key, value]) => ({ key, value }));

async function tagsOf(client: sdk.SFNClient, resourceArn: string): Promise<TagMap> {
  const { tags = [] } = await client.send(new sdk.ListTagsForResourceCommand({ resourceArn }));
  return Object.fromEntries(tags.map(({ key = '', value = '' }) => [key, value]));
}

async function retag(client: sdk.SFNClient, resourceArn: string, old: TagMap, now: TagMap): Promise<void> {
  const tagKeys = Object.keys(old).filter((key) => !(key in now));
  if (tagKeys.length > 0) await client.send(new sdk.UntagResourceCommand({ resourceArn, tagKeys }));
  const tags = tagList(now).filter(({ key = '', value }) => old[key] !== value);
  if (tags.length > 0) await client.send(new sdk.TagResourceCommand({ resourceArn, tags }));
}
