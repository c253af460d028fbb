import { readParameterTypes } from '../../declare/metadata.js';
import type { Problem, ProblemCode } from '../../base/errors.js';
import type { PlannedHandler } from '../../worker/build/plan.js';
import { type CheckName, type Finding, ofProblem, ok, warning } from './finding.js';

/** The name of the check under which a problem is reported, by the problem's code. @default `start` */
const CHECK_OF: Partial<Record<ProblemCode, CheckName>> = {
  TWO_COPIES: 'copies',
  INPUT_TYPE_LOST: 'metadata',
  ENDPOINT_INVALID: 'endpoint',
  ENDPOINT_UNSET_IN_PRODUCTION: 'endpoint',
};

/**
 * Returns a finding for every problem that would keep a worker from starting. Problems that only show when the config's
 * function `setup` runs are missing, since `setup` isn't run.
 */
export function lookAtProblems(problems: readonly Problem[]): Finding[] {
  const look = { check: 'start', subject: 'config and activities', expected: 'what a worker can start with' };
  if (problems.length > 0)
    return problems.map((problem) => ofProblem(CHECK_OF[problem.code] ?? 'start', problem));
  return [ok({ ...look, check: 'start' }, 'no mistake (`setup` was not run)')];
}

/** Returns findings for mistakes that don't keep a worker from starting. */
export const lookAtWarnings = (warnings: readonly Problem[]): Finding[] =>
  warnings.map(({ where, what, fix }) =>
    warning(
      { check: 'start', subject: where, expected: 'a name and a file that the worker uses' },
      what,
      fix,
    ),
  );

/** Checks that the compiler has emitted the types of decorated parameters. */
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
  if (without.length === 0) return [ok(look, 'they are present')];
  return [
    warning(
      look,
      'none: these handlers name their input class, but each constructor parameter needs @inject',
      'compile with tsc and "emitDecoratorMetadata": true (swc: decoratorMetadata)',
    ),
  ];
}
