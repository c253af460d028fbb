import { localRole } from '../../base/local-protocol.js';
import { kindOf } from '../../asl/kinds.js';
import { compileMachine, compileTested, DefinitionError, type Program } from '../../asl/machine.js';
import { homeRegion } from '../console/queries.js';
import type { StepFunctions } from '../engine/step-functions.js';
import { excerpt, FROM, SAME_CALL, tool, type Tool, type ToolCall, ToolError } from './tool.js';
import { findMachine } from './find.js';

/** The role of machines and tests. The local service doesn't use it. */
export const ROLE = localRole();
export const DEFINITION = 'Amazon States Language: a JSON object, or text that is JSON';

export const definitionTools: readonly Tool[] = [
  tool(
    'validate_definition',
    'Returns every mistake in a definition, and the warnings of save_machine, each with its path. Creates nothing.',
    { definition: { description: DEFINITION, required: true }, from: FROM },
    async ({ definition, from }, parts) => {
      const found = await diagnostics(definition, parts);
      const isValid = !found.some((line) => line.startsWith('error'));
      const warnings = isValid
        ? missingActivities(compileMachine(definition).tasks, parts.stepFunctions)
        : [];
      const lines = [...(isValid ? ['The definition is valid.'] : []), ...found, ...warnings];
      return excerpt(lines, { from, again: SAME_CALL });
    },
    'reads',
  ),
  tool(
    'test_state',
    'Runs one state with an input, without an execution, and returns each step of its data flow, its output or error, and the next state. A Task, a Map and a Parallel need a mock: `result`, or `error`.',
    {
      definition: { description: `${DEFINITION}, of one state or of a whole machine` },
      machine: { type: 'string', description: 'Instead of `definition`: name or ARN of a state machine' },
      state: { type: 'string', description: 'Name of the state, if the definition is a machine' },
      input: { description: 'Input of the state. JSON. Default: {}' },
      result: { description: 'Mock: JSON that the task returns; of a Map or Parallel the list of results' },
      error: { type: 'string', description: 'Mock: name of the error with which the task fails' },
      cause: { type: 'string', description: 'Mock: cause of the error' },
      variables: { description: 'Variables that the state can read. A JSON object' },
      context: { description: 'The context object. A JSON object' },
      retries: { type: 'integer', description: 'Number of retries that were made before. Default: 0' },
      from: FROM,
    },
    async ({ definition, machine, state, result, error, cause, retries, from, ...others }, parts) => {
      if ((definition === undefined) === (machine === undefined))
        throw new ToolError("give 'definition' or 'machine'");
      if (result !== undefined && error !== undefined)
        throw new ToolError("give 'result' or 'error', not both");
      if (cause !== undefined && error === undefined) throw new ToolError("'cause' needs 'error'");
      const failure = error !== undefined && {
        mock: { errorOutput: { error, ...(cause !== undefined && { cause }) } },
      };
      const source = definition ?? findMachine(parts.stepFunctions, machine ?? '').definition;
      if (result === undefined && error === undefined) checkNeedsNoMock(source, state);
      const request = {
        definition: source,
        ...(state !== undefined && { stateName: state }),
        ...Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined)),
        roleArn: ROLE,
        inspectionLevel: 'DEBUG',
        ...(result !== undefined && { mock: { result } }),
        ...failure,
        ...(retries !== undefined && { stateConfiguration: { retrierRetryCount: retries } }),
      };
      const answer = await parts.call<object>('TestState', request);
      return excerpt(JSON.stringify(answer, undefined, 1), { from, again: SAME_CALL });
    },
  ),
];

/** @throws ToolError if the state is one whose work a test can't do. A mistake in the definition is found by the test */
function checkNeedsNoMock(definition: string, name: string | undefined): void {
  const type = typeOf(definition, name);
  const kind = kindOf(type);
  if (!kind?.mock) return;
  const [result, what] = kind.calls ? ['that it returns', 'task'] : ['a list of results', 'work'];
  throw new ToolError(
    `the state${name === undefined ? '' : ` '${name}'`} is a ${String(type)}, and a test doesn't do its ${what}: give a mock, as 'result' (JSON ${result}) or 'error' (the name of the error with which it fails)`,
  );
}

function typeOf(definition: string, name: string | undefined): unknown {
  try {
    return compileTested(definition, name)?.source['Type'];
  } catch (error) {
    if (error instanceof DefinitionError) return undefined;
    throw error;
  }
}

/** Returns a warning for each activity of a machine's tasks that doesn't exist. */
export function missingActivities(tasks: Program['tasks'], stepFunctions: StepFunctions): string[] {
  const used = new Set(tasks.flatMap(({ activity }) => activity?.activityArn ?? []));
  return [...used]
    .filter((arn) => !stepFunctions.activities.has(arn))
    .map(
      (arn) =>
        `warning: the activity ${arn} does not exist: create_activity creates one in ${homeRegion(stepFunctions)}`,
    );
}

/** Returns the advice on a definition without mistakes. */
export const warningsIn = async (definition: string, parts: ToolCall): Promise<string[]> =>
  (await diagnostics(definition, parts)).filter((line) => line.startsWith('warning'));

interface Diagnosis {
  readonly diagnostics: readonly {
    readonly severity: string;
    readonly code: string;
    readonly message: string;
    readonly location?: string;
  }[];
}

async function diagnostics(definition: string, { call }: ToolCall): Promise<string[]> {
  const found = await call<Diagnosis>('ValidateStateMachineDefinition', { definition, severity: 'WARNING' });
  return found.diagnostics.map(
    ({ severity, code, message, location = '' }) =>
      `${severity.toLowerCase()} ${code}${location === '' ? '' : ` at ${location}`}: ${message}`,
  );
}
