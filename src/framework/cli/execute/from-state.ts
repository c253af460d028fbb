import { START_FROM } from '../../base/local-protocol.js';
import { systemClock } from '../../base/time/clock.js';
import type { Endpoint } from '../../aws/endpoint.js';
import type { SFNClient } from '../../aws/queries/execution-queries.js';
import { findMachine } from '../../aws/queries/machine-queries.js';
import { callOwnOperation } from '../local/own-operation.js';

/** The flags of `stepwright execute` for an execution that begins in a state. */
export interface FromFlags {
  readonly from?: string | undefined;
  readonly of?: string | undefined;
  readonly input?: string | undefined;
}

/** The state in which an execution begins. */
export interface FromState {
  readonly state: string;
  /** The ARN of the earlier execution from which the variables are taken; its name if the machine is given too. */
  readonly of: string;
}

/**
 * Reads the flags for an execution that begins in a state.
 * @param machine the machine on the command line; undefined if there is none
 * @returns undefined if the execution begins in the machine's first state
 * @throws Error if one of the flags is missing, or doesn't go with the arguments
 */
export function readFrom(
  machine: string | undefined,
  typed: string | undefined,
  { from, of, input }: FromFlags,
): FromState | undefined {
  if (from === undefined) {
    if (of !== undefined) throw new Error(`--of needs --from STATE: ${USAGE}`);
    if (input !== undefined) throw new Error(`--input needs --from STATE. Without it: execute MACHINE INPUT`);
    if (machine === undefined) throw new Error('a machine is missing: execute MACHINE INPUT');
    return undefined;
  }
  if (of === undefined) throw new Error(`--from needs the execution to go on from: ${USAGE}`);
  if (typed !== undefined) throw new Error(`the input of a state is given by --input: ${USAGE}`);
  if (of.startsWith('arn:') && machine !== undefined)
    throw new Error(`--of has the execution's ARN, so the machine '${machine}' is too much: ${USAGE}`);
  if (!of.startsWith('arn:') && machine === undefined)
    throw new Error(`'${of}' is no ARN: execute MACHINE --from STATE --of NAME, or ${USAGE}`);
  return { state: from, of };
}

const USAGE = 'execute --from STATE --of EXECUTION_ARN [--input JSON]';

/**
 * Starts an execution in a state. Only the local service can do this.
 * @param machine the machine if only the name of the earlier execution is given
 * @returns the ARN of the new execution
 */
export async function startFromState(
  { client, endpoint, machine }: { client: SFNClient; endpoint: Endpoint; machine: string | undefined },
  { of, state }: FromState,
  input: string | undefined,
): Promise<string> {
  if (endpoint.kind === 'aws')
    throw new Error(
      '--from works at the local service only: AWS goes on in the state that failed (aws stepfunctions redrive-execution)',
    );
  const arn = machine === undefined ? undefined : await findMachine(client, machine, systemClock);
  const executionArn = arn === undefined ? of : `${arn.replace(':stateMachine:', ':execution:')}:${of}`;
  const body = { executionArn, state, input };
  const started = await callOwnOperation<{ readonly executionArn: string }>(endpoint, START_FROM, body);
  return started.executionArn;
}
