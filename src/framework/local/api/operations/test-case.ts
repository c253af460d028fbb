import type { Resources } from '../../asl/runtime/running-execution.js';
import { errors } from '../../engine/answers/service-error.js';
import type { Machine } from '../../engine/machines/machines.js';
import type { StepFunctions } from '../../engine/step-functions.js';

/** Splits the ARN of a machine from the test case of a mock file that may stand behind it: `ARN#TestCase`. */
export function splitTestCase(arn: string): [arn: string, testCase: string | undefined] {
  const at = arn.indexOf('#');
  return at < 0 ? [arn, undefined] : [arn.slice(0, at), arn.slice(at + 1)];
}

/**
 * Returns the responses of a test case for one execution.
 * @throws ServiceError ValidationException if there is no such test case, or it mocks what is no Task of the machine
 */
export function testCaseOf(
  { name, program }: Machine,
  testCase: string,
  { testCases }: StepFunctions,
): Resources {
  if (!testCases)
    throw errors.invalidRequest(
      `The test case '${testCase}' needs a mock file: start the local service with --mock-config MockConfigFile.json`,
    );
  const states = testCases.statesOf(name, testCase);
  if (!states) {
    const names = testCases.namesOf(name);
    const known = names.length === 0 ? 'it has none for this machine' : `it has ${names.join(', ')}`;
    throw errors.invalidRequest(`The mock file has no test case '${testCase}' of '${name}': ${known}`);
  }
  const tasks = program.tasks.map(({ state }) => state);
  const strange = states.filter((state) => !tasks.includes(state));
  if (strange.length > 0)
    throw errors.invalidRequest(
      `The test case '${testCase}' mocks ${strange.join(', ')}, and the Tasks of '${name}' are ${tasks.join(', ')}`,
    );
  return testCases.resourcesOf(name, testCase);
}
