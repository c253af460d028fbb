import { regionIn } from './format.js';

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
  /** The input of the execution or, if it began in a state, of that state. */
  readonly input: string;
  readonly startedFrom?: StartedFrom | undefined;
}

/** The state in which an execution began, and the execution from which it was taken up. */
export interface StartedFrom {
  readonly state: string;
  readonly executionArn: string;
}

/**
 * Returns an execution as its ARN, and as the commands that start another with the same input. The AWS CLI can't begin
 * in a state.
 */
export function copiesOfExecution(
  { arn, machine, input, startedFrom }: CopiedExecution,
  endpoint: string,
): Copyable[] {
  const what = startedFrom
    ? `--from ${quoted(startedFrom.state)} --of ${quoted(arn)} --input ${quoted(input)}`
    : `${quoted(machine.arn)} ${quoted(input)}`;
  return [
    { name: 'ARN', text: arn },
    { name: 'stepwright', text: `npx stepwright execute ${what} --endpoint ${quoted(endpoint)}` },
    ...(startedFrom
      ? []
      : [
          {
            name: 'AWS CLI',
            text: `aws stepfunctions start-execution --state-machine-arn ${quoted(machine.arn)} --input ${quoted(input)} --endpoint-url ${quoted(endpoint)} --region ${quoted(regionIn(arn))}`,
          },
        ]),
  ];
}
