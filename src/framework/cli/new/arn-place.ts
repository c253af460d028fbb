/** The region and the account of the ARNs that `new` and `generate` write. */
export interface ArnPlace {
  readonly region: string;
  readonly account: string;
}

/** The region and account in the templates. The account doesn't exist; the local service uses it too. */
export const TEMPLATE_PLACE: ArnPlace = { region: 'us-east-1', account: '123456789012' };

const REGION = /^[a-z]{2,}(-[a-z]+)+-\d$/;
const ACCOUNT = /^\d{12}$/;

/** The region and account that a user asks for, as far as given: by flags, by the project, or by the environment. */
export type GivenPlace = Partial<ArnPlace>;

/** Returns the region and account that the environment variables of AWS's own tools name. */
export const placeIn = (env: NodeJS.ProcessEnv): GivenPlace => ({
  region: env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'],
  account: env['AWS_ACCOUNT_ID'] ?? env['CDK_DEFAULT_ACCOUNT'],
});

/**
 * Returns the first region and the first account that are given.
 * @param flags those of the command line
 * @throws Error if a flag has a value that is no region or no account. Other values that are none are ignored
 */
export function choosePlace(flags: GivenPlace, others: readonly GivenPlace[]): ArnPlace {
  if (flags.region !== undefined && !REGION.test(flags.region))
    throw new Error(`--region: expected a region of AWS such as eu-west-1, got '${flags.region}'`);
  if (flags.account !== undefined && !ACCOUNT.test(flags.account))
    throw new Error(`--account: expected the 12 digits of an account of AWS, got '${flags.account}'`);
  const all = [flags, ...others];
  const region = all.find((each) => each.region !== undefined && REGION.test(each.region))?.region;
  const account = all.find((each) => each.account !== undefined && ACCOUNT.test(each.account))?.account;
  return { region: region ?? TEMPLATE_PLACE.region, account: account ?? TEMPLATE_PLACE.account };
}

/** Returns the beginning of the ARN of every activity in a region and account. */
export const activityPrefix = ({ region, account }: ArnPlace): string =>
  `arn:${partitionOf(region)}:states:${region}:${account}:activity:`;

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
