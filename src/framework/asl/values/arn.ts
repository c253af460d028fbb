/**
 * The AWS account in the ARN of a resource that is created by an API request. A machine that is created in code, and
 * uses no activities, gets it too.
 */
export const LOCAL_ACCOUNT = '123456789012';

export type ResourceKind = 'activity' | 'stateMachine' | 'execution' | 'mapRun';

/** The parts of the ARN of a Step Functions resource. For an execution, `name` is `machine:execution`. */
export interface StatesArn {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  readonly kind: string;
  readonly name: string;
}

const STATES_ARN = /^arn:(aws[a-z-]*):states:([a-z0-9-]+):(\d{12}):([a-zA-Z]+):(.+)$/;

/** Parses an ARN of Step Functions; returns undefined for any other text. */
export function parseArn(text: string): StatesArn | undefined {
  const match = STATES_ARN.exec(text);
  if (!match) return undefined;
  const [, partition = '', region = '', account = '', kind = '', name = ''] = match;
  return { partition, region, account, kind, name };
}

export function formatArn({ partition, region, account, kind, name }: StatesArn): string {
  return `arn:${partition}:states:${region}:${account}:${kind}:${name}`;
}

export function isActivityArn(text: string): boolean {
  return parseArn(text)?.kind === 'activity';
}

/** Returns the partition of a region: `aws`, `aws-cn` or `aws-us-gov`. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  return 'aws';
}
