import { readParameterTypes } from '../../declare/metadata.js';
import type { Problem, ProblemCode } from '../../base/errors.js';
import type { PlannedHandler } from '../../worker/build/plan.js';
import { type CheckName, type Finding, ofProblem, ok, warning } from './finding.js';

/** Which check a problem belongs to, where that is not `start`. */
const CHECK_OF: Partial<Record<ProblemCode, CheckName>> = {
  TWO_COPIES: 'copies',
  INPUT_TYPE_LOST: 'metadata',
  ENDPOINT_INVALID: 'endpoint',
  ENDPOINT_UNSET_IN_PRODUCTION: 'endpoint',
};

/** Everything that would keep a worker from starting, as far as that shows without running its `setup`. */
export function lookAtProblems(problems: readonly Problem[]): Finding[] {
  const look = { check: 'start', subject: 'config and activities', expected: 'what a worker can start with' };
  if (problems.length > 0)
    return problems.map((problem) => ofProblem(CHECK_OF[problem.code] ?? 'start', problem));
  return [ok({ ...look, check: 'start' }, 'no mistake (`setup` was not run)')];
}

/** Whether the compiler wrote types beside the decorators of the handlers that can run. */
export function lookAtMetadata(handlers: readonly PlannedHandler[]): Finding[] {
  if (handlers.length === 0) return [];
  const without = handlers.filter(
    ({ definition: { target, method } }) => readParameterTypes(target, method) === undefined,
  );
  const names = (without.length > 0 ? without : handlers).map(({ definition }) => definition.name);
  const look = {
    check: 'metadata',
    subject: names.join(', '),
    expected: 'types that the compiler writes beside decorators',
  } as const;
  if (without.length === 0) return [ok(look, 'they are there')];
  return [
    warning(
      look,
      'none; these handlers name their input, but a constructor needs @inject for each parameter',
      'compile with tsc and "emitDecoratorMetadata": true (swc: decoratorMetadata)',
    ),
  ];
}
