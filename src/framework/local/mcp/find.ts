import { meantName, proposal } from '../../base/show.js';
import type { Execution } from '../engine/execution.js';
import type { Machine } from '../engine/machines/machine.js';
import type { StepFunctions } from '../engine/step-functions.js';
import { ToolError } from './tool.js';

/** The most names in a message. */
const NAMED = 20;

interface Resource {
  readonly arn: string;
  readonly name: string;
}

/** @throws ToolError if no machine has this name or ARN, or several have the name */
export const findMachine = ({ machines }: StepFunctions, given: string): Machine =>
  machines.find(given) ?? theOne('state machine', given, machines.all(), 'save_machine creates one');

/** @throws ToolError if no activity has this name or ARN, or several have the name */
export const findActivity = ({ activities }: StepFunctions, given: string): Resource =>
  theOne('activity', given, activities.all(), 'create_activity creates one');

/** @throws ToolError if no execution has this name or ARN, or several have the name */
export function findExecution({ executions }: StepFunctions, given: string): Execution {
  return theOne(
    'execution',
    given,
    [...executions.startedAfter(0)],
    'start_execution starts one, and the service forgets the oldest finished ones',
  );
}

function theOne<T extends Resource>(kind: string, given: string, all: readonly T[], otherwise: string): T {
  const found = all.filter(({ arn, name }) => arn === given || name === given);
  const [one, ...others] = found;
  if (one && others.length === 0) return one;
  if (one) throw new ToolError(`several have the name '${given}': give one of the ARNs ${listed(found)}`);
  if (all.length === 0) throw new ToolError(`there is no ${kind} '${given}', and no other: ${otherwise}`);
  const named = given.startsWith('arn:') ? all.map(({ arn }) => arn) : all.map(({ name }) => name);
  const close = meantName(given, named);
  const fix = close === undefined ? `there are ${named.slice(0, NAMED).join(', ')}` : proposal(close);
  throw new ToolError(`there is no ${kind} '${given}': ${fix}`);
}

const listed = (found: readonly Resource[]): string =>
  found
    .slice(0, NAMED)
    .map(({ arn }) => arn)
    .join(', ');
