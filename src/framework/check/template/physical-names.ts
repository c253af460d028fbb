/** The partition, region and account of the stack, with the name of a resource. */
export interface ResourceHome {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

/**
 * The part of an ARN after `arn:PARTITION:`, by the type of a resource. That of other types is
 * `service:REGION:ACCOUNT:kind-of-resource/NAME`.
 */
const ARNS: Readonly<Record<string, string>> = {
  'AWS::Lambda::Function': 'lambda:REGION:ACCOUNT:function:NAME',
  'AWS::Serverless::Function': 'lambda:REGION:ACCOUNT:function:NAME',
  'AWS::StepFunctions::StateMachine': 'states:REGION:ACCOUNT:stateMachine:NAME',
  'AWS::Serverless::StateMachine': 'states:REGION:ACCOUNT:stateMachine:NAME',
  'AWS::StepFunctions::Activity': 'states:REGION:ACCOUNT:activity:NAME',
  'AWS::SQS::Queue': 'sqs:REGION:ACCOUNT:NAME',
  'AWS::SNS::Topic': 'sns:REGION:ACCOUNT:NAME',
  'AWS::S3::Bucket': 's3:::NAME',
  'AWS::DynamoDB::GlobalTable': 'dynamodb:REGION:ACCOUNT:table/NAME',
  'AWS::Serverless::SimpleTable': 'dynamodb:REGION:ACCOUNT:table/NAME',
  'AWS::IAM::Role': 'iam::ACCOUNT:role/NAME',
  'AWS::SecretsManager::Secret': 'secretsmanager:REGION:ACCOUNT:secret:NAME',
  'AWS::Logs::LogGroup': 'logs:REGION:ACCOUNT:log-group:NAME:*',
};

/** The types of resources whose `Ref` is their ARN. For other types it is their name. */
const REF_IS_ARN = /::(StateMachine|Activity|Topic|TaskDefinition|JobQueue|JobDefinition|Secret)$/;

/** Returns the ARN that a resource may have once it is deployed. */
export function arnOf(type: string, name: string, { partition, region, account }: ResourceHome): string {
  const [, service = 'service', kind = 'resource'] = type.split('::');
  const kebab = kind.replaceAll(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase();
  const version = kind.endsWith('Definition') ? ':1' : '';
  const rest = ARNS[type] ?? `${service.toLowerCase()}:REGION:ACCOUNT:${kebab}/NAME${version}`;
  const filled = rest.replace('REGION', region).replace('ACCOUNT', account);
  return `arn:${partition}:${filled.replace('NAME', () => name)}`;
}

/** Returns the value that `Ref` may have for a resource once it is deployed. */
export function refOf(type: string, name: string, home: ResourceHome): string {
  if (type === 'AWS::SQS::Queue') return `https://sqs.${home.region}.amazonaws.com/${home.account}/${name}`;
  if (type === 'AWS::S3::Bucket') return name.toLowerCase();
  return REF_IS_ARN.test(type) ? arnOf(type, name, home) : name;
}

/** Returns the value that an attribute of a resource may have once it is deployed. */
export function attributeOf(type: string, name: string, attribute: string, home: ResourceHome): string {
  if (/Arn$/.test(attribute)) return arnOf(type, name, home);
  if (/(^|[a-z])Name$/.test(attribute)) return name;
  if (attribute === 'QueueUrl') return refOf(type, name, home);
  return `${name}-${attribute.replaceAll('.', '-')}`;
}

/** Returns the properties that may contain the name of a resource of a type, the likeliest first. */
export function namePropertiesOf(type: string): readonly string[] {
  const own = type.split('::').at(-1) ?? '';
  return [`${own}Name`, 'Name', 'TableName'];
}
