/** Quotes a text for a POSIX shell: whatever it contains, the shell passes it on as one argument. */
export const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** A text that can be copied, and what it is. */
export interface Copyable {
  readonly name: string;
  readonly text: string;
}

interface CopiedExecution {
  readonly arn: string;
  readonly machine: { readonly arn: string };
  readonly input: string;
}

/** The region in an ARN, without which the AWS CLI may ask for one. */
const regionOf = (arn: string): string => arn.split(':')[3] ?? '';

/** Returns an execution as its ARN, and as the commands that start another with the same input. */
export function copiesOfExecution({ arn, machine, input }: CopiedExecution, endpoint: string): Copyable[] {
  return [
    { name: 'ARN', text: arn },
    {
      name: 'stepwright',
      text: `npx stepwright execute ${quoted(machine.arn)} ${quoted(input)} --endpoint ${quoted(endpoint)}`,
    },
    {
      name: 'AWS CLI',
      text: `aws stepfunctions start-execution --state-machine-arn ${quoted(machine.arn)} --input ${quoted(input)} --endpoint-url ${quoted(endpoint)} --region ${quoted(regionOf(arn))}`,
    },
  ];
}
